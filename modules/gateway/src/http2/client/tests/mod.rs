//! Does a call arrive, and its answer come back, whatever the peer does?

mod broken;
mod raw;
mod whole;
mod world;
