//! `stacks render STACK`: the objects, as `kubectl apply` accepts them.

use provider::graph::SecretValues;

use crate::{
    args::{Render, RenderForm},
    commands::{Ended, Session},
    exit::ExitStatus,
    view::{self, render::Rendered},
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
        let rendered = Rendered::of(&graph, secrets);
        rendered.say_left_out(&self.screen);
        if self.screen.json {
            self.screen.event("rendered", &rendered);
            return Ok(ExitStatus::Done);
        }
        self.screen.data(&match arguments.output {
            RenderForm::Yaml => graph.to_yaml(secrets),
            RenderForm::Json => rendered.list().to_string(),
        });
        Ok(ExitStatus::Done)
    }
}
