//! How do engine values reach a reader? The only room that prints.
//!
//! Data goes to standard output, all the rest to standard error. With `--json` standard output carries one event
//! per line and nothing else.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this room exists for it"
)]
#![allow(
    clippy::unused_self,
    reason = "who prints holds the screen, whatever it says about colours"
)]

use std::{
    io::{self, IsTerminal, Write},
    path::Path,
};

use provider::{Plan, Stack};
use serde::Serialize;

use crate::{
    args::{Global, ReportForm},
    target::{Connection, TargetKind},
};

pub(crate) mod budget;
pub(crate) mod findings;
pub(crate) mod graph;
pub(crate) mod import;
pub(crate) mod local;
pub(crate) mod markdown;
pub(crate) mod plan;
pub(crate) mod problem;
pub(crate) mod progress;
pub(crate) mod render;
pub(crate) mod report;
pub(crate) mod status;
pub(crate) mod style;
pub(crate) mod value;

pub(crate) use style::Style;

/// The version of the JSON events; it moves when an event loses a field or changes a meaning.
const FORMAT: u32 = 1;

/// Where a command writes, and how.
#[derive(Clone, Debug)]
pub(crate) struct Screen {
    /// Whether standard output carries JSON events.
    pub(crate) json: bool,
    /// How standard output is coloured.
    pub(crate) out: Style,
    /// How standard error is coloured.
    pub(crate) err: Style,
    /// Whether a person watches standard error.
    pub(crate) live: bool,
    /// Whether a person can answer a question.
    pub(crate) can_ask: bool,
}

impl Screen {
    /// What the arguments, the environment and the streams say.
    pub(crate) fn new(global: &Global) -> Self {
        let plain = global.no_color
            || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let style = |terminal: bool| {
            if terminal && !plain {
                Style::Coloured
            } else {
                Style::Plain
            }
        };
        Self {
            json: global.json,
            out: style(io::stdout().is_terminal()),
            err: style(io::stderr().is_terminal()),
            live: io::stderr().is_terminal() && !global.json,
            can_ask: io::stdin().is_terminal() && io::stderr().is_terminal() && !global.json,
        }
    }

    /// Writes data: what the command was asked for. A closed pipe ends it quietly, as with `| head`.
    pub(crate) fn data(&self, text: &str) {
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(text.as_bytes()).and_then(|()| {
            if text.ends_with('\n') || text.is_empty() {
                Ok(())
            } else {
                stdout.write_all(b"\n")
            }
        });
        // Nobody is left to be told when standard output is gone.
        let _ = written.and_then(|()| stdout.flush());
    }

    /// Writes what is not data: where it goes, how far it is, what went wrong.
    pub(crate) fn say(&self, text: &str) {
        eprintln!("{text}");
    }

    /// Writes one JSON event, where those were asked for.
    pub(crate) fn event(&self, event: &str, body: &impl Serialize) {
        if self.json {
            self.data(&event_line(event, body));
        }
    }

    /// Writes an event of the engine as it is: it names itself.
    pub(crate) fn engine_event(&self, event: &provider::Event) {
        let mut line = serde_json::json!(event);
        line["version"] = FORMAT.into();
        self.data(&line.to_string());
    }

    /// Asks a question that only `yes` answers with yes.
    pub(crate) fn confirm(&self, question: &str) -> bool {
        eprint!("{question} Only `yes` is taken as yes: ");
        let _ = io::stderr().flush();
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).is_ok() && answer.trim() == "yes"
    }
}

/// `{"version":1,"event":"…", …}` on one line.
fn event_line(event: &str, body: &impl Serialize) -> String {
    let mut line = serde_json::Map::new();
    line.insert("version".into(), FORMAT.into());
    line.insert("event".into(), event.into());
    match serde_json::to_value(body) {
        Ok(serde_json::Value::Object(fields)) => line.extend(fields),
        Ok(other) => {
            line.insert("value".into(), other);
        }
        Err(error) => {
            line.insert("error".into(), error.to_string().into());
        }
    }
    serde_json::Value::Object(line).to_string()
}

/// Says where a stack goes, before anything else: nobody may believe that prod is up because a simulation is.
pub(crate) fn target(screen: &Screen, connection: &Connection, stack: &Stack) {
    let kind = match connection.kind {
        TargetKind::Cluster => "cluster",
        TargetKind::Sandbox => "sandbox",
    };
    let body =
        serde_json::json!({ "target": connection.name, "kind": kind, "stack": stack.name() });
    screen.event("target", &body);
    let line = format!("target: {} as `stacks/{}`", connection.name, stack.name());
    screen.say(&screen.err.strong(&line));
}

/// Shows a plan as data, in the form that was asked for.
pub(crate) fn show_plan(
    screen: &Screen,
    plan: &Plan,
    show: plan::Show,
    form: ReportForm,
    target: &str,
) {
    if screen.json {
        let event = if show == plan::Show::Drift {
            "drift"
        } else {
            "plan"
        };
        return screen.event(event, plan);
    }
    screen.data(&match form {
        ReportForm::Text => plan::text(plan, show, screen.out),
        ReportForm::Json => {
            serde_json::to_string_pretty(plan).unwrap_or_else(|error| error.to_string())
        }
        ReportForm::Markdown => markdown::report(plan, show, target),
        ReportForm::Github => markdown::annotations(plan, show),
    });
}

/// Says that nothing can have drifted from what was never applied.
pub(crate) fn never_applied(screen: &Screen, stack: &str) {
    screen.say(&format!(
        "stack `{stack}` was never applied here: there is nothing to have drifted from"
    ));
}

/// Says that a stack does badly because it was never applied, or was taken down.
pub(crate) fn not_there(screen: &Screen, stack: &str) {
    let program = crate::program();
    problem::hint(
        screen,
        &format!("nothing of stack `{stack}` is there: `{program} up {stack}` makes it"),
    );
}

/// Says where the sandbox is served.
pub(crate) fn served(screen: &Screen, url: &str, kubeconfig: &Path) {
    let body = serde_json::json!({ "url": url, "kubeconfig": kubeconfig });
    screen.event("served", &body);
    screen.say(&format!(
        "the sandbox (a simulation, not a cluster) answers on {url}; Ctrl-C ends it"
    ));
    screen.say(&format!(
        "  kubectl --kubeconfig {} get pods --all-namespaces",
        kubeconfig.display()
    ));
}

/// Says that the sandbox of a folder holds nothing any more.
pub(crate) fn emptied(screen: &Screen, directory: &Path) {
    screen.event("emptied", &serde_json::json!({ "directory": directory }));
    screen.say(&format!(
        "the sandbox in `{}` is empty",
        directory.display()
    ));
}
