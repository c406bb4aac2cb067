//! `stacks up STACK`: plan, ask, apply, wait until it works.

use provider::{Cluster, Plan, Report};

use crate::{
    args::{Pace, Up},
    commands::{Ended, Session, choices, interrupt, limits},
    exit::ExitStatus,
    local::Done,
    target::{Connection, TargetKind},
    view::{self, plan::Show, problem, progress::Progress},
};

impl Session {
    pub(super) async fn up(&self, arguments: &Up) -> Result<ExitStatus, Ended> {
        let stack = self.stack(&arguments.stack.stack)?;
        let graph = self.graph(stack)?;
        let connection = self.connect(stack, "up").await?;
        let choices = choices(&arguments.selection, Some(&arguments.decisions));
        let plan = self.planned(&connection.cluster, &graph, &choices).await?;
        self.announce(&plan);
        self.refuse(&plan)?;
        if !plan.is_empty() {
            self.ask(
                &connection,
                arguments.yes,
                &format!("Apply this to {}?", connection.name),
            )?;
        }
        let report = self
            .apply(&connection.cluster, &plan, &arguments.pace)
            .await;
        let (done, local) = if report.succeeded() {
            self.local_up(&connection, &graph, &plan).await
        } else {
            (Vec::new(), ExitStatus::Done)
        };
        Ok(self.closing(&report, &done, local))
    }

    /// Shows how a run ended, here too, and gives its status. The report is the last event, and the first text: what one
    /// needs next stands at the end of a screen.
    fn closing(&self, report: &Report, done: &[Done], local: ExitStatus) -> ExitStatus {
        if self.screen.json {
            self.show_done(done);
        }
        let status = self.reported(report);
        if !self.screen.json {
            self.show_done(done);
        }
        if status == ExitStatus::Done {
            local
        } else {
            status
        }
    }

    /// Shows a plan before it is carried out: on standard error, since the outcome is what was asked for.
    pub(super) fn announce(&self, plan: &Plan) {
        self.screen.event("plan", plan);
        if !self.screen.json {
            self.screen
                .say(&view::plan::text(plan, Show::Everything, self.screen.err));
        }
    }

    /// Ends before anything is touched where a conflict or a blocker stands in the way, or something is missing.
    pub(super) fn refuse(&self, plan: &Plan) -> Result<(), Ended> {
        let blocked = plan
            .steps
            .iter()
            .filter(|step| step.blocker.is_some())
            .count();
        let conflicts = plan.conflicts().len();
        if conflicts > 0 {
            problem::say(
                &self.screen,
                &format!("nothing was changed: objects in conflict: {conflicts}"),
            );
            return Err(ExitStatus::Conflict);
        }
        let missing = plan.missing.len();
        if missing > 0 {
            problem::say(
                &self.screen,
                &format!(
                    "nothing was changed: objects that should be in the cluster and are not: {missing}"
                ),
            );
            return Err(ExitStatus::Failed);
        }
        if blocked > 0 {
            problem::say(
                &self.screen,
                &format!(
                    "nothing was changed: objects that cannot be changed as planned: {blocked}"
                ),
            );
            return Err(ExitStatus::Refused);
        }
        Ok(())
    }

    /// Asks on a terminal, and needs `--yes` elsewhere; a simulation needs neither.
    pub(super) fn ask(
        &self,
        connection: &Connection,
        yes: bool,
        question: &str,
    ) -> Result<(), Ended> {
        if yes || connection.kind == TargetKind::Sandbox {
            return Ok(());
        }
        if !self.screen.can_ask {
            problem::say(
                &self.screen,
                "nothing was changed: nobody is there to ask, and `--yes` was not given",
            );
            return Err(ExitStatus::Failed);
        }
        if self.screen.confirm(question) {
            return Ok(());
        }
        self.screen.say("nothing was changed");
        Err(ExitStatus::Failed)
    }

    /// Carries a plan out and shows how it goes.
    pub(super) async fn apply(&self, cluster: &Cluster, plan: &Plan, pace: &Pace) -> Report {
        let limits = limits(pace);
        let listening = interrupt::stop_on_signals(&self.screen, limits.interrupt.clone());
        let mut progress = Progress::new(&self.screen, plan);
        let report = cluster.apply(plan, &limits, &mut progress).await;
        progress.finish();
        listening.abort();
        report
    }

    /// Shows how a run ended, and gives its status.
    pub(super) fn reported(&self, report: &Report) -> ExitStatus {
        view::report::show(&self.screen, report);
        view::report::status(report)
    }
}
