//! What runs on one thread?

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::AcqRel},
    mpsc,
};

use tokio::{sync::watch, task::JoinSet};

use crate::{
    export::{self, Exporter, Source},
    haste::Hurry,
    pace,
    receive::{self, Listener, Serving},
    tail,
};

/// What runs on one thread, in a runtime of its own.
pub(super) struct Shard {
    pub(super) servers: Vec<(Arc<Serving>, Listener)>,
    pub(super) consumers: Vec<(Arc<Exporter>, Source, usize)>,
    /// All of them run on the first shard.
    pub(super) samplers: Vec<Arc<tail::Sampler>>,
    pub(super) ending: Arc<Ending>,
}

/// When those are to make haste who take requests, and those who send what waits.
#[derive(Clone)]
pub(super) struct Hurries {
    pub(super) receiving: Hurry,
    pub(super) disk: Hurry,
    pub(super) memory: Hurry,
}

/// What has to happen between the end of the last receiver and that of the exporters.
pub(super) struct Ending {
    receiving: AtomicUsize,
    /// Shards whose samplers have not ended.
    sampling: AtomicUsize,
    received: watch::Sender<bool>,
    exporters: Vec<Arc<Exporter>>,
}

impl Ending {
    pub(super) fn new(shards: usize, exporters: Vec<Arc<Exporter>>) -> Arc<Self> {
        Arc::new(Self {
            receiving: AtomicUsize::new(shards),
            sampling: AtomicUsize::new(shards),
            received: watch::channel(false).0,
            exporters,
        })
    }

    /// Notes that a shard receives no more, and waits until none does.
    async fn received(&self) {
        if self.receiving.fetch_sub(1, AcqRel) == 1 {
            self.received.send_replace(true);
        }
        self.nothing_comes().await;
    }

    /// Waits until no shard receives any more.
    async fn nothing_comes(&self) {
        let mut received = self.received.subscribe();
        // The sender lives as long as this.
        let _ = received.wait_for(|received| *received).await;
    }

    /// Notes that the samplers of a shard have ended. The last one closes the queues, and with that ends the exporters.
    fn sampled(&self) {
        if self.sampling.fetch_sub(1, AcqRel) == 1 {
            for exporter in &self.exporters {
                exporter.queue.close();
            }
        }
    }
}

impl Shard {
    /// Runs until its servers have stopped and its queues are empty. What keeps something on disk comes to its end first,
    /// and is let go of.
    pub(super) fn run(
        self,
        stopped: watch::Receiver<bool>,
        hurries: Hurries,
        held: mpsc::Sender<()>,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            // A turn may be a mebibyte of requests: sockets are looked at after a few.
            .event_interval(8)
            .on_thread_park(pace::before_sleep)
            .on_thread_unpark(pace::after_sleep)
            .build()
            .expect("a runtime needs only file descriptors, and listeners have theirs already");
        let Self {
            servers,
            consumers,
            samplers,
            ending,
        } = self;
        runtime.block_on(async move {
            let (mut from_disk, mut from_memory) = (JoinSet::new(), JoinSet::new());
            for (exporter, source, count) in consumers {
                let (exporting, hurry) = match &source {
                    Source::Memory => (&mut from_memory, hurries.memory.clone()),
                    Source::Log(..) => (&mut from_disk, hurries.disk.clone()),
                };
                exporting.spawn(export::consume(exporter, source, count, hurry));
            }
            let sampling = tokio::spawn(sample(samplers, Arc::clone(&ending), hurries.clone()));
            let mut receiving = JoinSet::new();
            for (serving, listener) in servers {
                // A listener that cannot be handed to the runtime serves nobody: the other shards do.
                receiving.spawn(receive::serve(
                    serving,
                    listener,
                    stopped.clone(),
                    hurries.receiving.clone(),
                ));
            }
            while receiving.join_next().await.is_some() {}
            let mut stopped = stopped;
            // Without any server there is still something to send, until the end.
            let _ = stopped.wait_for(|stop| *stop).await;
            ending.received().await;
            // A sampler that panicked has said so; the queues are to be emptied all the same.
            let _ = sampling.await;
            ending.sampled();
            // It has all exporters, and with them what they keep on disk.
            drop(ending);
            while from_disk.join_next().await.is_some() {}
            drop(held);
            while from_memory.join_next().await.is_some() {}
        });
    }
}

/// Lets time pass for samplers until nothing comes any more; then each ends after those before it, which may hand it
/// something at their end.
async fn sample(samplers: Vec<Arc<tail::Sampler>>, ending: Arc<Ending>, hurries: Hurries) {
    let mut before: Option<watch::Receiver<bool>> = None;
    let mut running = JoinSet::new();
    for sampler in samplers {
        let (ended, after) = watch::channel(false);
        let before = before.replace(after);
        let ending = Arc::clone(&ending);
        let hurry = if sampler.is_kept() {
            hurries.disk.clone()
        } else {
            hurries.memory.clone()
        };
        running.spawn(async move {
            let stop = async {
                ending.nothing_comes().await;
                if let Some(mut before) = before {
                    let _ = before.wait_for(|ended| *ended).await;
                }
            };
            sampler.run(stop, hurry).await;
            ended.send_replace(true);
        });
    }
    while running.join_next().await.is_some() {}
}
