//! How is HTTP/2 spoken without a task, a map or a write for each request?

pub mod hpack;
