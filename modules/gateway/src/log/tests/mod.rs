//! Does the log keep its promises?

mod basics;
mod disk;
mod world;
