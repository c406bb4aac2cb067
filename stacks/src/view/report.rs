//! How is the end of a run shown?

use provider::{
    Outcome, Readiness, Report, Verdict,
    report::{Class, Evidence, Failed},
};

use crate::{
    exit::ExitStatus,
    view::{Screen, Style},
};

/// Shows what happened: each failure with its evidence on standard error, the summary as data.
pub(crate) fn show(screen: &Screen, report: &Report) {
    if screen.json {
        return screen.event("report", report);
    }
    for (id, failed) in report.failures() {
        screen.say(&failure(Some(&id.to_string()), failed, screen.err));
    }
    // When the run stopped while something was waited for, how far it was is all that is known.
    for (id, object) in &report.objects {
        if let (None, Some(action)) = (&object.outcome, object.action) {
            let reason = object.readiness.as_ref().map(Readiness::reason);
            let reason = reason.map(|reason| format!(": {reason}"));
            let mark = screen.err.warn("unfinished:");
            screen.say(&format!(
                "{mark} {} {}{}",
                action.symbol(),
                screen.err.strong(&id.to_string()),
                reason.unwrap_or_default()
            ));
        }
    }
    if let Some(stopped) = &report.stopped {
        screen.say(&failure(None, stopped, screen.err));
    }
    screen.data(&summary(report));
}

/// The exit status of a run.
pub(crate) fn status(report: &Report) -> ExitStatus {
    match report.verdict {
        Verdict::Unchanged | Verdict::Done => ExitStatus::Done,
        Verdict::Failed => ExitStatus::Failed,
        Verdict::Conflict => ExitStatus::Conflict,
        Verdict::Stale => ExitStatus::Stale,
        Verdict::Locked => ExitStatus::Locked,
        Verdict::RolloutFailed => ExitStatus::RolloutFailed,
        Verdict::TimedOut => ExitStatus::TimedOut,
        Verdict::Interrupted => ExitStatus::Interrupted,
    }
}

fn failure(of: Option<&str>, failed: &Failed, style: Style) -> String {
    let mark = if failed.class == Class::Interrupted {
        style.warn("stopped:")
    } else {
        style.bad("failed:")
    };
    let of = of.map(|of| format!(" {}:", style.strong(of)));
    let mut lines = vec![format!(
        "{mark}{} {}",
        of.unwrap_or_default(),
        failed.message
    )];
    for Evidence { of, what, log } in &failed.evidence {
        lines.push(format!("  {of}: {what}"));
        lines.extend(log.iter().map(|line| style.faint(&format!("    | {line}"))));
    }
    if let Some(advice) = &failed.advice {
        lines.push(format!("\n{} {advice}", style.good("hint:")));
    }
    lines.join("\n")
}

/// `up: 3 created, 1 updated, 41 unchanged in 12.3 s with 102 requests`
fn summary(report: &Report) -> String {
    let mut counts = [
        ("created", 0),
        ("updated", 0),
        ("replaced", 0),
        ("deleted", 0),
        ("unchanged", 0),
        ("retained", 0),
        ("failed", 0),
        ("skipped", 0),
        ("unfinished", 0),
    ];
    for object in report.objects.values() {
        let index = match &object.outcome {
            Some(Outcome::Created) => 0,
            Some(Outcome::Updated) => 1,
            Some(Outcome::Replaced) => 2,
            Some(Outcome::Deleted) => 3,
            Some(Outcome::Kept) => 4,
            Some(Outcome::Retained { .. }) => 5,
            Some(Outcome::Failed { .. }) => 6,
            Some(Outcome::Skipped { .. }) => 7,
            None => 8,
        };
        counts[index].1 += 1;
    }
    let parts: Vec<String> = counts
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(what, count)| format!("{count} {what}"))
        .collect();
    let what = match (parts.is_empty(), &report.stopped) {
        (false, _) => parts.join(", "),
        (true, None) => "nothing to do".to_owned(),
        (true, Some(_)) => "nothing was changed".to_owned(),
    };
    let cost = match report.requests.total() {
        // What looking has cost is no part of a run.
        0 => String::new(),
        1 => " with 1 request".to_owned(),
        count => format!(" with {count} requests"),
    };
    let time = report.elapsed.as_secs_f64();
    let time = (!cost.is_empty()).then(|| format!(" in {time:.1} s"));
    format!("{}: {what}{}{cost}", report.stack, time.unwrap_or_default())
}
