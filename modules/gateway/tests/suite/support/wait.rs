//! How long does a test wait for what is not there at once?

use std::time::{Duration, Instant};

use tokio::time::sleep;

/// How long anything may take: it is not the machine that is judged.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// Waits until it is so.
pub(crate) async fn until(what: &str, is: impl Fn() -> bool) {
    let began = Instant::now();
    while !is() {
        assert!(began.elapsed() < PATIENCE, "{what}");
        sleep(Duration::from_millis(2)).await;
    }
}
