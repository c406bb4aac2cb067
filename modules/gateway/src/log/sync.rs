//! When are records on the medium?
//!
//! One thread waits for the medium on behalf of everybody who appended meanwhile.

use std::{
    io, mem,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::Duration,
};

use tokio::sync::watch;

use super::{AppendError, Stats, disk::Disk, format::Life, inner::Inner, ranges::Ranges};

/// How far the medium has it.
#[derive(Clone, Debug, Default)]
struct Reached {
    /// Everything below was waited for.
    until: u64,
    /// What the medium refused of it, and the last reason.
    failed: Ranges,
    error: Option<Arc<io::Error>>,
}

/// Waits for the medium on behalf of others.
#[derive(Debug)]
pub(crate) struct Syncer {
    wanted: Sender<()>,
    reached: watch::Receiver<Reached>,
}

/// What the thread works with.
pub(crate) struct Work {
    pub(crate) inner: Arc<Mutex<Inner>>,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) folder: PathBuf,
    pub(crate) stats: Arc<Stats>,
    pub(crate) group: Duration,
}

impl Syncer {
    pub(crate) fn start(work: Work) -> io::Result<Self> {
        let (wanted, wishes) = channel();
        let (publish, reached) = watch::channel(Reached::default());
        thread::Builder::new()
            .name("log-sync".to_owned())
            .spawn(move || work.run(&wishes, &publish))?;
        Ok(Self { wanted, reached })
    }

    /// Waits until a record is on the medium.
    pub(crate) async fn wait(&self, sequence: u64) -> Result<(), AppendError> {
        let gone = || AppendError::from(io::Error::from(io::ErrorKind::BrokenPipe));
        self.wanted.send(()).map_err(|_| gone())?;
        let mut reached = self.reached.clone();
        let reached = reached
            .wait_for(|reached| reached.until > sequence)
            .await
            .map_err(|_| gone())?;
        match &reached.error {
            Some(error) if reached.failed.contains(sequence) => Err(AppendError::Disk {
                source: Arc::clone(error),
            }),
            _ => Ok(()),
        }
    }
}

impl Work {
    fn run(self, wishes: &Receiver<()>, publish: &watch::Sender<Reached>) {
        let mut named = None;
        // Ends when the log is dropped.
        while wishes.recv().is_ok() {
            thread::sleep(self.group);
            // Whoever asked until now appended before, so one round is enough for all.
            while wishes.try_recv().is_ok() {}
            let (until, result) = self.round(&mut named);
            publish.send_modify(|reached| {
                if let Err(error) = result {
                    reached.failed.insert(reached.until..until);
                    reached.error = Some(Arc::new(error));
                }
                reached.until = until;
            });
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for what was written so far, and says up to which sequence that is.
    fn round(&self, named: &mut Option<Life>) -> (u64, io::Result<()>) {
        let (until, segments, records, ledger) = {
            let mut inner = self.inner();
            let ledger = inner.ledger.current();
            let until = inner.next;
            let unsynced = inner.unsynced.as_mut().map(|unsynced| {
                let segments = mem::take(&mut unsynced.segments);
                (segments, mem::take(&mut unsynced.records))
            });
            let (segments, records) = unsynced.unwrap_or_default();
            (until, segments, records, ledger)
        };
        self.stats.syncs.add(1);
        let mut wait = || -> io::Result<()> {
            for segment in &segments {
                segment.file.sync()?;
            }
            if let Some(last) = segments.last().filter(|last| Some(last.life) != *named) {
                self.disk.sync_folder(&self.folder)?;
                *named = Some(last.life);
            }
            Ok(())
        };
        let result = wait();
        let mut inner = self.inner();
        if result.is_err() {
            self.stats.sync_failures.add(1);
            // The kernel may have dropped what it could not write: nothing more goes into that file.
            let next = inner.next;
            inner.segments.seal(next);
            inner.reached(until, &records);
        } else {
            inner.reached(until, &[]);
        }
        drop(inner);
        // A note that is lost means that something is delivered once more, so nobody is refused for it.
        if ledger.is_some_and(|file| file.sync().is_err()) {
            self.stats.sync_failures.add(1);
        }
        (until, result)
    }
}
