//! How are the objects of a stack doing?

use std::collections::BTreeMap;

use provider::{Readiness, ResourceId};
use serde::Serialize;

use crate::view::{Screen, Style};

#[derive(Serialize)]
struct Row<'a> {
    id: &'a ResourceId,
    #[serde(skip_serializing_if = "Option::is_none")]
    readiness: Option<&'a Readiness>,
}

/// Shows each object's readiness; none where it does not exist.
pub(crate) fn show(screen: &Screen, status: &BTreeMap<ResourceId, Option<Readiness>>) {
    if screen.json {
        for (id, readiness) in status {
            screen.event(
                "status",
                &Row {
                    id,
                    readiness: readiness.as_ref(),
                },
            );
        }
    } else {
        screen.data(&text(status, screen.out));
    }
}

/// Whether everything does what it is for.
pub(crate) fn all_ready(status: &BTreeMap<ResourceId, Option<Readiness>>) -> bool {
    status
        .values()
        .all(|readiness| readiness.as_ref().is_some_and(Readiness::is_ready))
}

fn text(status: &BTreeMap<ResourceId, Option<Readiness>>, style: Style) -> String {
    let width = status
        .keys()
        .map(|id| id.to_string().chars().count())
        .max()
        .unwrap_or_default();
    let mut lines: Vec<String> = status
        .iter()
        .map(|(id, readiness)| {
            format!(
                "  {:width$}  {}",
                id.to_string(),
                word(readiness.as_ref(), style)
            )
        })
        .collect();
    let ready = status
        .values()
        .flatten()
        .filter(|readiness| readiness.is_ready())
        .count();
    lines.push(format!("status: {ready} of {} ready", status.len()));
    lines.join("\n")
}

fn word(readiness: Option<&Readiness>, style: Style) -> String {
    match readiness {
        None => style.bad("missing"),
        Some(Readiness::Ready) => style.good("ready"),
        Some(Readiness::Progressing(reason)) => format!("{} {reason}", style.warn("progressing:")),
        Some(Readiness::Failed(reason)) => format!("{} {reason}", style.bad("failed:")),
        Some(Readiness::Terminating(reason)) => format!("{} {reason}", style.warn("terminating:")),
    }
}
