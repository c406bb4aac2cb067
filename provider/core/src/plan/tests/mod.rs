//! Does a plan say what it should?

mod actions;
mod causes;
mod laws;
mod ownership;
mod removal;
mod secrets;
mod world;
