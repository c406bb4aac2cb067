//! What can only be seen on a real cluster, or takes long. `make test` leaves this module out; `make live` runs it.

mod audit;
mod differences;
mod gateway;
mod imported;
mod kubectl;
mod peers;
mod pods;
mod refused;
mod served;
mod slow;
mod webhook;
