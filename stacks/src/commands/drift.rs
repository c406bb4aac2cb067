//! `stacks drift STACK`: what has someone else changed since it was last applied?

use crate::{
    args::Drift,
    commands::{Ended, Session, choices, local::has_drifted},
    exit::ExitStatus,
    view::{self, plan::Show},
};

impl Session {
    pub(super) async fn drift(&self, arguments: &Drift) -> Result<ExitStatus, Ended> {
        let stack = self.stack(&arguments.stack.stack)?;
        let graph = self.graph(stack)?;
        let connection = self.connect(stack, "drift").await?;
        let plan = self
            .planned(
                &connection.cluster,
                &graph,
                &choices(&arguments.selection, None),
            )
            .await?;
        if plan.memory.is_none() {
            view::never_applied(&self.screen, stack.name());
        }
        view::show_plan(
            &self.screen,
            &plan,
            Show::Drift,
            arguments.output,
            &connection.name,
        );
        let seen = self.seen(&connection, &graph);
        view::local::drifted(&self.screen, &seen);
        let drifted = plan.drifted().next().is_some() || has_drifted(&seen);
        Ok(if drifted {
            ExitStatus::Changes
        } else {
            ExitStatus::Done
        })
    }
}
