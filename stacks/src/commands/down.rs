//! `stacks down STACK`: take away what `up` made, and nothing else.

use provider::{Plan, plan::Volumes};

use crate::{
    args::Down,
    commands::{Ended, Session},
    exit::ExitStatus,
};

impl Session {
    pub(super) async fn down(&self, arguments: &Down) -> Result<ExitStatus, Ended> {
        let stack = self.stack(&arguments.stack.stack)?;
        let connection = self.connect(stack, "down").await?;
        let observation = connection
            .cluster
            .observe_owned(stack.name(), stack.own_namespace())
            .await
            .map_err(|error| self.failed(&error))?;
        let volumes = if arguments.delete_volumes {
            Volumes::Delete
        } else {
            Volumes::Keep
        };
        let plan = Plan::teardown(stack.name(), stack.own_namespace(), &observation, volumes);
        self.announce(&plan);
        self.refuse(&plan)?;
        if plan.is_empty() {
            return Ok(ExitStatus::Done);
        }
        self.ask(
            &connection,
            arguments.yes,
            &format!("Delete this from {}?", connection.name),
        )?;
        let report = self
            .apply(&connection.cluster, &plan, &arguments.pace)
            .await;
        Ok(self.reported(&report))
    }
}
