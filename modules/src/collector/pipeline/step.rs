//! What can happen to data on its way, one after the other?

use collector_config::{
    ComponentId, Config, IdError, Signal as Kind,
    components::{
        filter::Filter,
        processors::{Action, AttributeAction, Resource},
        transform::Transform,
    },
};

use super::Pipeline;
use crate::signal::Signal;

/// One thing that happens to data.
#[derive(Clone, Debug)]
pub(in crate::collector) enum Step {
    /// Attributes of what data comes from are changed.
    Resource(Resource),
    /// What a condition is true for is dropped.
    Drop(Vec<String>),
    /// Statements change it.
    Transform(Vec<String>),
}

impl<S: Signal> Pipeline<S> {
    /// Says something of where data comes from, whatever was said before: `k8s.cluster.name`, for example.
    #[must_use]
    pub fn resource(mut self, key: &str, value: &str) -> Self {
        let action = AttributeAction {
            key: key.to_owned(),
            action: Action::Upsert,
            value: Some(literal(value).into()),
            ..AttributeAction::default()
        };
        match self.way.steps.last_mut() {
            Some(Step::Resource(resource)) => resource.attributes.push(action),
            _ => self.way.steps.push(Step::Resource(Resource {
                attributes: vec![action],
            })),
        }
        self
    }

    /// Gives every span, data point or log record this attribute.
    #[must_use]
    pub fn attribute(self, key: &str, value: &str) -> Self {
        let (item, key, value) = (item(S::KIND), quoted(key), quoted(value));
        self.transform(&format!("set({item}.attributes[{key}], {value})"))
    }

    /// Takes this attribute from every span, data point or log record: a header with a password, for example.
    #[must_use]
    pub fn without_attribute(self, key: &str) -> Self {
        let (item, key) = (item(S::KIND), quoted(key));
        self.transform(&format!("delete_key({item}.attributes, {key})"))
    }

    /// Drops what this condition in OTTL is true for: `span.attributes["url.path"] == "/healthz"`.
    ///
    /// Of spans, a condition that is true for some leaves traces with holes; to drop whole traces, sample.
    #[must_use]
    pub fn drop_if(mut self, condition: &str) -> Self {
        match self.way.steps.last_mut() {
            Some(Step::Drop(conditions)) => conditions.push(condition.to_owned()),
            _ => self.way.steps.push(Step::Drop(vec![condition.to_owned()])),
        }
        self
    }

    /// Changes everything by this statement in OTTL: `set(log.severity_text, "INFO") where log.severity_text == ""`.
    #[must_use]
    pub fn transform(mut self, statement: &str) -> Self {
        if let Some(Step::Transform(statements)) = self.way.steps.last_mut() {
            statements.push(statement.to_owned());
        } else {
            let first = vec![statement.to_owned()];
            self.way.steps.push(Step::Transform(first));
        }
        self
    }
}

/// What OTTL calls one item of a signal.
fn item(signal: Kind) -> &'static str {
    match signal {
        Kind::Traces => "span",
        Kind::Metrics => "datapoint",
        Kind::Logs => "log",
    }
}

/// A text in which a collector finds no variable.
fn literal(text: &str) -> String {
    text.replace('$', "$$")
}

/// A text in OTTL.
fn quoted(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", literal(&text))
}

impl Step {
    /// Defines the processor for it.
    fn define(
        &self,
        config: &mut Config,
        signal: Kind,
        name: &str,
    ) -> Result<ComponentId, IdError> {
        match self {
            Self::Resource(resource) => config.add_named(name, resource),
            Self::Drop(conditions) => {
                let conditions = conditions.iter().cloned();
                let filter = match signal {
                    Kind::Traces => Filter::traces(conditions),
                    Kind::Metrics => Filter::metrics(conditions),
                    Kind::Logs => Filter::logs(conditions),
                };
                config.add_named(name, &filter)
            }
            Self::Transform(statements) => config.add_named(name, &transform(signal, statements)),
        }
    }

    /// Defines the processors for all of them, named by their pipeline and place.
    pub(in crate::collector) fn define_all(
        steps: &[Self],
        config: &mut Config,
        signal: Kind,
        pipeline: &str,
    ) -> Result<Vec<ComponentId>, IdError> {
        let each = steps.iter().enumerate();
        each.map(|(place, step)| step.define(config, signal, &format!("{pipeline}-{}", place + 1)))
            .collect()
    }
}

/// The processor that works statements out.
pub(super) fn transform(signal: Kind, statements: &[String]) -> Transform {
    let statements = statements.iter().cloned();
    match signal {
        Kind::Traces => Transform::traces(statements),
        Kind::Metrics => Transform::metrics(statements),
        Kind::Logs => Transform::logs(statements),
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_value_breaks_out_of_no_statement_and_asks_for_no_variable() {
        for (text, written) in [
            ("plain", r#""plain""#),
            (r#"a"b"#, r#""a\"b""#),
            (r"a\", r#""a\\""#),
            ("${env:HOME}", r#""$${env:HOME}""#),
        ] {
            assert_eq!(quoted(text), written);
        }
    }
}
