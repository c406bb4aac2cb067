//! How do the parts of a gateway run?

mod build;
mod exporters;
mod processors;
mod shard;
mod storages;

use std::{
    collections::BTreeMap,
    io, mem,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use collector_config::{ComponentId, PipelineId};
use thiserror::Error;
use tokio::sync::watch;

use crate::{
    Budget, Signal, export,
    haste::Haste,
    log,
    pipeline::Meter,
    process::combinations::Combinations,
    receive::{ListenError, Listening, Serving, TlsError},
    settings::Settings,
    tail,
};

use shard::Hurries;

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

/// How long requests that have come may take once a storage is to be let go of: as long as a sender may be silent.
const REQUESTS: Duration = Duration::from_secs(10);
/// How long what is in memory may hold a storage that is to be let go of.
const MEMORY: Duration = Duration::from_secs(30);

/// What makes those hurry who are at work for a gateway that has been replaced.
#[derive(Clone)]
pub struct Hasten {
    receiving: Haste,
    from_memory: Haste,
}

/// What a gateway had in memory when it let go of everything else.
pub struct Rest(Vec<JoinHandle<()>>);

/// What a gateway leaves to the one that follows it.
#[derive(Default)]
pub struct Legacy {
    listening: Listening,
    budget: Option<Arc<Budget>>,
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
    combinations: Vec<Arc<Combinations>>,
    logs: Vec<Stored>,
    stop: watch::Sender<bool>,
    receiving: Haste,
    from_disk: Haste,
    from_memory: Haste,
    /// Ends once no shard holds anything on disk.
    held: Mutex<mpsc::Receiver<()>>,
    shards: Mutex<Vec<JoinHandle<()>>>,
}

impl Gateway {
    /// Starts it on so many shards, each with a thread, a runtime and listeners of its own. When this returns, it
    /// listens.
    pub fn start(settings: &Settings, shards: usize) -> Result<Self, StartError> {
        Self::follow(settings, shards, &Legacy::default())
    }

    /// The same after another one, where that one listened if the settings say so too: who has come to it and was not
    /// let in yet comes in here.
    pub fn follow(settings: &Settings, shards: usize, before: &Legacy) -> Result<Self, StartError> {
        let limit = settings.memory.budget;
        let budget = before
            .budget
            .clone()
            .filter(|budget| budget.limit() == limit);
        let budget = budget.unwrap_or_else(|| Budget::new(limit));
        let before = &before.listening;
        let built = build::build(settings, shards.max(1), &budget, before)?;
        let (stop, stopped) = watch::channel(false);
        let [receiving, from_disk, from_memory] = [(); 3].map(|()| Haste::new());
        let hurries = Hurries {
            receiving: receiving.hurry(),
            disk: from_disk.hurry(),
            memory: from_memory.hurry(),
        };
        let (holds, held) = mpsc::channel();
        let threads = built.shards.into_iter().enumerate().map(|(index, shard)| {
            let (stopped, hurries, holds) = (stopped.clone(), hurries.clone(), holds.clone());
            let thread = thread::Builder::new().name(format!("shard-{index}"));
            thread.spawn(move || shard.run(stopped, hurries, holds))
        });
        let threads = threads.collect::<Result<_, _>>();
        Ok(Self {
            budget,
            servers: built.servers,
            listening: Mutex::new(built.listening),
            exports: built.exports,
            samplers: built.samplers,
            meters: built.meters,
            combinations: built.combinations,
            logs: built.logs,
            stop,
            receiving,
            from_disk,
            from_memory,
            held: Mutex::new(held),
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

    /// What one that follows it takes over: where it listens, unless it was told to stop, and the memory that both keep
    /// to together.
    pub fn legacy(&self) -> Legacy {
        Legacy {
            listening: lock(&self.listening).again(),
            budget: Some(Arc::clone(&self.budget)),
        }
    }

    /// What makes those hurry who are still at work once it has been replaced.
    pub fn hasten(&self) -> Hasten {
        Hasten {
            receiving: self.receiving.clone(),
            from_memory: self.from_memory.clone(),
        }
    }

    /// The exporters.
    pub fn exporters(&self) -> &Exports {
        &self.exports
    }

    /// What went through each processor.
    pub fn meters(&self) -> &[Arc<Meter>] {
        &self.meters
    }

    /// What each processor `batch` saw that keeps requests apart by headers.
    pub fn combinations(&self) -> &[Arc<Combinations>] {
        &self.combinations
    }

    /// The queues on disk.
    pub fn logs(&self) -> &[Stored] {
        &self.logs
    }

    /// What each tail sampler counts.
    pub fn samplers(&self) -> &[Arc<tail::Counts>] {
        &self.samplers
    }

    /// Ends it: first the receivers, with the calls that they have, then the exporters, once their queues in memory are
    /// empty. After so long requests that have not come to an end are cut off, and nothing is tried again that failed: it
    /// is given up and counted. What a log keeps is sent after the next start, so nobody waits for that: only what is
    /// being sent has a moment, lest it arrive twice.
    pub fn stop(&self, patience: Duration) {
        let shards = self.receive_no_more();
        self.receiving.within(patience);
        self.from_disk.make();
        let end = Instant::now() + patience;
        while Instant::now() < end && !shards.iter().all(JoinHandle::is_finished) {
            thread::sleep(Duration::from_millis(5));
        }
        self.from_memory.make();
        join(shards);
    }

    /// The same behind one that follows it: calls and what waits in memory have as long as it takes. What waits on disk
    /// stays there.
    pub fn retire(&self) -> Rest {
        let shards = self.receive_no_more();
        self.from_disk.make();
        Rest(shards)
    }

    /// The same before one that follows it and needs what it holds on disk, of which nothing is held any more once this
    /// returns and the gateway is dropped. Calls that have not come to an end by then are cut off: that takes some seconds,
    /// or half a minute if a sampler waits for room in memory, which is given up then.
    pub fn let_go(&self, patience: Duration) -> Rest {
        let shards = self.receive_no_more();
        self.receiving.within(REQUESTS);
        let held = lock(&self.held);
        // Nobody ever sends: it ends when all are gone who could.
        let is_held = |limit| held.recv_timeout(limit) == Err(mpsc::RecvTimeoutError::Timeout);
        if is_held(patience) {
            self.from_disk.make();
            if is_held(MEMORY) {
                self.from_memory.make();
                let _ = held.recv();
            }
        }
        Rest(shards)
    }

    fn receive_no_more(&self) -> Vec<JoinHandle<()>> {
        drop(mem::take(&mut *lock(&self.listening)));
        self.stop.send_replace(true);
        mem::take(&mut *lock(&self.shards))
    }
}

impl Hasten {
    /// Says that calls are to end, that nothing is to be tried again, and that what is being tried has only a moment left.
    pub fn make(&self) {
        self.receiving.make();
        self.from_memory.make();
    }
}

impl Rest {
    /// Waits until all of it was sent, or given up and counted.
    pub fn join(self) {
        join(self.0);
    }
}

fn join(shards: Vec<JoinHandle<()>>) {
    for shard in shards {
        // A shard that panicked has said so.
        let _ = shard.join();
    }
}

fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that is locked here is changed in more than one step.
    what.lock().unwrap_or_else(PoisonError::into_inner)
}
