//! How is it shown what runs on this machine for real?

use std::path::Path;

use serde_json::{Value, json};

use crate::{
    causes::in_one_line,
    local::{Done, Ending, Facts, LocalError, Need, Seen, Standing},
    view::{Screen, Style},
};

/// Shows what was done about a program: an event at once, and the text that is to stand at the end.
pub(crate) fn done(screen: &Screen, done: &Done) {
    if screen.json {
        screen.event("local", &event(done));
    } else if done.result.is_ok() {
        screen.data(&text(done, screen.out));
    } else {
        screen.say(&text(done, screen.err));
    }
}

fn event(done: &Done) -> Value {
    let pid = done.result.as_ref().ok().copied().flatten();
    let ended = done.ending.filter(|ending| *ending != Ending::WasNot);
    json!({
        "name": done.name,
        "state": state(done),
        "pid": pid,
        "ended": ended.map(|ending| match ending {
            Ending::Drained(pid) => json!({"pid": pid, "how": "drained"}),
            Ending::Killed(pid) => json!({"pid": pid, "how": "killed"}),
            Ending::WasNot => Value::Null,
        }),
        "error": done.result.as_ref().err().map(|error| in_one_line(error)),
        "said": done.result.as_ref().err().map(LocalError::log),
        "listens": done.facts.listens,
        "files": done.facts.files,
        "sends": done.facts.sends,
        "not_sent": done.facts.not_sent,
        "remarks": done.facts.remarks,
        "log": done.log,
        "kept": done.kept,
    })
}

/// One word for what became of it.
fn state(done: &Done) -> &'static str {
    match (&done.need, &done.result) {
        (_, Err(LocalError::Impossible(_) | LocalError::Configuration(_))) => "simulated",
        (_, Err(_)) => "failed",
        (Need::Nothing, _) => "unchanged",
        (Need::Start | Need::StartAgain, _) => "started",
        (Need::Reload, _) => "reloaded",
        (Need::Restart(_), _) => "restarted",
        (Need::End, _) => "ended",
        (Need::Cannot(_), _) => "simulated",
    }
}

fn text(done: &Done, style: Style) -> String {
    let name = style.strong(&format!("`{}`", done.name));
    let pid = match &done.result {
        Err(error) => return failure(done, error, &name, style),
        Ok(Some(pid)) => pid,
        Ok(None) => return ended(done, &name),
    };
    let how = match &done.need {
        Need::StartAgain => format!("runs on this machine again, as pid {pid}"),
        Need::Reload => {
            format!("runs on this machine, as pid {pid}, and took its new configuration")
        }
        Need::Restart(why) => format!("runs on this machine, as pid {pid}: started anew, {why}"),
        Need::Nothing => format!("runs on this machine, as pid {pid}, unchanged"),
        Need::Start | Need::End | Need::Cannot(_) => {
            format!("runs on this machine, as pid {pid}")
        }
    };
    let mut lines = vec![format!("local: {name} {how}")];
    lines.extend(facts(&done.facts, Some(&done.log)));
    lines.join("\n")
}

fn ended(done: &Done, name: &str) -> String {
    let how = match done.ending {
        Some(Ending::Drained(pid)) => format!("ended on this machine: pid {pid} sent what it had"),
        Some(Ending::Killed(pid)) => {
            format!("was killed on this machine: pid {pid} had not sent everything")
        }
        Some(Ending::WasNot) | None => "ran no more on this machine".to_owned(),
    };
    match &done.kept {
        Some(kept) => format!(
            "local: {name} {how}; what it wrote stays in {} (--delete-volumes deletes it)",
            kept.display()
        ),
        None => format!("local: {name} {how}"),
    }
}

fn failure(done: &Done, error: &LocalError, name: &str, style: Style) -> String {
    let why = in_one_line(error);
    if state(done) == "simulated" {
        let mark = style.warn("local:");
        return format!("{mark} {name} is only simulated: {why}");
    }
    let mut lines = vec![format!("{} local {name}: {why}", style.bad("failed:"))];
    let log = error.log().iter();
    lines.extend(log.map(|line| style.faint(&format!("    | {line}"))));
    if !error.log().is_empty() {
        lines.push(format!("  the whole log: {}", done.log.display()));
    }
    lines.join("\n")
}

/// What a program does, a line for each kind.
fn facts(facts: &Facts, log: Option<&Path>) -> Vec<String> {
    let mut rows: Vec<(String, String)> = Vec::new();
    for one in &facts.listens {
        let instead = one.instead_of.map(|port| format!("   ({port} is taken)"));
        let address = format!("{}{}", one.address, instead.unwrap_or_default());
        rows.push((one.what.clone(), address));
    }
    for (id, path) in &facts.files {
        rows.push((id.clone(), path.display().to_string()));
    }
    if !facts.sends.is_empty() {
        rows.push(("sends to".to_owned(), facts.sends.join(", ")));
    }
    if !facts.not_sent.is_empty() {
        let places = format!(
            "{}   (simulated: nothing is sent there)",
            facts.not_sent.join(", ")
        );
        rows.push(("not sent".to_owned(), places));
    }
    rows.extend(
        facts
            .remarks
            .iter()
            .map(|remark| ("note".to_owned(), remark.clone())),
    );
    rows.extend(log.map(|log| ("log".to_owned(), log.display().to_string())));
    let width = rows.iter().map(|(what, _)| what.chars().count()).max();
    let width = width.unwrap_or_default();
    let rows = rows.into_iter();
    rows.map(|(what, text)| format!("  {what:width$}  {text}"))
        .collect()
}

/// Shows what there is to do about programs, for `plan`; those that need nothing are not named.
pub(crate) fn planned(screen: &Screen, seen: &[Seen]) {
    for one in seen.iter().filter(|one| one.need != Need::Nothing) {
        let text = match &one.need {
            Need::Start => "would be started on this machine".to_owned(),
            Need::Reload => "would be given its new configuration".to_owned(),
            Need::Restart(why) => format!("would be started anew: {why}"),
            Need::End => "would be ended: the stack has it no more".to_owned(),
            Need::StartAgain => format!("{}; it would be started again", dead(one)),
            Need::Cannot(why) => format!("is only simulated: {why}"),
            Need::Nothing => continue,
        };
        show(screen, one, &text);
    }
}

/// Shows which programs somebody else has ended, for `drift`.
pub(crate) fn drifted(screen: &Screen, seen: &[Seen]) {
    for one in seen.iter().filter(|one| one.need == Need::StartAgain) {
        show(
            screen,
            one,
            &format!("drifted: it {}; `up` starts it again", dead(one)),
        );
    }
}

/// Shows how all programs are doing, for `status`.
pub(crate) fn status(screen: &Screen, seen: &[Seen]) {
    for one in seen {
        let text = match (&one.standing, &one.need) {
            (Standing::Alive { pid }, need) => {
                let old = match need {
                    Need::Nothing => "",
                    _ => ", and `up` has something to do about it",
                };
                format!("runs on this machine, as pid {pid}{old}")
            }
            (_, Need::StartAgain) => format!("{}; `up` starts it again", dead(one)),
            (_, Need::Cannot(why)) => format!("is only simulated: {why}"),
            _ => "does not run on this machine; `up` starts it".to_owned(),
        };
        show(screen, one, &text);
    }
}

fn dead(one: &Seen) -> String {
    let Standing::Dead { pid } = one.standing else {
        return "runs no more".to_owned();
    };
    format!("runs no more: pid {pid} ended by itself, or somebody ended it")
}

fn show(screen: &Screen, one: &Seen, text: &str) {
    if screen.json {
        let (standing, pid) = match one.standing {
            Standing::Absent => ("absent", None),
            Standing::Dead { pid } => ("dead", Some(pid)),
            Standing::Alive { pid } => ("alive", Some(pid)),
        };
        let body = json!({
            "name": one.name, "state": standing, "pid": pid, "message": text,
            "listens": one.facts.listens, "files": one.facts.files,
        });
        return screen.event("local", &body);
    }
    let mut lines = vec![format!("local: `{}` {text}", one.name)];
    if matches!(one.standing, Standing::Alive { .. }) {
        lines.extend(facts(&one.facts, None));
    }
    screen.say(&lines.join("\n"));
}
