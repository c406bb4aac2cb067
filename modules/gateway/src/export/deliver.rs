//! How does a payload arrive that a destination does not take at once?

use std::time::Duration;

use tokio::sync::watch;

use super::{Exporter, Failure, batch::cut, retry::Backoff, source::End};
use crate::{
    Payload, Refusal,
    time::{Instant, sleep},
};

/// How long an attempt may still take in a hurry.
const LAST: Duration = Duration::from_secs(3);

/// Sends a payload as often as it takes, in parts if it must be, until it has arrived or is given up.
pub(super) async fn deliver(
    exporter: &Exporter,
    payload: Payload,
    hurry: &mut watch::Receiver<bool>,
) -> End {
    let mut waiting = vec![payload];
    let mut end = End::Arrived;
    while let Some(payload) = waiting.pop() {
        match one(exporter, &payload, hurry).await {
            Ok(()) => {}
            Err(Trouble::TooLarge(_)) if payload.items > 1 => {
                let mut halves = cut(&payload, payload.items.div_ceil(2), usize::MAX);
                halves.reverse();
                waiting.append(&mut halves);
            }
            Err(Trouble::TooLarge(why) | Trouble::GivenUp(why)) => {
                exporter.tallies.failed.add(payload.items);
                end = End::GivenUp(why);
            }
            Err(Trouble::Interrupted) => return End::Interrupted,
        }
    }
    end
}

enum Trouble {
    TooLarge(Refusal),
    GivenUp(Refusal),
    Interrupted,
}

async fn one(
    exporter: &Exporter,
    payload: &Payload,
    hurry: &mut watch::Receiver<bool>,
) -> Result<(), Trouble> {
    let mut backoff = exporter.retry.map(Backoff::new);
    let began = Instant::now();
    loop {
        let result = tokio::select! {
            result = exporter.sender.send(payload) => result,
            () = too_long(hurry.clone()) => return Err(Trouble::Interrupted),
        };
        let (why, after) = match result {
            Ok(delivered) => {
                let rejected = delivered.rejected.min(payload.items);
                exporter.tallies.rejected.add(rejected);
                exporter.tallies.sent.add(payload.items - rejected);
                return Ok(());
            }
            Err(Failure::Passing { why, after }) => (why, after),
            Err(Failure::TooLarge(why)) => return Err(Trouble::TooLarge(Refusal::invalid(why))),
            Err(Failure::Lasting(why)) => return Err(Trouble::GivenUp(Refusal::invalid(why))),
        };
        let random = fastrand::f64();
        let pause = backoff
            .as_mut()
            .and_then(|backoff| backoff.pause(began.elapsed(), after, random));
        let Some(pause) = pause else {
            return Err(Trouble::GivenUp(Refusal::busy(why)));
        };
        exporter.tallies.retries.add(1);
        tokio::select! {
            () = sleep(pause) => {}
            _ = hurry.wait_for(|hurry| *hurry) => return Err(Trouble::Interrupted),
        }
    }
}

async fn too_long(mut hurry: watch::Receiver<bool>) {
    // Whoever could hurry us is gone only with the gateway.
    let _ = hurry.wait_for(|hurry| *hurry).await;
    sleep(LAST).await;
}
