//! What is done to payloads on their way?

pub mod sampler;
