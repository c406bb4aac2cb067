//! What only real programs can say. `make test` leaves this module out; `make live` runs it.

mod beside;
mod made;
mod measured;
mod remote_write;
mod sampling;
mod undecided;
