//! The processor that changes anything, by statements.

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;

use super::ottl_groups::{About, ErrorMode, checked};
use crate::component::{Class, Component};
use crate::ottl::{self, InLogs, InMetrics, InTraces, Statement, check_condition, check_statement};
use crate::{ComponentType, Signal, Stability};

settings! {
    /// Changes anything, by statements in OTTL, in their order.
    pub struct Transform {
        /// What happens when a statement cannot be carried out: it is logged and passed over, where nothing is said.
        pub error_mode: Option<ErrorMode>,
        /// Statements about spans, their events, scopes and resources.
        pub trace_statements: Vec<Statements<InTraces>>,
        /// Statements about metrics, data points, scopes and resources.
        pub metric_statements: Vec<Statements<InMetrics>>,
        /// Statements about log records, scopes and resources.
        pub log_statements: Vec<Statements<InLogs>>,
        /// Whether each log record gets a resource of its own first; needs the feature gate `transform.flatten.logs`.
        pub flatten_data: bool,
    }

    /// Statements about one kind of thing.
    #[derive(Eq)]
    pub struct StatementGroup {
        /// What they are about; follows from the paths in them, where nothing is said.
        pub context: Option<About>,
        /// One of these has to hold, in OTTL; none, where nothing is said.
        pub conditions: Vec<String>,
        /// The statements, in OTTL.
        pub statements: Vec<String>,
        /// What happens when one cannot be carried out.
        pub error_mode: Option<ErrorMode>,
    }
}

/// One statement, or several with what they are about. A list has only one or only the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged, bound = "")]
pub enum Statements<A> {
    /// One statement, whose paths say what it is about: `set(span.name, "x")`.
    One(Statement<A>),
    /// Several, with what they are about.
    Group(StatementGroup),
}

impl<'de, A: ottl::About> Deserialize<'de> for Statements<A> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let found = match Value::deserialize(deserializer)? {
            text @ Value::String(_) => Statement::deserialize(text).map(Self::One),
            group => StatementGroup::deserialize(group).map(Self::Group),
        };
        found.map_err(de::Error::custom)
    }
}

impl<A: ottl::About> Statements<A> {
    /// Each of them for itself.
    fn each(statements: impl IntoIterator<Item = impl Into<Statement<A>>>) -> Vec<Self> {
        let statements = statements.into_iter().map(Into::into);
        statements.map(Self::One).collect()
    }

    /// What is wrong with the texts of a group; a single one was checked when it was read.
    fn mistakes(&self) -> Vec<String> {
        let Self::Group(group) = self else {
            return Vec::new();
        };
        let contexts = About::contexts(group.context, A::CONTEXTS);
        let mut found = checked(&group.conditions, contexts, check_condition);
        found.extend(checked(&group.statements, contexts, check_statement));
        found
    }

    fn all(field: &str, list: &[Self]) -> Vec<String> {
        let single = |entry: &&Self| matches!(entry, Self::One(_));
        let singles = list.iter().filter(single).count();
        let mut found: Vec<String> = list.iter().flat_map(Self::mistakes).collect();
        if singles != 0 && singles != list.len() {
            found.push(format!(
                "{field}: either single statements or groups, not both"
            ));
        }
        found
    }
}

impl Transform {
    /// Changes traces by these; their paths say what they are about.
    pub fn traces(statements: impl IntoIterator<Item = impl Into<Statement<InTraces>>>) -> Self {
        Self {
            trace_statements: Statements::each(statements),
            ..Self::default()
        }
    }

    /// Changes metrics by these; their paths say what they are about.
    pub fn metrics(statements: impl IntoIterator<Item = impl Into<Statement<InMetrics>>>) -> Self {
        Self {
            metric_statements: Statements::each(statements),
            ..Self::default()
        }
    }

    /// Changes logs by these; their paths say what they are about.
    pub fn logs(statements: impl IntoIterator<Item = impl Into<Statement<InLogs>>>) -> Self {
        Self {
            log_statements: Statements::each(statements),
            ..Self::default()
        }
    }
}

impl Component for Transform {
    const TYPE: &'static ComponentType = &ComponentType::of::<Self>(Class::Processor, "transform")
        .signals(&Signal::ALL)
        .ripe(Stability::Beta);

    fn mistakes(&self) -> Vec<String> {
        let mut found = Statements::all("trace_statements", &self.trace_statements);
        found.extend(Statements::all(
            "metric_statements",
            &self.metric_statements,
        ));
        found.extend(Statements::all("log_statements", &self.log_statements));
        if self.flatten_data {
            let gate = "`flatten_data` needs the feature gate `transform.flatten.logs`";
            found.push(gate.to_owned());
        }
        found
    }
}
