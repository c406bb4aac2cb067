//! How do the parts of a gateway run?

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::Arc,
    thread::{self, JoinHandle},
};

use collector_config::{ComponentId, PipelineId};
use thiserror::Error;
use tokio::sync::watch;

use crate::{
    Budget,
    export::{self, Queue, Retry, Sender, consume, fanout::Fanout, otlp},
    pipeline::Pipeline,
    receive::{self, Intake, ListenError, Listener, Serving},
};

/// A whole gateway.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How many bytes may be kept at once.
    pub memory: u64,
    /// How many shards there are, each with a thread, a runtime and listeners of its own.
    pub shards: usize,
    /// The receivers.
    pub receivers: BTreeMap<ComponentId, receive::Settings>,
    /// The exporters.
    pub exporters: BTreeMap<ComponentId, Exporter>,
    /// What leads from those to these.
    pub pipelines: BTreeMap<PipelineId, Way>,
}

/// An exporter with what stands before it.
#[derive(Clone, Debug)]
pub struct Exporter {
    /// What it speaks, and with whom.
    pub to: Destination,
    /// What waits for it.
    pub queue: Queue,
    /// How it tries again; not at all if there is none.
    pub retry: Option<Retry>,
}

/// What an exporter speaks, and with whom.
#[derive(Clone, Debug)]
pub enum Destination {
    /// OTLP over gRPC.
    Grpc(otlp::Settings),
}

/// The way of one signal.
#[derive(Clone, Debug)]
pub struct Way {
    /// Where it begins.
    pub receivers: Vec<ComponentId>,
    /// Where it ends.
    pub exporters: Vec<ComponentId>,
}

/// Why a gateway does not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// A receiver cannot listen.
    #[error("could not start the receiver {0}")]
    Listen(ComponentId, #[source] ListenError),
    /// An exporter has no usable destination.
    #[error("could not make the exporter {0}")]
    Export(ComponentId, #[source] http::Error),
    /// A thread could not be made.
    #[error("could not start a thread")]
    Thread(#[source] std::io::Error),
}

/// A gateway that runs.
pub struct Gateway {
    addresses: BTreeMap<ComponentId, Vec<SocketAddr>>,
    queues: Vec<Arc<export::queue::Queue>>,
    stop: watch::Sender<bool>,
    shards: Vec<JoinHandle<()>>,
}

/// What one shard runs.
#[derive(Default)]
struct Shard {
    servers: Vec<(Arc<Serving>, Listener)>,
    consumers: Vec<(Arc<export::queue::Queue>, Arc<dyn Sender>, Option<Retry>)>,
}

impl Gateway {
    /// Starts it: when this returns, it listens.
    pub fn start(settings: &Settings) -> Result<Self, StartError> {
        let budget = Budget::new(settings.memory);
        let count = settings.shards.max(1);
        let mut shards: Vec<Shard> = (0..count).map(|_| Shard::default()).collect();
        let queues = exporters(settings, &mut shards)?;
        let addresses = receivers(settings, &budget, &queues, &mut shards)?;
        let (stop, stopped) = watch::channel(false);
        let shards = shards.into_iter().enumerate().map(|(index, shard)| {
            let stopped = stopped.clone();
            let thread = thread::Builder::new().name(format!("shard-{index}"));
            thread.spawn(move || shard.run(stopped))
        });
        let shards = shards.collect::<Result<_, _>>();
        Ok(Self {
            addresses,
            queues: queues.into_values().collect(),
            stop,
            shards: shards.map_err(StartError::Thread)?,
        })
    }

    /// Where each receiver listens.
    pub fn addresses(&self) -> &BTreeMap<ComponentId, Vec<SocketAddr>> {
        &self.addresses
    }

    /// Ends it: first the receivers, with the calls that they have, then the exporters, once their queues are empty.
    pub fn stop(self) {
        self.stop.send_replace(true);
        for queue in &self.queues {
            queue.close();
        }
        for shard in self.shards {
            // A shard that panicked has said so.
            let _ = shard.join();
        }
    }
}

fn exporters(
    settings: &Settings,
    shards: &mut [Shard],
) -> Result<BTreeMap<ComponentId, Arc<export::queue::Queue>>, StartError> {
    let mut queues = BTreeMap::new();
    let mut next = 0;
    for (id, exporter) in &settings.exporters {
        let Destination::Grpc(to) = &exporter.to;
        let sender =
            otlp::Grpc::new(to.clone()).map_err(|error| StartError::Export(id.clone(), error))?;
        let sender: Arc<dyn Sender> = Arc::new(sender);
        let queue = Arc::new(export::queue::Queue::new(exporter.queue.clone()));
        for _ in 0..exporter.queue.consumers.max(1) {
            let consumer = (Arc::clone(&queue), Arc::clone(&sender), exporter.retry);
            let shard = next % shards.len();
            shards[shard].consumers.push(consumer);
            next += 1;
        }
        queues.insert(id.clone(), queue);
    }
    Ok(queues)
}

fn receivers(
    settings: &Settings,
    budget: &Arc<Budget>,
    queues: &BTreeMap<ComponentId, Arc<export::queue::Queue>>,
    shards: &mut [Shard],
) -> Result<BTreeMap<ComponentId, Vec<SocketAddr>>, StartError> {
    let mut addresses = BTreeMap::<_, Vec<_>>::new();
    for (id, receiver) in &settings.receivers {
        let mut intake = Intake::new(Arc::clone(budget));
        for (pipeline, way) in &settings.pipelines {
            if way.receivers.contains(id) {
                let ends = way
                    .exporters
                    .iter()
                    .filter_map(|id| queues.get(id).cloned());
                let end = Arc::new(Fanout::new(ends.collect()));
                let pipe = Arc::new(Pipeline::new(Vec::new(), end));
                intake = intake.with(pipeline.signal, pipe);
            }
        }
        let intake = Arc::new(intake);
        for server in receiver.grpc.iter() {
            let listeners = Listener::open(&server.listen, shards.len())
                .map_err(|error| StartError::Listen(id.clone(), error))?;
            let address = listeners.first().and_then(Listener::address);
            addresses.entry(id.clone()).or_default().extend(address);
            let serving = Arc::new(Serving {
                intake: Arc::clone(&intake),
                max_message: server.max_message,
            });
            for (shard, listener) in shards.iter_mut().zip(listeners) {
                shard.servers.push((Arc::clone(&serving), listener));
            }
        }
    }
    Ok(addresses)
}

impl Shard {
    /// Runs until its servers have stopped and its queues are empty.
    fn run(self, stopped: watch::Receiver<bool>) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime needs only file descriptors, and listeners have theirs already");
        runtime.block_on(async move {
            let mut tasks = tokio::task::JoinSet::new();
            for (serving, listener) in self.servers {
                let stopped = stopped.clone();
                tasks.spawn(async move {
                    // A listener that cannot be handed to the runtime serves nobody: the other shards do.
                    let _ = receive::serve(serving, listener, stopped).await;
                });
            }
            for (queue, sender, retry) in self.consumers {
                tasks.spawn(consume(queue, sender, retry));
            }
            while tasks.join_next().await.is_some() {}
        });
    }
}
