//! Does the sampler keep what it should, when it should, and nothing for longer?

mod lifetime;
mod restart;
mod votes;
mod waiting;
mod world;
