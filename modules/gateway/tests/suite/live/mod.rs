//! What only real programs can say. `make test` leaves this module out; `make live` runs it.

mod answered;
mod apart;
mod balanced;
mod beside;
mod changed;
mod clients;
mod conformance;
mod crowd;
mod curled;
mod disk;
mod filtered;
mod found;
mod late;
mod limited;
mod made;
mod measured;
mod processed;
mod reading;
mod remote_write;
mod sampled;
mod sampling;
mod sent;
mod slow;
mod told;
mod undecided;
mod values;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_recorded_is_what_the_collector_tells() {
    crate::told::live::recorded_as_the_collector_tells_it().await;
}
