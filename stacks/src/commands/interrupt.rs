//! What does Ctrl-C do? It stops starting new work; a second one ends at once.

use provider::Interrupt;
use tokio::task::JoinHandle;

use crate::{exit::ExitStatus, view::Screen};

/// Listens for Ctrl-C and SIGTERM until the task is aborted.
pub(crate) fn stop_on_signals(screen: &Screen, interrupt: Interrupt) -> JoinHandle<()> {
    let screen = screen.clone();
    tokio::spawn(async move {
        signal().await;
        // The run answers with an event, and that is shown: a line of ours would be drawn into the live tree.
        interrupt.trigger();
        signal().await;
        // The inventory was written before anything was touched, so the next `up` finds everything.
        screen.say("ended at once: what was under way is not known; the next `up` finds out");
        std::process::exit(ExitStatus::Interrupted.code().into());
    })
}

/// Waits for one of the signals that ask to stop.
pub(crate) async fn signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
