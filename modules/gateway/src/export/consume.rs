//! Who empties a queue?

use std::sync::Arc;

use futures::{StreamExt, stream::FuturesUnordered};

use super::{
    Exporter,
    batch::{Batch, Batcher},
    deliver::deliver,
    source::{End, Source},
};
use crate::haste::Hurry;

/// Empties one source of an exporter, so many payloads at a time, until it is closed and empty. In a hurry nothing is
/// waited for that failed, and nothing more is taken out of a log than what forms a batch: it keeps the rest.
pub(crate) async fn consume(
    exporter: Arc<Exporter>,
    source: Source,
    consumers: usize,
    hurry: Hurry,
) {
    let batcher = Batcher::new();
    let each = (0..consumers.max(1)).map(|_| {
        let mut hurry = hurry.clone();
        let (exporter, source, batcher) = (&exporter, &source, &batcher);
        async move {
            while let Some(batch) = batcher.next(source, exporter).await {
                send(batch, exporter, &mut hurry).await;
            }
        }
    });
    // Of those who wait only the one that is woken is asked.
    let mut each: FuturesUnordered<_> = each.collect();
    let all = async { while each.next().await.is_some() {} };
    tokio::select! {
        biased;
        // First, so that what is interrupted is not handed out again.
        () = open(&source, &exporter, hurry) => {}
        () = all => {}
    }
    exporter.sender.flush().await;
    exporter.trouble.last_words();
}

/// Leaves what is in a log where it is, once there is a hurry. It never ends itself.
async fn open(source: &Source, exporter: &Exporter, mut hurry: Hurry) {
    if matches!(source, Source::Log(..)) {
        hurry.comes().await;
        exporter.queue.open();
    }
    std::future::pending::<()>().await;
}

async fn send(batch: Batch, exporter: &Exporter, hurry: &mut Hurry) {
    let Batch { taken, requests } = batch;
    let mut end = End::Arrived;
    exporter.tallies.under_way.add(1);
    exporter.tallies.sends(&requests, exporter.queue.rules());
    for request in requests {
        match deliver(exporter, request, hurry).await {
            End::Arrived => {}
            End::GivenUp(why) => end = End::GivenUp(why),
            End::Interrupted => {
                // Whatever became of other parts: this one did not arrive, and is not forgotten.
                end = End::Interrupted;
                break;
            }
        }
    }
    taken.settle(exporter, &end);
    exporter.tallies.under_way.sub(1);
}
