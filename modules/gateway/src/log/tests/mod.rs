//! Does the log keep its promises?

mod basics;
mod change;
mod crash;
mod damage;
pub(crate) mod disk;
mod faults;
mod home;
mod real;
mod world;
