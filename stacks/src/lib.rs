//! The command: arguments → stack and target → command → exit status.
//!
//! ```no_run
//! use provider::{Scope, Stack};
//!
//! fn shop(_stack: &mut Scope<'_>) {}
//!
//! fn main() -> std::process::ExitCode {
//!     stacks::run([Stack::new("shop", shop)])
//! }
//! ```

use std::{collections::BTreeSet, path::Path, process::ExitCode};

use clap::{CommandFactory, FromArgMatches};
use provider::Stack;

use crate::{
    args::{Arguments, Command},
    commands::Session,
    exit::ExitStatus,
    view::{Screen, problem},
};

mod args;
pub mod catalog;
mod causes;
mod commands;
mod exit;
mod local;
mod target;
mod view;

/// Runs the command line of this process over these stacks.
///
/// Everything a program needs to be a `stacks` command of its own: call it from `main`.
pub fn run(stacks: impl IntoIterator<Item = Stack>) -> ExitCode {
    let arguments = match parse() {
        Ok(arguments) => arguments,
        Err(status) => return status,
    };
    // A gateway has runtimes of its own.
    if let Command::LocalGateway { folder } = &arguments.command {
        return local::run_child(folder);
    }
    let screen = Screen::new(&arguments.global);
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            screen.say(&format!("error: could not start the runtime: {error}"));
            return ExitStatus::Failed.into();
        }
    };
    let stacks: Vec<Stack> = stacks.into_iter().collect();
    if let Some(name) = twice(&stacks) {
        problem::say(
            &screen,
            &format!("two stacks of this program are called `{name}`"),
        );
        return ExitStatus::Failed.into();
    }
    let session = Session::new(stacks, arguments.global, screen);
    let status = runtime.block_on(session.run(arguments.command));
    // A task that is still blocked on a lost connection must not keep the shell waiting.
    runtime.shutdown_background();
    status.into()
}

/// A plan as `stacks plan` shows it, without colours.
pub fn show(plan: &provider::Plan) -> String {
    view::plan::text(plan, view::plan::Show::Everything, view::Style::Plain)
}

/// Parses the command line. Mistakes exit with 1: clap's own 2 would read as "there is something to do".
fn parse() -> Result<Arguments, ExitCode> {
    Arguments::command()
        .bin_name(program())
        .try_get_matches()
        .and_then(|matches| Arguments::from_arg_matches(&matches))
        .map_err(|error| {
            let status = if error.use_stderr() {
                ExitStatus::Failed
            } else {
                ExitStatus::Done
            };
            // Nobody is left to be told when the streams are closed.
            let _ = error.print();
            status.into()
        })
}

/// What this program is called: others run stacks of their own under names of their own.
pub(crate) fn program() -> String {
    let path = std::env::args_os().next().unwrap_or_default();
    Path::new(&path).file_stem().map_or_else(
        || "stacks".to_owned(),
        |stem| stem.to_string_lossy().into_owned(),
    )
}

/// The name that more than one stack has: on the command line it would mean the first of them.
fn twice(stacks: &[Stack]) -> Option<&str> {
    let mut seen = BTreeSet::new();
    stacks
        .iter()
        .map(Stack::name)
        .find(|name| !seen.insert(*name))
}
