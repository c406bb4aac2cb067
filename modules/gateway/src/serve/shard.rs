//! What runs on one thread?

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::AcqRel},
};

use tokio::{sync::watch, task::JoinSet};

use crate::{
    export::{self, Exporter, Source},
    receive::{self, Listener, Serving},
};

/// What runs on one thread, in a runtime of its own.
pub(super) struct Shard {
    pub(super) servers: Vec<(Arc<Serving>, Listener)>,
    pub(super) consumers: Vec<(Arc<Exporter>, Source, usize)>,
    pub(super) ending: Arc<Ending>,
}

/// What has to happen between the end of the last receiver and that of the exporters.
pub(super) struct Ending {
    receiving: AtomicUsize,
    exporters: Vec<Arc<Exporter>>,
}

impl Ending {
    pub(super) fn new(shards: usize, exporters: Vec<Arc<Exporter>>) -> Arc<Self> {
        Arc::new(Self {
            receiving: AtomicUsize::new(shards),
            exporters,
        })
    }

    /// Notes that a shard receives no more. The last one closes the queues, and with that ends the exporters.
    fn received(&self) {
        if self.receiving.fetch_sub(1, AcqRel) == 1 {
            for exporter in &self.exporters {
                exporter.queue.close();
            }
        }
    }
}

impl Shard {
    /// Runs until its servers have stopped and its queues are empty.
    pub(super) fn run(self, stopped: watch::Receiver<bool>, hurry: watch::Receiver<bool>) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime needs only file descriptors, and listeners have theirs already");
        let Self {
            servers,
            consumers,
            ending,
        } = self;
        runtime.block_on(async move {
            let mut exporting = JoinSet::new();
            for (exporter, source, count) in consumers {
                exporting.spawn(export::consume(exporter, source, count, hurry.clone()));
            }
            let mut receiving = JoinSet::new();
            for (serving, listener) in servers {
                // A listener that cannot be handed to the runtime serves nobody: the other shards do.
                receiving.spawn(receive::serve(serving, listener, stopped.clone()));
            }
            while receiving.join_next().await.is_some() {}
            let mut stopped = stopped;
            // Without any server there is still something to send, until the end.
            let _ = stopped.wait_for(|stop| *stop).await;
            ending.received();
            while exporting.join_next().await.is_some() {}
        });
    }
}
