//! Does the sampler keep what it should, when it should, and nothing for longer?

mod blocks;
mod lifetime;
mod packed;
mod restart;
mod sharded;
mod simulated;
mod votes;
mod waiting;
mod world;
