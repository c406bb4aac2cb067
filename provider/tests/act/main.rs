//! Does the engine do to a cluster what a plan says, and nothing else? Against the sandbox.

#![allow(clippy::unwrap_used, clippy::panic)]

mod apply;
mod down;
mod faults;
mod inventory;
mod objects;
mod runs;
mod waiting;
mod world;
