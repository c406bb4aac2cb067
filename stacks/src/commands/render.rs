//! `stacks render STACK`: the objects, as `kubectl apply` accepts them.

use provider::{Resource, graph::SecretValues};

use crate::{
    args::{Render, RenderForm},
    commands::{Ended, Session},
    exit::ExitStatus,
    view,
};

impl Session {
    pub(super) fn render(&self, arguments: &Render) -> Result<ExitStatus, Ended> {
        let graph = self.graph(self.stack(&arguments.stack.stack)?)?;
        view::findings::show_notes(&self.screen, graph.notes());
        let secrets = if arguments.show_secrets {
            SecretValues::Shown
        } else {
            SecretValues::Hidden
        };
        match arguments.output {
            RenderForm::Yaml => self.screen.data(&graph.to_yaml(secrets)),
            RenderForm::Json => {
                let is_shown =
                    |resource: &&Resource| arguments.show_secrets || !resource.is("", "Secret");
                let items: Vec<_> = graph
                    .resources()
                    .filter(is_shown)
                    .map(|resource| &resource.object)
                    .collect();
                let list =
                    serde_json::json!({ "apiVersion": "v1", "kind": "List", "items": items });
                self.screen.data(&list.to_string());
            }
        }
        Ok(ExitStatus::Done)
    }
}
