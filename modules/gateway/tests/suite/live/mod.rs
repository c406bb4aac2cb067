//! What only real programs can say. `make test` leaves this module out; `make live` runs it.

mod balanced;
mod beside;
mod made;
mod measured;
mod processed;
mod remote_write;
mod sampled;
mod sampling;
mod told;
mod undecided;
