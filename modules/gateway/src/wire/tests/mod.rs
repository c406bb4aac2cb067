//! Does the scanner agree with prost, and does nothing get lost between cuts?

mod agree;
mod cut;
mod sample;
