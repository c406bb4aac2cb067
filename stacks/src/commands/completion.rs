//! `stacks completion SHELL`: what can be typed here?

use clap::CommandFactory;
use clap_complete::Shell;

use crate::{args::Arguments, commands::Session, exit::ExitStatus};

impl Session {
    pub(super) fn completion(&self, shell: Shell) -> ExitStatus {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Arguments::command(), "stacks", &mut script);
        self.screen.data(&String::from_utf8_lossy(&script));
        ExitStatus::Done
    }
}
