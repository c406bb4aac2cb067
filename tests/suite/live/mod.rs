//! What can only be seen on a real cluster. `make test` leaves this module out; `make live` runs it.

mod audit;
mod differences;
mod gateway;
mod kubectl;
mod peers;
mod pods;
mod refused;
mod served;
mod slow;
mod webhook;
