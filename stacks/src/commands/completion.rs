//! `stacks completion SHELL`: what can be typed here?

use clap::{CommandFactory, builder::PossibleValuesParser};
use clap_complete::Shell;

use crate::{
    args::Arguments,
    commands::{Ended, Session},
    exit::ExitStatus,
    view::problem,
};

impl Session {
    pub(super) fn completion(&self, shell: Shell) -> Result<ExitStatus, Ended> {
        if self.screen.json {
            let message =
                "`completion` writes a script for a shell, which is no JSON: leave `--json` out";
            problem::say(&self.screen, message);
            return Err(ExitStatus::Failed);
        }
        // The parser wants names that live as long as the process, which ends after this.
        let names: Vec<&'static str> = self
            .stacks
            .iter()
            .map(|stack| &*stack.name().to_owned().leak())
            .collect();
        let knowing = match shell {
            Shell::Bash | Shell::Zsh => as_values,
            _ => as_words,
        };
        let mut command = knowing(visible(&Arguments::command()), &names);
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut command, crate::program(), &mut script);
        self.screen.data(&String::from_utf8_lossy(&script));
        Ok(ExitStatus::Done)
    }
}

/// The command line without what nobody types: the shells' scripts would offer that too.
fn visible(command: &clap::Command) -> clap::Command {
    let subcommands = command.get_subcommands();
    let shown = subcommands.filter(|subcommand| !subcommand.is_hide_set());
    clap::Command::new("stacks")
        .version(env!("CARGO_PKG_VERSION"))
        .args(command.get_arguments())
        .subcommands(shown)
}

/// The command line where a stack's name is one of these. Parsing goes without: an unknown name has a better error
/// of its own, which is also a JSON event.
fn as_values(command: clap::Command, names: &[&'static str]) -> clap::Command {
    command.mut_subcommands(|subcommand| {
        if subcommand.get_arguments().any(is_stack) {
            subcommand.mut_arg("stack", |argument| {
                argument.value_parser(PossibleValuesParser::new(names.to_vec()))
            })
        } else {
            subcommand
        }
    })
}

/// The same for shells whose scripts know no values of arguments: there a stack's name is a word that options come after.
fn as_words(command: clap::Command, names: &[&'static str]) -> clap::Command {
    command.mut_subcommands(|subcommand| {
        if !subcommand.get_arguments().any(is_stack) {
            return subcommand;
        }
        let options = subcommand.get_arguments().filter(|one| !is_stack(one));
        let options: Vec<_> = options.cloned().collect();
        let word = |name: &&'static str| clap::Command::new(*name).args(options.clone());
        let words: Vec<_> = names.iter().map(word).collect();
        clap::Command::new(&*subcommand.get_name().to_owned().leak())
            .about(subcommand.get_about().cloned().unwrap_or_default())
            .disable_help_subcommand(true)
            .args(options)
            .subcommands(words)
    })
}

fn is_stack(argument: &clap::Arg) -> bool {
    argument.get_id() == "stack"
}
