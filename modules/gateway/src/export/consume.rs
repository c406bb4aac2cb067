//! Who empties a queue?

use std::sync::Arc;

use futures::{StreamExt, stream::FuturesUnordered};
use tokio::sync::watch;

use super::{
    Exporter,
    batch::{Batch, Batcher},
    deliver::deliver,
    source::{End, Source},
};

/// Empties one source of an exporter, so many payloads at a time, until it is closed and empty. In a hurry nothing is
/// waited for that failed.
pub async fn consume(
    exporter: Arc<Exporter>,
    source: Source,
    consumers: usize,
    hurry: watch::Receiver<bool>,
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
    while each.next().await.is_some() {}
    exporter.sender.flush().await;
}

async fn send(batch: Batch, exporter: &Exporter, hurry: &mut watch::Receiver<bool>) {
    let Batch { taken, requests } = batch;
    let mut end = End::Arrived;
    exporter.tallies.under_way.add(1);
    exporter.tallies.sends(&requests, exporter.queue.rules());
    for request in requests {
        match deliver(exporter, request, hurry).await {
            End::Arrived => {}
            other => end = other,
        }
    }
    taken.settle(exporter, &end);
    exporter.tallies.under_way.sub(1);
}
