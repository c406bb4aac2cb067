//! `stacks plan STACK`: what would `up` do?

use crate::{
    args::Plan,
    commands::{Ended, Session, choices, local::is_due},
    exit::ExitStatus,
    view::{self, plan::Show},
};

impl Session {
    pub(super) async fn plan(&self, arguments: &Plan) -> Result<ExitStatus, Ended> {
        let stack = self.stack(&arguments.stack.stack)?;
        let graph = self.graph(stack)?;
        let connection = self.connect(stack, "plan").await?;
        let choices = choices(&arguments.selection, Some(&arguments.decisions));
        let plan = self.planned(&connection.cluster, &graph, &choices).await?;
        view::show_plan(
            &self.screen,
            &plan,
            Show::Everything,
            arguments.output,
            &connection.name,
        );
        let seen = self.seen(&connection, &graph);
        view::local::planned(&self.screen, &seen);
        let due = !plan.is_empty() || is_due(&seen);
        Ok(match () {
            () if !plan.conflicts().is_empty() => ExitStatus::Conflict,
            () if !plan.missing.is_empty() => ExitStatus::Failed,
            () if plan.steps.iter().any(|step| step.blocker.is_some()) => ExitStatus::Refused,
            () if arguments.detailed_exitcode && due => ExitStatus::Changes,
            () => ExitStatus::Done,
        })
    }
}
