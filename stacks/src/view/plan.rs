//! How is a plan shown to a person?

use std::collections::BTreeSet;

use provider::plan::{Action, Blocker, Cause, Change, Forgotten, Kept, Plan, Side, Step, Why};
use similar::{ChangeTag, TextDiff};

use crate::view::{
    Style,
    findings::{error_lines, note_lines},
    value,
};

/// Up to how many predicted steps say so themselves: on each of fifty it would only be noise.
const FEW: usize = 5;

/// Which steps of a plan are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Show {
    /// All that there is to do.
    Everything,
    /// Only what someone else has changed.
    Drift,
}

/// The plan as text: a block for each step, what is unchanged as a count, the summary last.
pub(crate) fn text(plan: &Plan, show: Show, style: Style) -> String {
    let mut lines = Vec::new();
    let each = plan.steps.iter().filter(|step| step.predicted).count() <= FEW;
    for step in plan.steps.iter().filter(|step| is_shown(step, show)) {
        lines.push(headline(step, each, style));
        lines.extend(details(step, show, style));
    }
    if show == Show::Everything {
        let quiet = |step: &&Step| step.action == Action::Keep && !is_shown(step, show);
        let unchanged = plan.steps.iter().filter(quiet).count();
        if unchanged > 0 {
            lines.push(format!(
                "  {} {}",
                style.symbol(Action::Keep),
                style.faint(&format!("{unchanged} unchanged"))
            ));
        }
        let notes = notes(plan, each);
        lines.extend(notes.iter().map(|note| style.faint(&format!("    {note}"))));
        let of_modules = plan.notes.iter();
        lines.extend(of_modules.flat_map(|note| note_lines(note, style)));
        let missing = plan.missing.iter();
        lines.extend(missing.flat_map(|finding| error_lines(finding, style)));
    }
    lines.push(summary(plan, show));
    lines.join("\n")
}

/// What holds for the plan as a whole, so that it is not said on each step.
fn notes(plan: &Plan, each: bool) -> Vec<String> {
    let mut notes: Vec<String> = plan.forgotten.iter().map(forgotten_line).collect();
    if !plan.left_out.is_empty() {
        notes.push(format!(
            "left out by --only and --exclude: {}",
            plan.left_out.len()
        ));
    }
    let defaults: usize = plan.steps.iter().map(|step| step.defaults).sum();
    if defaults > 0 {
        notes.push(format!(
            "filled in by the server, and not shown: {}",
            fields(defaults)
        ));
    }
    let predicted: Vec<&Step> = plan.steps.iter().filter(|step| step.predicted).collect();
    if !predicted.is_empty() {
        let places: BTreeSet<&str> = predicted
            .iter()
            .filter_map(|step| step.id.namespace.as_deref())
            .collect();
        let places: Vec<&str> = places.into_iter().collect();
        let those = match (each, places.is_empty()) {
            (false, false) => format!(" (in {})", places.join(", ")),
            _ => String::new(),
        };
        notes.push(format!(
            "predicted, since the server cannot check them before their namespace or kind exists{those}: {}",
            predicted.len()
        ));
    }
    notes
}

/// `plan: 1 to create, 2 to update`, or that there is nothing to do.
pub(crate) fn summary(plan: &Plan, show: Show) -> String {
    if show == Show::Drift {
        return match plan.drifted().count() {
            0 => "drift: none".to_owned(),
            count => format!("drift: {count} of {} objects", plan.steps.len()),
        };
    }
    let counts = plan.counts();
    let parts = [
        (counts.create, "to create"),
        (counts.update, "to update"),
        (counts.replace, "to replace"),
        (counts.delete, "to delete"),
        (plan.conflicts().len(), "in conflict"),
        (
            plan.steps
                .iter()
                .filter(|step| step.blocker.is_some())
                .count(),
            "blocked",
        ),
        (plan.missing.len(), "missing"),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    if parts.is_empty() {
        "plan: nothing to do".to_owned()
    } else {
        format!("plan: {}", parts.join(", "))
    }
}

pub(crate) fn is_shown(step: &Step, show: Show) -> bool {
    match show {
        Show::Drift => step.drifted(),
        Show::Everything => {
            let quiet =
                step.conflicts.is_empty() && step.blocker.is_none() && step.warnings.is_empty();
            let stays = step.kept.is_some() || !step.held.is_empty();
            step.action != Action::Keep || !quiet || stays
        }
    }
}

fn headline(step: &Step, each: bool, style: Style) -> String {
    let mut line = format!(
        "  {} {}",
        style.symbol(step.action),
        style.strong(&step.id.to_string())
    );
    let remarks = [
        (step.vanished, "drift, deleted by someone".to_owned()),
        (
            step.adopted,
            "made by other means, belongs to this stack from now on".to_owned(),
        ),
        (
            each && step.predicted && step.action == Action::Create,
            "predicted".to_owned(),
        ),
        (
            step.kept.is_some(),
            step.kept.as_ref().map(why_kept).unwrap_or_default(),
        ),
    ];
    let remarks: Vec<String> = remarks
        .into_iter()
        .filter(|(applies, _)| *applies)
        .map(|(_, remark)| remark)
        .collect();
    if !remarks.is_empty() {
        line.push_str(&style.faint(&format!("   ({})", remarks.join("; "))));
    }
    line
}

fn details(step: &Step, show: Show, style: Style) -> Vec<String> {
    let mut lines = Vec::new();
    if step.action == Action::Create {
        lines.extend(to_come(step));
    }
    let is_drift = |change: &&Change| show == Show::Everything || change.cause.is_drift();
    let changes: Vec<&Change> = step.changes.iter().filter(is_drift).collect();
    let width = changes
        .iter()
        .map(|change| change.path.short().to_string().chars().count())
        .max()
        .unwrap_or_default()
        .min(64);
    for change in changes {
        lines.extend(change_lines(change, width, style));
    }
    let shown = |path| step.changes.iter().any(|change| change.path == path);
    for takeover in step
        .takeovers
        .iter()
        .filter(|takeover| !shown(takeover.path.clone()))
    {
        lines.push(format!(
            "      {} taken from {}",
            takeover.path.short(),
            takeover.manager
        ));
    }
    for held in &step.held {
        lines.push(style.faint(&format!(
            "      {} left the definition, and stays: {} owns it too",
            held.path.short(),
            held.manager
        )));
    }
    if let Some(migration) = &step.migration {
        let from: Vec<String> = migration.from.iter().map(ToString::to_string).collect();
        lines.push(style.faint(&format!(
            "      takes over {} from {}",
            fields(migration.len()),
            from.join(", ")
        )));
    }
    for warning in &step.warnings {
        lines.push(format!("      {} {warning}", style.warn("warning:")));
    }
    for conflict in &step.conflicts {
        let path = conflict.path.short().to_string();
        let manager = &conflict.manager;
        lines.push(format!(
            "      {} {path} is owned by {manager}",
            style.bad("conflict:")
        ));
        lines.push(style.faint(&format!(
            "        take it with --take '{}:{path}'",
            manager.name
        )));
    }
    if let Some(blocker) = &step.blocker {
        lines.extend(blocker_lines(step, blocker, style));
    }
    lines
}

/// What a created object will hold and nobody knows yet.
fn to_come(step: &Step) -> Vec<String> {
    let recipes = step.recipes.iter();
    let recipes = recipes.map(|(key, recipe)| format!("      data.{key}   {recipe}"));
    let certificate = step.certificate.iter();
    let certificate = certificate.map(|certificate| format!("      data   {certificate}"));
    let borrowed = step.borrowed.iter();
    let borrowed = borrowed.map(|(pointer, borrowed)| format!("      {pointer}   {borrowed}"));
    recipes.chain(certificate).chain(borrowed).collect()
}

fn change_lines(change: &Change, width: usize, style: Style) -> Vec<String> {
    let path = change.path.short().to_string();
    let why = reason(change);
    if let Some((before, after)) = value::are_texts(change.before.as_ref(), change.after.as_ref()) {
        let mut lines = vec![format!("      {path}{}", style.faint(&why))];
        lines.extend(text_lines(before, after, style));
        return lines;
    }
    let (before, after) = (Side(change.before.as_ref()), Side(change.after.as_ref()));
    vec![format!(
        "      {path:width$}   {before} → {after}{}",
        style.faint(&why)
    )]
}

fn reason(change: &Change) -> String {
    let mut reasons = Vec::new();
    match &change.cause {
        // What is not said otherwise was written in Rust.
        Cause::Definition => {}
        Cause::Drift { by: Some(manager) } => {
            let time = manager.time.as_deref();
            let when = time.map(|time| format!(", last write {time}"));
            reasons.push(format!("{}{}", change.cause, when.unwrap_or_default()));
        }
        cause => reasons.push(cause.to_string()),
    }
    if change.immutable {
        reasons.push("cannot change in place".to_owned());
    }
    if reasons.is_empty() {
        String::new()
    } else {
        format!("   ({})", reasons.join("; "))
    }
}

/// A difference of lines, with one line of context.
fn text_lines(before: &str, after: &str, style: Style) -> Vec<String> {
    let diff = TextDiff::from_lines(before, after);
    let mut lines = Vec::new();
    for (index, group) in diff.grouped_ops(1).iter().enumerate() {
        if index > 0 {
            lines.push(style.faint("        …"));
        }
        for change in group
            .iter()
            .flat_map(|operation| diff.iter_changes(operation))
        {
            let text = change.value().trim_end_matches('\n');
            lines.push(match change.tag() {
                ChangeTag::Delete => style.bad(&format!("        - {text}")),
                ChangeTag::Insert => style.good(&format!("        + {text}")),
                ChangeTag::Equal => format!("          {text}"),
            });
        }
    }
    lines
}

fn blocker_lines(step: &Step, blocker: &Blocker, style: Style) -> Vec<String> {
    let mark = style.bad("blocked:");
    match blocker {
        Blocker::Protected => vec![format!(
            "      {mark} it is protected, and this would delete it"
        )],
        Blocker::ReplaceNotAllowed => vec![
            format!(
                "      {mark} a field cannot change in place, and replacing the object was not allowed"
            ),
            style.faint(&format!("        allow it with --replace '{}'", step.id)),
        ],
        Blocker::Refused {
            code,
            message,
            causes,
        } => {
            let mut lines = vec![format!(
                "      {mark} the server refuses it ({code}): {message}"
            )];
            lines.extend(causes.iter().map(|cause| format!("        {cause}")));
            lines
        }
        Blocker::OwnedByAnotherStack { owner } => {
            vec![format!(
                "      {mark} it belongs to {owner}; remove it there first, or give it another name"
            )]
        }
        Blocker::Terminating { finalizers } => {
            let held = if finalizers.is_empty() {
                "nothing".to_owned()
            } else {
                finalizers.join(", ")
            };
            vec![format!("      {mark} it is being deleted, held by: {held}")]
        }
    }
}

fn why_kept(kept: &Kept) -> String {
    match kept {
        Kept::NotOurs => "made by other means: used, and neither changed nor deleted".to_owned(),
        Kept::Volume => "stays with its data; --delete-volumes deletes it".to_owned(),
        Kept::InUse { by, count } => {
            let names: Vec<String> = by.iter().map(ToString::to_string).collect();
            let more = if *count > by.len() {
                format!(" and {} more", count - by.len())
            } else {
                String::new()
            };
            format!("stays, in use by {}{more}", names.join(", "))
        }
    }
}

fn forgotten_line(Forgotten { id, why }: &Forgotten) -> String {
    let why = match why {
        Why::WasThereBefore => "it was there before the stack".to_owned(),
        Why::Gone => "it is gone".to_owned(),
        Why::Recreated => "someone made another of that name".to_owned(),
        Why::NotOurs => "it was not made by this stack".to_owned(),
        Why::HandedOver { owner } => format!("it belongs to {owner} now"),
    };
    format!("struck off the inventory: {id} ({why})")
}

fn fields(count: usize) -> String {
    if count == 1 {
        "1 field".to_owned()
    } else {
        format!("{count} fields")
    }
}
