//! How is an error shown? What was attempted, on what, why; and, after a blank line, what to do.

use std::error::Error;

use provider::{
    error::{Failure, LeaseError},
    plan::Take,
};

use crate::{causes::causes_of, exit::ExitStatus, view::Screen};

/// Shows an error with all its causes.
pub(crate) fn show(screen: &Screen, error: &(dyn Error + 'static)) {
    let mut lines = vec![format!("{} {error}", screen.err.bad("error:"))];
    let causes = causes_of(error);
    lines.extend(
        causes
            .iter()
            .map(|cause| format!("  {} {cause}", screen.err.faint("because"))),
    );
    screen.event(
        "error",
        &serde_json::json!({ "message": error.to_string(), "causes": causes }),
    );
    screen.say(&lines.join("\n"));
    if let Some(advice) = advice(error) {
        hint(screen, advice);
    }
}

/// What to do about a cluster that cannot be asked.
fn advice(error: &(dyn Error + 'static)) -> Option<&'static str> {
    let mut next = Some(error);
    while let Some(error) = next {
        match error.downcast_ref::<Failure>() {
            Some(Failure::Unreachable(_) | Failure::TimedOut(_)) => {
                return Some(
                    "is the cluster up, and the address in the kubeconfig right? `kubectl cluster-info` asks the same",
                );
            }
            Some(Failure::Unauthorized(_) | Failure::Credentials(_)) => {
                return Some(
                    "log in to the cluster again; `kubectl auth whoami` shows who you are to it",
                );
            }
            _ => next = error.source(),
        }
    }
    None
}

/// Shows an error that is one sentence.
pub(crate) fn say(screen: &Screen, message: &str) {
    screen.event(
        "error",
        &serde_json::json!({ "message": message, "causes": [] }),
    );
    screen.say(&format!("{} {message}", screen.err.bad("error:")));
}

/// Says what stops nothing, and may mislead who does not know it.
pub(crate) fn warn(screen: &Screen, message: &str) {
    screen.event("warning", &serde_json::json!({ "message": message }));
    screen.say(&format!("{} {message}", screen.err.warn("warning:")));
}

/// Says what helps, after a blank line.
pub(crate) fn hint(screen: &Screen, hint: &str) {
    screen.say(&format!("\n{} {hint}", screen.err.good("hint:")));
}

/// The exit status that an error asks for.
pub(crate) fn status_of(error: &(dyn Error + 'static)) -> ExitStatus {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(LeaseError::Held { .. }) = error.downcast_ref::<LeaseError>() {
            return ExitStatus::Locked;
        }
        next = error.source();
    }
    ExitStatus::Failed
}

/// Says which stacks there are, the nearest first.
pub(crate) fn unknown_stack(screen: &Screen, name: &str, known: &[&str]) {
    let list = known
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ");
    say(
        screen,
        &format!("there is no stack `{name}`; there are: {list}"),
    );
    let nearest = known
        .iter()
        .map(|known| (similar::TextDiff::from_chars(*known, name).ratio(), known))
        .filter(|(ratio, _)| *ratio >= 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    if let Some((_, nearest)) = nearest {
        hint(screen, &format!("did you mean `{nearest}`?"));
    }
}

/// Says that a `--take` took nothing. That is no error: the second run of the same line finds it done.
pub(crate) fn idle_take(screen: &Screen, take: &Take) {
    let Take { manager, path, .. } = take;
    let path = path.short();
    warn(
        screen,
        &format!("`--take {manager}:{path}` takes nothing: the stack has no conflict with it"),
    );
}

/// Says which patterns mean no object.
pub(crate) fn unmatched(screen: &Screen, stack: &str, patterns: &[&str]) {
    let list = patterns
        .iter()
        .map(|pattern| format!("`{pattern}`"))
        .collect::<Vec<_>>()
        .join(", ");
    say(screen, &format!("no object of `{stack}` matches {list}"));
    hint(
        screen,
        &format!("`{} render {stack}` shows the objects", crate::program()),
    );
}
