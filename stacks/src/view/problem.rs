//! How is an error shown? What was attempted, on what, why; and, after a blank line, what to do.

use std::error::Error;

use provider::error::LeaseError;

use crate::{exit::ExitStatus, view::Screen};

/// Shows an error with all its causes.
pub(crate) fn show(screen: &Screen, error: &(dyn Error + 'static)) {
    let mut lines = vec![format!("{} {error}", screen.err.bad("error:"))];
    let mut causes = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        causes.push(error.to_string());
        cause = error.source();
    }
    // Some libraries repeat their source in their own words; once is enough.
    causes.dedup();
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
}

/// Shows an error that is one sentence.
pub(crate) fn say(screen: &Screen, message: &str) {
    screen.event(
        "error",
        &serde_json::json!({ "message": message, "causes": [] }),
    );
    screen.say(&format!("{} {message}", screen.err.bad("error:")));
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
        screen.say(&format!(
            "\n{} did you mean `{nearest}`?",
            screen.err.good("hint:")
        ));
    }
}

/// Says which patterns mean no object.
pub(crate) fn unmatched(screen: &Screen, stack: &str, patterns: &[&str]) {
    let list = patterns
        .iter()
        .map(|pattern| format!("`{pattern}`"))
        .collect::<Vec<_>>()
        .join(", ");
    say(screen, &format!("no object of `{stack}` matches {list}"));
    screen.say(&format!(
        "\n{} `stacks render {stack}` shows the objects",
        screen.err.good("hint:")
    ));
}
