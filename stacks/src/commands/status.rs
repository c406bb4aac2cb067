//! `stacks status STACK`: how are its objects doing?

use crate::{
    args::StackName,
    commands::{Ended, Session, local::is_due},
    exit::ExitStatus,
    view,
};

impl Session {
    pub(super) async fn status(&self, arguments: &StackName) -> Result<ExitStatus, Ended> {
        let stack = self.stack(&arguments.stack)?;
        let graph = self.graph(stack)?;
        let connection = self.connect(stack, "status").await?;
        let status = connection
            .cluster
            .status(&graph)
            .await
            .map_err(|error| self.failed(&error))?;
        view::status::show(&self.screen, &status);
        let seen = self.seen(&connection, &graph);
        view::local::status(&self.screen, &seen);
        if view::status::none_is_there(&status) {
            view::not_there(&self.screen, stack.name());
        }
        let ready = view::status::all_ready(&status) && !is_due(&seen);
        Ok(if ready {
            ExitStatus::Done
        } else {
            ExitStatus::RolloutFailed
        })
    }
}
