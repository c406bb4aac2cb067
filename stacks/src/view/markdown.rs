//! How is a plan or a drift report shown in a pull request, in a job's summary, or on a line of code?

use provider::{
    Finding, Origin,
    plan::{Plan, Side, Step},
};

use crate::view::{plan, plan::Show};

/// A Markdown report: the summary, then a folded block for each object.
pub(crate) fn report(plan: &Plan, show: Show, target: &str) -> String {
    let mut lines = vec![
        format!("### `{}` on {target}", plan.stack),
        String::new(),
        format!("**{}**", plan::summary(plan, show)),
        String::new(),
    ];
    for step in plan.steps.iter().filter(|step| concerns(step, show)) {
        lines.push(format!(
            "<details><summary><code>{} {}</code></summary>",
            step.action.symbol(),
            escape(&step.id.to_string())
        ));
        lines.push(String::new());
        lines.extend(table(step));
        lines.push("</details>".to_owned());
        lines.push(String::new());
    }
    if show == Show::Everything {
        lines.extend(plan.missing.iter().map(|missing| item("error", missing)));
        lines.extend(plan.notes.iter().map(|note| item("note", note)));
    }
    lines.join("\n")
}

fn item(mark: &str, finding: &Finding) -> String {
    let hint = finding.hint.iter().map(|hint| format!(". Hint: {hint}"));
    let text = finding.message.clone() + &hint.collect::<String>();
    format!("- {mark}: {} (`{}`)", escape(&text), finding.rule)
}

/// GitHub's workflow commands: a warning on the line of Rust that declares each object, the worst first.
///
/// A step shows about ten of them, so they come in the order of weight.
pub(crate) fn annotations(plan: &Plan, show: Show) -> String {
    let mut steps: Vec<&Step> = plan
        .steps
        .iter()
        .filter(|step| concerns(step, show))
        .collect();
    steps.sort_by_key(|step| {
        (
            step.conflicts.is_empty(),
            step.blocker.is_none(),
            !step.vanished,
            step.id.clone(),
        )
    });
    let lines = steps.into_iter().map(|step| {
        let level = if step.conflicts.is_empty() && step.blocker.is_none() {
            "warning"
        } else {
            "error"
        };
        let title = format!("{} {}", step.action.symbol(), step.id);
        annotation(level, step.origin.as_ref(), &title, &sentence(step))
    });
    let of = |level: &'static str, findings: &'_ [Finding]| -> Vec<String> {
        let each = findings.iter().filter(|_| show == Show::Everything);
        each.map(|finding| {
            annotation(
                level,
                finding.origin.as_ref(),
                finding.rule,
                &finding.message,
            )
        })
        .collect()
    };
    let (missing, notes) = (of("error", &plan.missing), of("notice", &plan.notes));
    let all = missing.into_iter().chain(lines).chain(notes);
    all.collect::<Vec<_>>().join("\n")
}

fn annotation(level: &str, origin: Option<&Origin>, title: &str, text: &str) -> String {
    let place = origin.map(|at| {
        format!(
            "file={},line={},col={},",
            property(at.file),
            at.line,
            at.column
        )
    });
    format!(
        "::{level} {}title={}::{}",
        place.unwrap_or_default(),
        property(title),
        message(text)
    )
}

fn concerns(step: &Step, show: Show) -> bool {
    match show {
        Show::Drift => step.drifted(),
        Show::Everything => plan::is_shown(step, show),
    }
}

fn table(step: &Step) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(origin) = &step.origin {
        lines.extend([
            format!("declared at `{}:{}`", origin.file, origin.line),
            String::new(),
        ]);
    }
    if step.vanished {
        lines.extend([
            "deleted by someone since it was last applied".to_owned(),
            String::new(),
        ]);
    }
    if !step.changes.is_empty() {
        lines.extend([
            "| field | is | becomes | why |".to_owned(),
            "|---|---|---|---|".to_owned(),
        ]);
    }
    for change in &step.changes {
        let cell = |value| escape(&Side(value).to_string());
        let (before, after) = (cell(change.before.as_ref()), cell(change.after.as_ref()));
        let path = escape(&change.path.short().to_string());
        lines.push(format!(
            "| `{path}` | `{before}` | `{after}` | {} |",
            escape(&change.cause.to_string())
        ));
    }
    for conflict in &step.conflicts {
        lines.push(format!(
            "- conflict: `{}` is owned by `{}`",
            conflict.path.short(),
            conflict.manager
        ));
    }
    for held in &step.held {
        lines.push(format!(
            "- `{}` left the definition, and stays: `{}` owns it too",
            held.path.short(),
            held.manager
        ));
    }
    lines.push(String::new());
    lines
}

fn sentence(step: &Step) -> String {
    if step.vanished {
        return "deleted by someone since it was last applied".to_owned();
    }
    let changes = step.changes.iter().map(|change| {
        let (before, after) = (Side(change.before.as_ref()), Side(change.after.as_ref()));
        let path = change.path.short();
        format!("{path}: {before} → {after} ({})", change.cause)
    });
    let conflicts = step
        .conflicts
        .iter()
        .map(|conflict| format!("{}: owned by {}", conflict.path.short(), conflict.manager));
    changes.chain(conflicts).collect::<Vec<_>>().join("\n")
}

fn escape(text: &str) -> String {
    text.replace('|', "\\|")
        .replace('<', "&lt;")
        .replace('`', "'")
        .replace('\n', " ")
}

fn message(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use provider::{Scope, Stack, plan::Observation};

    use super::*;

    #[test]
    fn a_note_is_an_item_of_the_report_and_a_notice_on_its_line() {
        let stack = Stack::new("shop", |stack: &mut Scope<'_>| {
            let note = Finding::new("no-spare", "one | replica").hint("ask for two");
            stack.note(note);
        });
        let plan = Plan::new(
            &stack.graph().expect("it is right"),
            &Observation::default(),
        );
        let report = report(&plan, Show::Everything, "a test");
        assert!(
            report.contains("- note: one \\| replica. Hint: ask for two (`no-spare`)"),
            "{report}"
        );
        let annotations = annotations(&plan, Show::Everything);
        let notice = annotations.lines().last().unwrap_or_default();
        assert!(notice.starts_with("::notice file=stacks"), "{notice}");
        assert!(
            notice.ends_with("title=no-spare::one | replica"),
            "{notice}"
        );
        assert!(!super::annotations(&plan, Show::Drift).contains("notice"));
    }
}
