//! How does one payload get to several destinations, all or none?

use std::sync::Arc;

use futures::future::BoxFuture;
use smallvec::SmallVec;
use tokio::sync::oneshot;

use super::{Acknowledge, queue::Queue};
use crate::{Payload, Refusal, pipeline::Take};

/// The queues of all exporters of one pipeline.
pub struct Fanout {
    queues: Vec<Arc<Queue>>,
}

impl Fanout {
    /// To all of these.
    pub fn new(queues: Vec<Arc<Queue>>) -> Self {
        Self { queues }
    }

    /// Room is taken in all queues before one gets the payload: who is refused may come again, and nobody has it twice.
    async fn push(&self, payload: Payload) -> Result<(), Refusal> {
        let mut rooms = SmallVec::<[_; 2]>::new();
        for queue in &self.queues {
            rooms.push(queue.reserve(&payload).await?);
        }
        let mut results = SmallVec::<[_; 2]>::new();
        for (queue, room) in self.queues.iter().zip(rooms) {
            let done = match queue.settings().acknowledge {
                Acknowledge::Queued => None,
                Acknowledge::Delivered => {
                    let (done, result) = oneshot::channel();
                    results.push(result);
                    Some(done)
                }
            };
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
