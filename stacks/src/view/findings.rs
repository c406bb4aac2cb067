//! How are the mistakes of a definition shown?

use provider::{Finding, Findings};
use serde::Serialize;

use crate::view::{Screen, Style};

#[derive(Serialize)]
struct Event<'a> {
    findings: &'a [Finding],
}

/// Shows everything that is wrong, the way a compiler does.
pub(crate) fn show(screen: &Screen, stack: &str, findings: &Findings) {
    screen.event(
        "findings",
        &Event {
            findings: &findings.0,
        },
    );
    screen.say(&text(stack, findings, screen.err));
}

fn text(stack: &str, Findings(findings): &Findings, style: Style) -> String {
    let mut lines = Vec::new();
    for finding in findings {
        lines.push(format!(
            "{}: {} [{}]",
            style.bad("error"),
            finding.message,
            finding.rule
        ));
        if let Some(origin) = &finding.origin {
            lines.push(format!("  {} {origin}", style.faint("-->")));
        }
        if let Some(hint) = &finding.hint {
            lines.push(format!("  {} {hint}", style.good("hint:")));
        }
        lines.push(String::new());
    }
    lines.push(format!(
        "mistakes in the definition of `{stack}`, nothing was read or changed: {}",
        findings.len()
    ));
    lines.join("\n")
}
