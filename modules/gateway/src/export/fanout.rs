//! How does one payload get to several destinations, all or none?

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;
use smallvec::SmallVec;
use tokio::sync::{Mutex, oneshot};

use super::{Exporter, Queue};
use crate::{
    Payload, Refusal,
    log::{AppendError, Cursor, Log, Position},
    pipeline::Take,
    time::timeout,
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
    log: Log,
    /// Who takes from it, each with its own cursor.
    exporters: Vec<(Arc<Exporter>, Cursor)>,
    /// Who waits for room waits in here, behind those who came before.
    turn: Mutex<()>,
}

/// How long to wait to be told of room before looking for it.
const LOOK: Duration = Duration::from_secs(1);

/// Why there is no room.
enum NoRoom {
    /// Not now.
    Full(Refusal),
    /// And waiting does not help.
    Refused(Refusal),
}

impl Kept {
    /// A log and who takes from it.
    pub fn new(log: Log, exporters: Vec<(Arc<Exporter>, Cursor)>) -> Self {
        Self {
            log,
            exporters,
            turn: Mutex::new(()),
        }
    }

    fn queues(&self) -> impl Iterator<Item = &Queue> {
        self.exporters.iter().map(|(exporter, _)| &exporter.queue)
    }

    /// Whether a payload may be added: no exporter is further behind than its queue is long, or all that is behind
    /// waits for the next start.
    fn has_room(&self, payload: &Payload) -> bool {
        self.exporters.iter().all(|(exporter, cursor)| {
            let settings = exporter.queue.settings();
            let used = cursor.backlog().of(settings.sizer);
            let fits = used.saturating_add(exporter.queue.size(payload)) <= settings.size;
            fits || exporter.queue.is_open()
        })
    }

    fn try_append(&self, payload: &Payload) -> Result<Position, NoRoom> {
        if !self.has_room(payload) {
            return Err(NoRoom::Full(Refusal::busy("the sending queue is full")));
        }
        self.log.append(payload).map_err(|error| match error {
            AppendError::Full { .. } => NoRoom::Full(error.into()),
            AppendError::Disk { .. } | AppendError::TooLarge { .. } => {
                NoRoom::Refused(error.into())
            }
        })
    }

    async fn append(&self, payload: &Payload) -> Result<(), Refusal> {
        let position = self.append_when_there_is_room(payload).await;
        let position = position.inspect_err(|_| {
            for (exporter, _) in &self.exporters {
                exporter.tallies.unqueued.add(payload.items);
            }
        })?;
        Ok(self.log.synced(position).await?)
    }

    async fn append_when_there_is_room(&self, payload: &Payload) -> Result<Position, Refusal> {
        let blocks = self
            .queues()
            .any(|queue| queue.settings().block_on_overflow);
        let _turn = if blocks {
            Some(self.turn.lock().await)
        } else {
            None
        };
        loop {
            let room = self.log.room();
            let mut room = std::pin::pin!(room);
            room.as_mut().enable();
            let full = match self.try_append(payload) {
                Ok(position) => return Ok(position),
                Err(NoRoom::Refused(why)) => return Err(why),
                Err(NoRoom::Full(why)) => why,
            };
            // What forms a batch is to leave now: it may be what there is no room for.
            self.queues().for_each(Queue::press);
            if !blocks || self.queues().any(Queue::is_open) {
                return Err(full);
            }
            let _ = timeout(LOOK, room).await;
        }
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
