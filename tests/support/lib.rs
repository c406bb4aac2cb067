//! World: a sandbox, a stack and a plan in one line each.

#![allow(clippy::panic, reason = "a test's helper fails the test")]

mod audit;
mod command;
mod container;
mod leaf;
mod live;
pub mod peers;
mod running;
mod served;
mod site;
mod world;

pub use audit::{AuditLog, Mark, Request};
pub use command::{Command, Ran, binary};
pub use container::Container;
pub use live::Live;
pub use running::{Running, ask, ask_over};
pub use served::Served;
pub use site::Site;
pub use world::{World, limits, story};
