//! How is an imported configuration shown: as Rust, as JSON, and with what is wrong with it?

use std::collections::BTreeSet;

use collector_config::{
    Release, Version, identifier,
    import::Imported,
    lint::{Finding, Findings, Severity},
};
use serde_json::{Value, json};

use crate::view::{Screen, Style, problem};

/// A configuration that was imported, from where, and what is wrong with it.
pub(crate) struct Shown {
    pub(crate) file: String,
    pub(crate) found: Imported,
    pub(crate) findings: Findings,
}

/// What the function or the module of each is called.
pub(crate) fn names(shown: &[Shown]) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let each = |one: &Shown| {
        let name = one
            .found
            .name
            .as_deref()
            .map_or_else(|| "config".to_owned(), identifier);
        let more = (2..).map(|n| format!("{name}_{n}"));
        let free = std::iter::once(name.clone())
            .chain(more)
            .find(|name| !taken.contains(name));
        let free = free.unwrap_or(name);
        taken.insert(free.clone());
        free
    };
    shown.iter().map(each).collect()
}

/// Writes a program to standard output, and what is wrong to standard error.
pub(crate) fn rust(screen: &Screen, shown: &[Shown], names: &[String]) {
    for (one, name) in shown.iter().zip(names) {
        for line in finding_lines(one, screen.err) {
            screen.say(&line);
        }
        let origin = origin(one);
        if shown.len() == 1 {
            let program = one.found.config.to_rust(name);
            screen.data(&format!("{origin}{}", program.text));
            continue;
        }
        let program = one.found.config.to_rust("config");
        let lines = program.text.lines();
        let inner: Vec<String> = lines.map(indented).collect();
        let inner = inner.join("\n");
        screen.data(&format!("{origin}pub mod {name} {{\n{inner}\n}}\n\n"));
    }
}

/// Where it comes from, and what of it is not there.
fn origin(one: &Shown) -> String {
    let from = format!("// From `{}`, line {}.", one.file, one.found.line);
    let left_out = one.found.left_out.iter();
    let left_out =
        left_out.map(|finding| format!("// Left out: {}: {}", finding.place(), finding.cause()));
    // None of what was read may become code.
    let line = |line: String| line.replace(['\n', '\r'], " ") + "\n";
    std::iter::once(from).chain(left_out).map(line).collect()
}

fn indented(line: &str) -> String {
    if line.is_empty() {
        String::new()
    } else {
        format!("    {line}")
    }
}

/// What is wrong with one, the worst first.
fn finding_lines(one: &Shown, style: Style) -> Vec<String> {
    let mut lines = Vec::new();
    for finding in one.findings.iter() {
        let severity = finding.lint.severity;
        let word = severity.to_string();
        let word = match severity {
            Severity::Error => style.bad(&word),
            Severity::Warning => style.warn(&word),
            Severity::Hint => style.faint(&word),
        };
        lines.push(format!("{word}: {} [{}]", finding.cause(), finding.lint.id));
        lines.push(format!("  {} {}", style.faint("-->"), finding.place()));
        lines.push(format!("  {} {}", style.faint("why:"), finding.lint.why));
        lines.push(format!("  {} {}", style.good("hint:"), finding.repair()));
        lines.push(String::new());
    }
    lines.push(summary(one));
    lines.push(String::new());
    lines
}

fn summary(one: &Shown) -> String {
    let count = |severity| {
        let all = one.findings.iter();
        all.filter(|found| found.lint.severity == severity).count()
    };
    let setting = &one.found.setting;
    let name = one.found.name.as_deref().unwrap_or("the configuration");
    format!(
        "`{name}` in {} from line {} on, as a {} for {}: {} errors, {} warnings, {} hints",
        one.file,
        one.found.line,
        setting.tier.as_str(),
        setting.release,
        count(Severity::Error),
        count(Severity::Warning),
        count(Severity::Hint)
    )
}

/// Says that nothing is known of a version.
pub(crate) fn too_new(screen: &Screen, version: Version) {
    let known = Release::CONTRIB.version;
    problem::warn(
        screen,
        &format!(
            "nothing is known of {version}: it is taken for {known}, and what has changed since is not seen"
        ),
    );
}

/// Writes one JSON document.
pub(crate) fn json(screen: &Screen, shown: &[Shown], names: &[String]) {
    let all: Vec<Value> = shown.iter().zip(names).map(body).collect();
    screen.data(&json!({ "configurations": all }).to_string());
}

/// Writes one event for each.
pub(crate) fn events(screen: &Screen, shown: &[Shown], names: &[String]) {
    for one in shown.iter().zip(names) {
        screen.event("configuration", &body(one));
    }
}

fn body((one, name): (&Shown, &String)) -> Value {
    let program = one.found.config.to_rust(name);
    let untyped = program.untyped.iter();
    let untyped = untyped.map(|(place, reason)| json!({ "place": place, "reason": reason }));
    let finding = |finding: Finding<'_>| {
        json!({
            "lint": finding.lint.id,
            "severity": finding.lint.severity.to_string(),
            "place": finding.place(),
            "cause": finding.cause(),
            "why": finding.lint.why,
            "repair": finding.repair(),
        })
    };
    json!({
        "name": one.found.name,
        "file": one.file,
        "line": one.found.line,
        "tier": one.found.setting.tier.as_str(),
        "release": one.found.setting.release.to_string(),
        "rust": program.text,
        "untyped": untyped.collect::<Vec<_>>(),
        "findings": one.findings.iter().map(finding).collect::<Vec<_>>(),
    })
}
