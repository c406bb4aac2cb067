//! How are the objects of a stack doing?

use std::collections::BTreeMap;

use provider::{Readiness, ResourceId, cluster::Standing};
use serde::Serialize;

use crate::view::{Screen, Style};

#[derive(Serialize)]
struct Row<'a> {
    id: &'a ResourceId,
    #[serde(flatten)]
    standing: &'a Standing,
}

/// Shows each object's standing.
pub(crate) fn show(screen: &Screen, status: &BTreeMap<ResourceId, Standing>) {
    if screen.json {
        for (id, standing) in status {
            screen.event("status", &Row { id, standing });
        }
    } else {
        screen.data(&text(status, screen.out));
    }
}

/// Whether everything does what it is for.
pub(crate) fn all_ready(status: &BTreeMap<ResourceId, Standing>) -> bool {
    status.values().all(is_ready)
}

/// Whether there is nothing of it at all.
pub(crate) fn none_is_there(status: &BTreeMap<ResourceId, Standing>) -> bool {
    let mut all = status.values();
    all.all(|standing| matches!(standing, Standing::Absent))
}

fn is_ready(standing: &Standing) -> bool {
    matches!(
        standing,
        Standing::Present {
            readiness: Readiness::Ready
        }
    )
}

fn text(status: &BTreeMap<ResourceId, Standing>, style: Style) -> String {
    let lengths = status.keys().map(|id| id.to_string().chars().count());
    let width = lengths.max().unwrap_or_default();
    let row = |(id, standing): (&ResourceId, &Standing)| {
        format!("  {:width$}  {}", id.to_string(), word(standing, style))
    };
    let mut lines: Vec<String> = status.iter().map(row).collect();
    let ready = status
        .values()
        .filter(|standing| is_ready(standing))
        .count();
    lines.push(format!("status: {ready} of {} ready", status.len()));
    lines.join("\n")
}

fn word(standing: &Standing, style: Style) -> String {
    let Standing::Present { readiness } = standing else {
        return style.bad("missing");
    };
    match readiness {
        Readiness::Ready => style.good("ready"),
        Readiness::Progressing(reason) => format!("{} {reason}", style.warn("progressing:")),
        Readiness::Failed(reason) => format!("{} {reason}", style.bad("failed:")),
        Readiness::Terminating(reason) => format!("{} {reason}", style.warn("terminating:")),
    }
}
