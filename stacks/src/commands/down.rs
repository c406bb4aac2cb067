//! `stacks down STACK`: take away what `up` made, and nothing else.

use provider::{
    Plan,
    plan::{Kept, Step, Volumes},
};

use crate::{
    args::Down,
    commands::{Ended, Session},
    exit::ExitStatus,
    view::problem,
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
        if plan.is_empty() && plan.forgotten.is_empty() {
            self.say_later(&plan);
            let (done, local) = self
                .local_down(&connection, stack.name(), arguments.delete_volumes)
                .await;
            self.show_done(&done);
            return Ok(local);
        }
        if !plan.is_empty() {
            self.ask(
                &connection,
                arguments.yes,
                &format!("Delete this from {}?", connection.name),
            )?;
        }
        // First, so that nothing runs that the sandbox does not have.
        let (done, local) = self
            .local_down(&connection, stack.name(), arguments.delete_volumes)
            .await;
        self.show_done(&done);
        if local != ExitStatus::Done {
            return Ok(local);
        }
        let report = self
            .apply(&connection.cluster, &plan, &arguments.pace)
            .await;
        let status = self.reported(&report);
        if report.succeeded() {
            self.say_later(&plan);
        }
        Ok(status)
    }

    /// Says how the volumes that stay can go later.
    fn say_later(&self, plan: &Plan) {
        let stays = |step: &Step| step.kept == Some(Kept::Volume);
        if plan.steps.iter().any(stays) {
            let hint = format!(
                "the next `up` takes the volumes into use again; `{} down {} --delete-volumes` deletes them and their data",
                crate::program(),
                plan.stack
            );
            problem::hint(&self.screen, &hint);
        }
    }
}
