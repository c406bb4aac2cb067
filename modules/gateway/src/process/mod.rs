//! What is done to payloads on their way?

pub mod attributes;
pub mod combinations;
pub mod filter;
pub mod sampler;

#[cfg(test)]
pub(crate) mod samples;
