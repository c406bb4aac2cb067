//! How does one payload get to several destinations, all or none?

use std::sync::Arc;

use futures::future::BoxFuture;
use smallvec::SmallVec;
use tokio::sync::oneshot;

use super::Exporter;
use crate::{
    Payload, Refusal,
    log::{AppendError, Backlog, Cursor, Log},
    pipeline::Take,
    settings::Sizer,
};

/// The exporters at the end of one pipeline.
pub struct Fanout {
    /// Those that keep what waits in memory.
    memory: Vec<Arc<Exporter>>,
    /// The logs of those that keep it on disk.
    kept: Vec<Kept>,
}

/// A log on disk, and the exporters of one pipeline that take from it.
pub struct Kept {
    /// The log.
    pub log: Log,
    /// Who takes from it, each with its own cursor.
    pub exporters: Vec<(Arc<Exporter>, Cursor)>,
}

impl Kept {
    /// Whether a payload may be added: no exporter is further behind than its queue is long.
    fn has_room(&self, payload: &Payload) -> bool {
        self.exporters.iter().all(|(exporter, cursor)| {
            let Backlog {
                records,
                items,
                bytes,
            } = cursor.backlog();
            let settings = exporter.queue.settings();
            let used = match settings.sizer {
                Sizer::Requests => records,
                Sizer::Items => items,
                Sizer::Bytes => bytes,
            };
            let room = used + exporter.queue.size(payload) <= settings.size;
            if !room {
                exporter.tallies.unqueued.add(payload.items);
            }
            room
        })
    }

    async fn append(&self, payload: &Payload) -> Result<(), Refusal> {
        if !self.has_room(payload) {
            return Err(Refusal::busy("the sending queue is full"));
        }
        let refused = |error: AppendError| Refusal::busy(error.to_string());
        let position = self.log.append(payload).map_err(refused)?;
        self.log.synced(position).await.map_err(refused)
    }
}

impl Fanout {
    /// To all of these.
    pub fn new(memory: Vec<Arc<Exporter>>, kept: Vec<Kept>) -> Self {
        Self { memory, kept }
    }

    /// Room is taken in all queues before one gets the payload: who is refused may come again, and nobody has it twice.
    async fn push(&self, payload: Payload) -> Result<(), Refusal> {
        let mut rooms = SmallVec::<[_; 2]>::new();
        for exporter in &self.memory {
            let room = exporter.queue.reserve(&payload).await;
            let count = |_: &Refusal| exporter.tallies.unqueued.add(payload.items);
            rooms.push(room.inspect_err(count)?);
        }
        for kept in &self.kept {
            kept.append(&payload).await?;
        }
        let mut results = SmallVec::<[_; 2]>::new();
        for (exporter, room) in self.memory.iter().zip(rooms) {
            let done = exporter.queue.settings().wait_for_result.then(|| {
                let (done, result) = oneshot::channel();
                results.push(result);
                done
            });
            room.fill(payload.clone(), done);
        }
        drop(payload);
        for result in results {
            let gone = |_| Refusal::busy("the gateway is about to end");
            result.await.map_err(gone)??;
        }
        Ok(())
    }
}

impl Take for Fanout {
    fn take(&self, payload: Payload) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(self.push(payload))
    }
}
