//! Does the sampler keep what it should, when it should, and nothing for longer?

mod blocks;
mod catch_up;
mod lifetime;
mod limits;
mod packed;
mod power;
mod restart;
mod run;
mod sharded;
mod simulated;
mod votes;
mod waiting;
mod world;
