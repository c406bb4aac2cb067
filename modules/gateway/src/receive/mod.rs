//! How do requests come in, and what are their senders told?

mod body;
mod connection;
mod grpc;
mod listen;
mod reply;
mod settings;
mod status;

use std::sync::Arc;

pub use connection::{Serving, serve};
pub use listen::{ListenError, Listener};
pub use settings::{Listen, PATIENCE, Server, Settings};

use crate::{Budget, Payload, Refusal, Signal, pipeline::Pipeline};

/// What every server of one receiver hands its payloads to.
pub struct Intake {
    pipelines: [Option<Arc<Pipeline>>; 3],
    budget: Arc<Budget>,
}

impl Intake {
    /// An intake that takes nothing yet.
    pub fn new(budget: Arc<Budget>) -> Self {
        Self {
            pipelines: [None, None, None],
            budget,
        }
    }

    /// The same with a pipeline for a signal.
    #[must_use]
    pub fn with(mut self, signal: Signal, pipeline: Arc<Pipeline>) -> Self {
        self.pipelines[signal as usize] = Some(pipeline);
        self
    }

    /// The way of a signal, if anyone takes it.
    fn pipeline(&self, signal: Signal) -> Result<&Pipeline, Refusal> {
        let pipeline = self.pipelines[signal as usize].as_deref();
        pipeline.ok_or(Refusal::Unwanted(signal))
    }

    /// Hands a message on, and says yes only once somebody holds it.
    async fn accept(&self, message: body::Message, signal: Signal) -> Result<(), Refusal> {
        let pipeline = self.pipeline(signal)?;
        let items = crate::count::items(signal, &message.bytes)
            .ok_or_else(|| Refusal::invalid("the request is no valid protobuf message"))?;
        if items == 0 {
            return Ok(());
        }
        let payload = Payload {
            signal,
            body: message.bytes.into(),
            items,
            arrived: message.arrived,
            charge: Arc::new(message.charge),
        };
        pipeline.accept(payload).await
    }
}
