//! What only real programs can say. `make test` leaves this module out; `make live` runs it.

mod measured;
mod sampling;
