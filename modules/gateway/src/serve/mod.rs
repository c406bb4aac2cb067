//! How do the parts of a gateway run?

mod build;
mod exporters;
mod processors;
mod shard;

use std::{
    collections::BTreeMap,
    io, mem,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use collector_config::{ComponentId, PipelineId};
use thiserror::Error;
use tokio::sync::watch;

use crate::{
    Budget, Signal, export, log,
    pipeline::Meter,
    receive::{ListenError, Listening, Serving, TlsError},
    settings::Settings,
    tail,
};

/// Why a gateway does not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// A receiver cannot listen.
    #[error("could not start the receiver `{0}`")]
    Listen(ComponentId, #[source] ListenError),
    /// A receiver cannot speak TLS.
    #[error("could not start the receiver `{0}`")]
    Secure(ComponentId, #[source] TlsError),
    /// An exporter cannot be made.
    #[error("could not make the exporter `{0}`")]
    Export(ComponentId, #[source] export::MakeError),
    /// A thing is part of a pipeline, and this gateway does not have it.
    #[error("could not make the pipeline `{0}`: `{1}` cannot be run")]
    Unknown(PipelineId, ComponentId),
    /// A processor makes no sense.
    #[error("could not make the processor `{0}`: {1}")]
    Processor(ComponentId, String),
    /// A tail sampler makes no sense.
    #[error("could not make the processor `{0}`")]
    Sampling(ComponentId, #[source] tail::SettingsError),
    /// A storage cannot be opened.
    #[error("could not open the storage `{0}`")]
    Storage(ComponentId, #[source] log::OpenError),
    /// A thread could not be made.
    #[error("could not start a thread")]
    Thread(#[source] io::Error),
}

/// The exporters: each signal has its own queue, as in the collector.
pub type Exports = BTreeMap<(ComponentId, Signal), Arc<export::Exporter>>;

/// The servers of the receivers, and where they listen if it is an address.
pub type Servers = Vec<(ComponentId, Arc<Serving>, Option<SocketAddr>)>;

/// The queues of one pipeline on disk.
pub struct Stored {
    /// Which pipeline.
    pub pipeline: PipelineId,
    /// In which storage.
    pub storage: ComponentId,
    /// How many bytes its files may have.
    pub capacity: u64,
    /// How many records an earlier run left.
    pub recovered: u64,
    /// How it is.
    pub stats: Arc<log::Stats>,
}

/// A gateway that runs.
pub struct Gateway {
    budget: Arc<Budget>,
    servers: Servers,
    /// For whoever follows, until it ends.
    listening: Mutex<Listening>,
    exports: Exports,
    samplers: Vec<Arc<tail::Counts>>,
    meters: Vec<Arc<Meter>>,
    logs: Vec<Stored>,
    stop: watch::Sender<bool>,
    hurry: watch::Sender<bool>,
    shards: Mutex<Vec<JoinHandle<()>>>,
}

impl Gateway {
    /// Starts it on so many shards, each with a thread, a runtime and listeners of its own. When this returns, it
    /// listens.
    pub fn start(settings: &Settings, shards: usize) -> Result<Self, StartError> {
        Self::follow(settings, shards, &Listening::default())
    }

    /// The same after another one, where that one listened if the settings say so too: who has come to it and was not
    /// let in yet comes in here.
    pub fn follow(
        settings: &Settings,
        shards: usize,
        before: &Listening,
    ) -> Result<Self, StartError> {
        let budget = Budget::new(settings.memory.budget);
        let built = build::build(settings, shards.max(1), &budget, before)?;
        let (stop, stopped) = watch::channel(false);
        let (hurry, hurried) = watch::channel(false);
        let threads = built.shards.into_iter().enumerate().map(|(index, shard)| {
            let (stopped, hurried) = (stopped.clone(), hurried.clone());
            let thread = thread::Builder::new().name(format!("shard-{index}"));
            thread.spawn(move || shard.run(stopped, hurried))
        });
        let threads = threads.collect::<Result<_, _>>();
        Ok(Self {
            budget,
            servers: built.servers,
            listening: Mutex::new(built.listening),
            exports: built.exports,
            samplers: built.samplers,
            meters: built.meters,
            logs: built.logs,
            stop,
            hurry,
            shards: Mutex::new(threads.map_err(StartError::Thread)?),
        })
    }

    /// The memory that is kept.
    pub fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }

    /// The servers of the receivers, and where they listen if it is an address.
    pub fn servers(&self) -> &[(ComponentId, Arc<Serving>, Option<SocketAddr>)] {
        &self.servers
    }

    /// Where it listens, for one that follows it; nowhere once it was told to stop.
    pub fn listening(&self) -> Listening {
        self.listening
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .again()
    }

    /// The exporters.
    pub fn exporters(&self) -> &Exports {
        &self.exports
    }

    /// What went through each processor.
    pub fn meters(&self) -> &[Arc<Meter>] {
        &self.meters
    }

    /// The queues on disk.
    pub fn logs(&self) -> &[Stored] {
        &self.logs
    }

    /// What each tail sampler counts.
    pub fn samplers(&self) -> &[Arc<tail::Counts>] {
        &self.samplers
    }

    /// Ends it: first the receivers, with the calls that they have, then the exporters, once their queues are empty.
    /// After so long nothing is tried again that failed: what a log keeps is sent after the next start, the rest is
    /// given up and counted.
    pub fn stop(&self, patience: Duration) {
        drop(mem::take(
            &mut *self
                .listening
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        ));
        self.stop.send_replace(true);
        let shards = mem::take(&mut *self.shards.lock().unwrap_or_else(PoisonError::into_inner));
        let end = Instant::now() + patience;
        while Instant::now() < end && !shards.iter().all(JoinHandle::is_finished) {
            thread::sleep(Duration::from_millis(5));
        }
        self.hurry.send_replace(true);
        for shard in shards {
            // A shard that panicked has said so.
            let _ = shard.join();
        }
    }
}
