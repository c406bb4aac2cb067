//! World: a sandbox, a stack and a plan in one line each.

mod audit;
mod live;

pub use audit::{AuditLog, Mark, Request};
pub use live::Live;
