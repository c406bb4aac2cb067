//! `stacks list`: which stacks are there?

use crate::{commands::Session, exit::ExitStatus};

impl Session {
    pub(super) fn list(&self) -> ExitStatus {
        if self.screen.json {
            for stack in &self.stacks {
                let body =
                    serde_json::json!({ "name": stack.name(), "namespace": stack.own_namespace() });
                self.screen.event("stack", &body);
            }
        } else {
            let names: Vec<_> = self.stacks.iter().map(provider::Stack::name).collect();
            self.screen.data(&names.join("\n"));
        }
        ExitStatus::Done
    }
}
