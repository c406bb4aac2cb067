//! Does the engine do to a cluster what a plan says, and nothing else? Against the sandbox.

mod apply;
mod down;
mod runs;
mod world;
