//! The overload of the table of goals: ten senders with 256 requests of 0.8 MB under way each, and 256 MiB to keep them in.

use super::load::Overload;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_senders_with_256_requests_under_way_do_not_make_the_program_larger_than_it_may_be() {
    let whole = Overload {
        senders: 10,
        in_flight: 256,
        limit: 256,
        requests: 2700,
    };
    whole.run().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_fits_is_refused_and_the_program_stays_as_small_as_it_is_told() {
    let small = Overload {
        senders: 4,
        in_flight: 16,
        limit: 32,
        requests: 160,
    };
    small.run().await;
}
