//! The processor that changes anything, by statements.

use serde::{Deserialize, Serialize};

use super::filter::{Context, ErrorMode};
use crate::component::{Class, Component};
use crate::{ComponentType, Signal, Stability};

settings! {
    /// Changes anything, by statements in OTTL, in their order.
    pub struct Transform {
        /// What happens when a statement cannot be carried out: it is logged and passed over, where nothing is said.
        pub error_mode: Option<ErrorMode>,
        /// Statements about spans, their events, scopes and resources.
        pub trace_statements: Vec<Statements>,
        /// Statements about metrics, data points, scopes and resources.
        pub metric_statements: Vec<Statements>,
        /// Statements about log records, scopes and resources.
        pub log_statements: Vec<Statements>,
        /// Whether each log record gets a resource of its own first; needs the feature gate `transform.flatten.logs`.
        pub flatten_data: bool,
    }

    /// Statements about one kind of thing.
    #[derive(Eq)]
    pub struct StatementGroup {
        /// What they are about; follows from the paths in them, where nothing is said.
        pub context: Option<Context>,
        /// One of these has to hold, in OTTL; none, where nothing is said.
        pub conditions: Vec<String>,
        /// The statements, in OTTL.
        pub statements: Vec<String>,
        /// What happens when one cannot be carried out.
        pub error_mode: Option<ErrorMode>,
    }
}

/// One statement, or several with what they are about. A list has only one or only the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Statements {
    /// One statement, in OTTL, whose paths say what it is about: `set(span.name, "x")`.
    One(String),
    /// Several, with what they are about.
    Group(StatementGroup),
}

impl Transform {
    fn mixed(&self) -> impl Iterator<Item = String> {
        let lists = [
            ("trace_statements", &self.trace_statements),
            ("metric_statements", &self.metric_statements),
            ("log_statements", &self.log_statements),
        ];
        lists.into_iter().filter_map(|(field, list)| {
            let single = |entry: &&Statements| matches!(entry, Statements::One(_));
            let singles = list.iter().filter(single).count();
            (singles != 0 && singles != list.len())
                .then(|| format!("{field}: either single statements or groups, not both"))
        })
    }

    fn empty(&self) -> impl Iterator<Item = String> {
        let lists = [
            &self.trace_statements,
            &self.metric_statements,
            &self.log_statements,
        ];
        lists.into_iter().flatten().filter_map(|entry| match entry {
            Statements::Group(group) if group.statements.is_empty() => {
                Some("a group needs `statements`".to_owned())
            }
            _ => None,
        })
    }
}

impl Component for Transform {
    const TYPE: &'static ComponentType = &ComponentType::of::<Self>(Class::Processor, "transform")
        .signals(&Signal::ALL)
        .ripe(Stability::Beta);

    fn mistakes(&self) -> Vec<String> {
        let flat = "`flatten_data` needs the feature gate `transform.flatten.logs`";
        let flat = self.flatten_data.then(|| flat.to_owned());
        self.mixed().chain(self.empty()).chain(flat).collect()
    }
}
