//! What does a rule say, and how does Prometheus read it?

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{file::yaml, watch::Rules};

/// Where the pages that alerts lead to are kept.
const RUNBOOKS: &str = "docs/runbooks";

/// How soon somebody has to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// At once, at night too: data is being lost, or soon will be.
    Critical,
    /// On a working day.
    Warning,
}

/// Something that somebody has to be told.
#[derive(Clone, Debug)]
pub(crate) struct Alert {
    /// Its name, which is also that of its page.
    pub(crate) name: &'static str,
    /// How soon somebody has to look.
    pub(crate) severity: Severity,
    /// How long it must be so.
    pub(crate) hold: &'static str,
    /// When it is so, in PromQL.
    pub(crate) when: String,
    /// What is so, in a sentence; labels are written `{{ $labels.pod }}`.
    pub(crate) says: &'static str,
}

/// A series that is worked out beforehand.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// Its name: `level:metric:operation`.
    pub(crate) name: &'static str,
    /// What it is, in PromQL.
    pub(crate) is: String,
}

/// The rules about one kind of program.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) name: &'static str,
    pub(crate) records: Vec<Record>,
    pub(crate) alerts: Vec<Alert>,
}

/// A file of rules as Prometheus reads it.
#[derive(Serialize)]
struct File {
    groups: [FileGroup; 1],
}

#[derive(Serialize)]
struct FileGroup {
    name: &'static str,
    rules: Vec<FileRule>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum FileRule {
    Record {
        record: &'static str,
        expr: String,
    },
    Alert {
        alert: &'static str,
        expr: String,
        #[serde(rename = "for")]
        hold: &'static str,
        labels: BTreeMap<&'static str, Severity>,
        annotations: BTreeMap<&'static str, String>,
    },
}

impl Group {
    /// The file of this group; none where there is nothing to say.
    pub(crate) fn file(self) -> Option<Rules> {
        if self.records.is_empty() && self.alerts.is_empty() {
            return None;
        }
        let records = self.records.into_iter().map(|record| FileRule::Record {
            record: record.name,
            expr: record.is,
        });
        let rules = records
            .chain(self.alerts.into_iter().map(Alert::rule))
            .collect();
        let file = File {
            groups: [FileGroup {
                name: self.name,
                rules,
            }],
        };
        Some(Rules::new(format!("{}.yml", self.name), yaml(&file)))
    }
}

impl Alert {
    fn rule(self) -> FileRule {
        let page = format!("{RUNBOOKS}/{}.md", self.name);
        FileRule::Alert {
            alert: self.name,
            expr: self.when,
            hold: self.hold,
            labels: [("severity", self.severity)].into(),
            annotations: [("summary", self.says.to_owned()), ("runbook", page)].into(),
        }
    }
}
