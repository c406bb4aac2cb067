//! Where does the memory of each collector go? The budgets that stand beside the configurations, as a table.

use std::collections::BTreeSet;

use modules::memory::{Ledger, MEMORY_ANNOTATION, Part};
use provider::{Graph, Resource, ResourceId};
use serde::Serialize;

use crate::view::Style;

const MIB: u64 = 1 << 20;

/// The budgets of one stack.
#[derive(Debug, Serialize)]
pub(crate) struct Budgets {
    stack: String,
    budgets: Vec<Budget>,
}

/// The budget of each Pod of some workloads.
#[derive(Debug, Serialize)]
struct Budget {
    workloads: Vec<Pods>,
    #[serde(flatten)]
    ledger: Ledger,
}

/// A workload, and how many Pods of it there are.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Pods {
    workload: ResourceId,
    /// None where the cluster decides.
    replicas: Option<u64>,
}

impl Budgets {
    /// Reads them from what the modules wrote beside the configurations.
    pub(crate) fn of(graph: &Graph) -> Self {
        let budget = |resource: &Resource| {
            let annotations = resource.object.pointer("/metadata/annotations")?;
            let text = annotations.get(MEMORY_ANNOTATION)?.as_str()?;
            // Another module may say something else in the same place.
            let ledger = serde_json::from_str(text).ok()?;
            let readers = graph.edges().iter().filter(|edge| edge.to == resource.id);
            let workloads = readers.filter_map(|edge| Pods::of(graph.get(&edge.from)?));
            let workloads: BTreeSet<Pods> = workloads.collect();
            Some(Budget {
                workloads: workloads.into_iter().collect(),
                ledger,
            })
        };
        let mut budgets: Vec<Budget> = graph.resources().filter_map(budget).collect();
        budgets.sort_by(|a, b| a.workloads.cmp(&b.workloads));
        Self {
            stack: graph.stack().to_owned(),
            budgets,
        }
    }

    /// A table for people.
    pub(crate) fn text(&self, style: Style) -> String {
        let mut lines = Vec::new();
        let parts = self.budgets.iter().flat_map(|budget| &budget.ledger.parts);
        let width = parts.map(|part| part.what.chars().count()).max();
        for Budget { workloads, ledger } in &self.budgets {
            let names: Vec<String> = workloads.iter().map(Pods::name).collect();
            let limit = format!("{}: {} each", names.join(", "), mebibytes(ledger.limit));
            lines.push(style.strong(&limit));
            for part in &ledger.parts {
                lines.push(row(part, ledger.limit, width.unwrap_or_default()));
            }
            lines.push(format!(
                "    refuses at {}, GOMEMLIMIT {}",
                mebibytes(ledger.refuses_at),
                mebibytes(ledger.go_limit)
            ));
            let enough = ledger.enough_for.iter();
            lines.extend(enough.map(|what| format!("    enough for {what}")));
        }
        lines.push(format!("budget: {} collectors", self.budgets.len()));
        lines.join("\n")
    }
}

impl Pods {
    fn of(workload: &Resource) -> Option<Self> {
        let per_node = workload.id.kind == "DaemonSet";
        let spec = workload.object.get("spec")?;
        Some(Self {
            workload: workload.id.clone(),
            replicas: (!per_node)
                .then(|| spec.get("replicas")?.as_u64())
                .flatten(),
        })
    }

    fn name(&self) -> String {
        match (self.replicas, self.workload.kind.as_str()) {
            (Some(replicas), _) => format!("{} × {replicas}", self.workload),
            (None, "DaemonSet") => format!("{} on each node", self.workload),
            (None, _) => self.workload.to_string(),
        }
    }
}

fn row(part: &Part, limit: u64, width: usize) -> String {
    let percent = (part.bytes * 100).checked_div(limit).unwrap_or_default();
    let bytes = mebibytes(part.bytes);
    format!(
        "    {:width$}  {bytes:>9}  {percent:>3} %  {}",
        part.what, part.why
    )
}

fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes / MIB)
}
