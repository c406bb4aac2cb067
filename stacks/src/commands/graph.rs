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
        self.screen
            .data(&Drawing::of(&graph, arguments.of).in_form(arguments.output));
        Ok(ExitStatus::Done)
    }
}
