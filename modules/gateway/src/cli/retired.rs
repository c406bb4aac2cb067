//! How does a gateway end, and what of it goes on while another one runs?

use std::{cell::RefCell, sync::Arc, thread, time::Duration};

use tokio::{sync::oneshot, task::JoinHandle, time::timeout};

use super::remainder::Remainder;
use crate::serve::{Gateway, Hasten};

/// How long a gateway has to let go of the storage that its successor may need. What it has not sent is sent after that.
const HANDOVER: Duration = Duration::from_secs(1);

/// The gateways that a new configuration has replaced, and that still send what they have in memory.
#[derive(Default)]
pub(super) struct Retired(RefCell<Vec<Retiring>>);

/// What whoever follows needs of a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    Nothing,
    /// What it has on disk.
    Storage,
}

struct Retiring {
    hasten: Hasten,
    done: JoinHandle<()>,
}

/// Does something that blocks on a thread of its own, so that probes are answered meanwhile. None if there is no thread
/// to be had: then what it was to be done with is gone.
async fn aside<T: Send + 'static>(
    name: &str,
    act: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (sender, receiver) = oneshot::channel();
    let made = thread::Builder::new().name(name.to_owned()).spawn(move || {
        let _ = sender.send(act());
    });
    made.ok()?;
    receiver.await.ok()
}

/// Ends a gateway; it has let go of its storage when this returns.
pub(super) async fn stop(gateway: Arc<Gateway>, patience: Duration) {
    aside("drain", move || {
        gateway.stop(patience);
        drop(gateway);
    })
    .await;
}

impl Retired {
    /// Has a gateway take no more and let go of what its successor needs, which is done when what this returns is. What it
    /// has in memory it sends after that.
    pub(super) fn add(
        &self,
        gateway: Arc<Gateway>,
        need: Need,
    ) -> impl Future<Output = ()> + use<> {
        let remainder = Remainder::in_memory(&gateway);
        let hasten = gateway.hasten();
        let (let_go, has_let_go) = oneshot::channel();
        let done = tokio::spawn(async move {
            let rest = aside("let go", move || {
                let rest = match need {
                    Need::Nothing => gateway.retire(),
                    Need::Storage => gateway.let_go(HANDOVER),
                };
                drop(gateway);
                rest
            });
            let rest = rest.await;
            // Whoever has no need of the storage does not wait for it.
            let _ = let_go.send(());
            if let Some(rest) = rest {
                aside("drain", move || rest.join()).await;
            }
            remainder.say_replaced();
        });
        let mut all = self.0.borrow_mut();
        all.retain(|one| !one.done.is_finished());
        all.push(Retiring { hasten, done });
        async move {
            // If it is gone, so is what it held.
            let _ = has_let_go.await;
        }
    }

    /// Waits until all of them have ended, which they do after so long.
    pub(super) async fn end(&self, patience: Duration) {
        let mut all = self.0.take();
        let ended = async {
            for one in &mut all {
                // Whoever panicked has said so.
                let _ = (&mut one.done).await;
            }
        };
        if timeout(patience, ended).await.is_ok() {
            return;
        }
        for one in &all {
            one.hasten.make();
        }
        for one in all.into_iter().filter(|one| !one.done.is_finished()) {
            let _ = one.done.await;
        }
    }
}
