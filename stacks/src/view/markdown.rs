//! How is a plan or a drift report shown in a pull request, in a job's summary, or on a line of code?

use provider::plan::{Plan, Side, Step};

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
    lines.join("\n")
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
        let place = step.origin.as_ref().map(|at| {
            format!(
                "file={},line={},col={},",
                property(at.file),
                at.line,
                at.column
            )
        });
        let title = property(&format!("{} {}", step.action.symbol(), step.id));
        format!(
            "::{level} {}title={title}::{}",
            place.unwrap_or_default(),
            message(&sentence(step))
        )
    });
    lines.collect::<Vec<_>>().join("\n")
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
