//! What do the commands do about the programs that run on this machine? On the sandbox only: a cluster runs its own.

use std::collections::BTreeSet;

use provider::{Graph, Plan};

use crate::{
    commands::{Session, interrupt},
    exit::ExitStatus,
    local::{Done, Here, LocalError, Need, Seen, all},
    target::{Connection, TargetKind},
    view::{local, problem},
};

impl Session {
    fn here(&self, connection: &Connection, stack: &str) -> Option<Here> {
        let here = || Here::of(&self.global.sandbox_dir, stack);
        (connection.kind == TargetKind::Sandbox).then(here)
    }

    /// Looks at the programs of a stack; what a plan leaves out, nothing is to be done about.
    pub(super) fn seen(&self, connection: &Connection, graph: &Graph) -> Vec<Seen> {
        let here = self.here(connection, graph.stack());
        here.map(|here| here.see(graph)).unwrap_or_default()
    }

    /// Makes what runs here what the stack says, once the sandbox holds it.
    pub(super) async fn local_up(
        &self,
        connection: &Connection,
        graph: &Graph,
        plan: &Plan,
    ) -> (Vec<Done>, ExitStatus) {
        let Some(here) = self.here(connection, graph.stack()) else {
            return (Vec::new(), ExitStatus::Done);
        };
        let left_out: BTreeSet<_> = plan.left_out.iter().map(|one| one.id.clone()).collect();
        let mut interrupted = Box::pin(interrupt::signal());
        let done = here.up(graph, &left_out, &mut interrupted).await;
        self.ended(done)
    }

    /// Ends what runs here.
    pub(super) async fn local_down(
        &self,
        connection: &Connection,
        stack: &str,
        volumes: bool,
    ) -> (Vec<Done>, ExitStatus) {
        let Some(here) = self.here(connection, stack) else {
            return (Vec::new(), ExitStatus::Done);
        };
        let mut interrupted = Box::pin(interrupt::signal());
        let done = here.down(volumes, &mut interrupted).await;
        self.ended(done)
    }

    fn ended(&self, done: Result<Vec<Done>, LocalError>) -> (Vec<Done>, ExitStatus) {
        match done {
            Ok(done) => {
                let status = status_of(&done);
                (done, status)
            }
            Err(error) => {
                problem::show(&self.screen, &error);
                let status = status(&error);
                (Vec::new(), status)
            }
        }
    }

    /// Shows what was done, in the order in which it was.
    pub(super) fn show_done(&self, done: &[Done]) {
        for one in done {
            local::done(&self.screen, one);
        }
    }

    /// Ends everything that runs below the folder of a sandbox.
    pub(super) async fn end_all(&self) -> Result<(), ExitStatus> {
        let sandbox = std::path::absolute(&self.global.sandbox_dir);
        let sandbox = sandbox.unwrap_or_else(|_| self.global.sandbox_dir.clone());
        let stacks: BTreeSet<String> = all(&sandbox).into_iter().map(|(stack, _)| stack).collect();
        for stack in stacks {
            let here = Here::of(&sandbox, &stack);
            let mut interrupted = Box::pin(interrupt::signal());
            let (done, status) = self.ended(here.down(true, &mut interrupted).await);
            self.show_done(&done);
            if status != ExitStatus::Done {
                return Err(status);
            }
        }
        Ok(())
    }
}

/// Whether there is something to do about programs.
pub(super) fn is_due(seen: &[Seen]) -> bool {
    let idle = |one: &Seen| matches!(one.need, Need::Nothing | Need::Cannot(_));
    !seen.iter().all(idle)
}

/// Whether somebody else has ended a program.
pub(super) fn has_drifted(seen: &[Seen]) -> bool {
    seen.iter().any(|one| one.need == Need::StartAgain)
}

fn status_of(done: &[Done]) -> ExitStatus {
    let errors = done.iter().filter_map(|one| one.result.as_ref().err());
    let statuses = errors.map(status);
    statuses
        .max_by_key(|status| status.code())
        .unwrap_or(ExitStatus::Done)
}

fn status(error: &LocalError) -> ExitStatus {
    match error {
        // A simulation of it is what the sandbox is for.
        LocalError::Impossible(_) | LocalError::Configuration(_) => ExitStatus::Done,
        LocalError::Interrupted => ExitStatus::Interrupted,
        LocalError::Busy(_) => ExitStatus::Locked,
        _ => ExitStatus::RolloutFailed,
    }
}
