//! `stacks graph STACK`: what depends on what, and who sends traffic where?

use crate::{
    args::Graph,
    commands::{Ended, Session},
    exit::ExitStatus,
    view::{self, graph::Drawing},
};

impl Session {
    pub(super) fn graph_of(&self, arguments: &Graph) -> Result<ExitStatus, Ended> {
        let graph = self.graph(self.stack(&arguments.stack.stack)?)?;
        view::findings::show_notes(&self.screen, graph.notes());
        let drawing = Drawing::of(&graph, arguments.of);
        if self.screen.json {
            self.screen.event("graph", &drawing);
            return Ok(ExitStatus::Done);
        }
        self.screen.data(&drawing.in_form(arguments.output));
        Ok(ExitStatus::Done)
    }
}
