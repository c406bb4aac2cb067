//! Does the log keep its promises?

mod basics;
mod change;
mod crash;
mod damage;
pub(crate) mod disk;
mod faults;
mod real;
mod world;
