//! Who empties a queue?

use std::{sync::Arc, time::Instant};

use tokio::time::sleep;

use super::{Failure, Retry, Sender, queue::Queue, retry::Backoff};
use crate::{Payload, Refusal};

/// Sends what comes out of a queue, one payload after the other, until it is closed and empty.
pub async fn consume(queue: Arc<Queue>, sender: Arc<dyn Sender>, retry: Option<Retry>) {
    while let Some(entry) = queue.next().await {
        let result = deliver(&entry.payload, sender.as_ref(), retry).await;
        queue.done(entry, result);
    }
}

/// Sends a payload as often as it takes.
async fn deliver(
    payload: &Payload,
    sender: &dyn Sender,
    retry: Option<Retry>,
) -> Result<(), Refusal> {
    let mut backoff = retry.map(Backoff::new);
    let began = Instant::now();
    loop {
        let (failure, after) = match sender.send(payload).await {
            Ok(_) => return Ok(()),
            Err(Failure::Passing { why, after }) => (why, after),
            Err(Failure::TooLarge(why) | Failure::Lasting(why)) => {
                return Err(Refusal::invalid(why));
            }
        };
        let random = fastrand::f64();
        let pause = backoff
            .as_mut()
            .and_then(|backoff| backoff.pause(began.elapsed(), after, random));
        match pause {
            Some(pause) => sleep(pause).await,
            None => return Err(Refusal::busy(failure)),
        }
    }
}
