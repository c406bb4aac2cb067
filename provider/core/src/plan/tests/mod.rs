//! Does a plan say what it should?

mod actions;
mod causes;
mod form;
mod laws;
mod ownership;
mod recorded;
mod removal;
mod secrets;
mod volumes;
mod world;
