//! How are the mistakes of a definition shown, and what its modules want to be known?

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

/// Shows what stops nothing, where no plan shows it.
pub(crate) fn show_notes(screen: &Screen, notes: &[Finding]) {
    for line in notes.iter().flat_map(|note| note_lines(note, screen.err)) {
        screen.say(&line);
    }
}

/// A note as a block of lines: what, where, and what to do about it.
pub(crate) fn note_lines(note: &Finding, style: Style) -> Vec<String> {
    block(&style.warn("note"), note, style)
}

/// The same for what stops.
pub(crate) fn error_lines(finding: &Finding, style: Style) -> Vec<String> {
    block(&style.bad("error"), finding, style)
}

fn block(mark: &str, finding: &Finding, style: Style) -> Vec<String> {
    let mut lines = vec![format!("{mark}: {} [{}]", finding.message, finding.rule)];
    lines.extend(place_and_hint(finding, style));
    lines
}

fn place_and_hint(finding: &Finding, style: Style) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(origin) = &finding.origin {
        lines.push(format!("  {} {origin}", style.faint("-->")));
    }
    if let Some(hint) = &finding.hint {
        lines.push(format!("  {} {hint}", style.good("hint:")));
    }
    lines
}

fn text(stack: &str, Findings(findings): &Findings, style: Style) -> String {
    let mut lines = Vec::new();
    for finding in findings {
        lines.extend(error_lines(finding, style));
        lines.push(String::new());
    }
    lines.push(format!(
        "mistakes in the definition of `{stack}`, nothing was read or changed: {}",
        findings.len()
    ));
    lines.join("\n")
}
