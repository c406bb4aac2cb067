//! How is the end of a run shown?

use provider::{
    Outcome, Report, Verdict,
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
        screen.say(&failure(&id.to_string(), failed, screen.err));
    }
    if let Some(stopped) = &report.stopped {
        screen.say(&failure("the run stopped", stopped, screen.err));
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

fn failure(of: &str, failed: &Failed, style: Style) -> String {
    let mark = if failed.class == Class::Interrupted {
        style.warn("stopped:")
    } else {
        style.bad("failed:")
    };
    let mut lines = vec![format!("{mark} {} {}", style.strong(of), failed.message)];
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
    let what = if parts.is_empty() {
        "nothing to do".to_owned()
    } else {
        parts.join(", ")
    };
    format!(
        "{}: {what} in {:.1} s with {} requests",
        report.stack,
        report.elapsed.as_secs_f64(),
        report.requests.total()
    )
}
