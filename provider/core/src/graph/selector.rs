//! Which Pods does a selector select?

use std::collections::BTreeMap;

use serde_json::Value;

use super::walk::{items, text};

/// Labels, borrowed from an object.
pub(crate) type Labels<'a> = BTreeMap<&'a str, &'a str>;

/// The labels in a JSON object; what is not text is left out.
pub(crate) fn labels(value: Option<&Value>) -> Labels<'_> {
    value
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
        .collect()
}

/// What carries labels that a selector may ask for.
pub(crate) trait Labelled {
    /// The value of a label.
    fn label(&self, key: &str) -> Option<&str>;

    /// Whether a label has this value.
    fn has(&self, key: &str, value: &str) -> bool {
        self.label(key) == Some(value)
    }
}

impl Labelled for Labels<'_> {
    fn label(&self, key: &str) -> Option<&str> {
        self.get(key).copied()
    }
}

/// Whether a `LabelSelector` (`matchLabels` and `matchExpressions`) selects these labels. An empty one selects all.
pub(crate) fn selects(selector: &Value, of: &impl Labelled) -> bool {
    has_all(selector.get("matchLabels"), of)
        && items(selector, "matchExpressions")
            .iter()
            .all(|expression| holds(expression, of))
}

/// Whether a plain map of labels, as a Service has it, selects these labels.
pub(crate) fn has_all(wanted: Option<&Value>, of: &impl Labelled) -> bool {
    let wanted = wanted.and_then(Value::as_object);
    wanted
        .into_iter()
        .flatten()
        .all(|(key, value)| value.as_str().is_some_and(|value| of.has(key, value)))
}

/// Whether a selector says nothing, and so selects everything.
pub(crate) fn is_empty(selector: &Value) -> bool {
    labels(selector.get("matchLabels")).is_empty() && items(selector, "matchExpressions").is_empty()
}

fn holds(expression: &Value, of: &impl Labelled) -> bool {
    let actual = text(expression, "key").and_then(|key| of.label(key));
    let listed = || {
        items(expression, "values")
            .iter()
            .any(|value| value.as_str() == actual)
    };
    match text(expression, "operator") {
        Some("In") => actual.is_some() && listed(),
        Some("NotIn") => actual.is_none() || !listed(),
        Some("Exists") => actual.is_some(),
        Some("DoesNotExist") => actual.is_none(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn selectors_select_as_the_api_server_does() {
        let of = Labels::from([("app", "otlp"), ("tier", "gateway")]);
        for (selector, expected) in [
            (json!({}), true),
            (json!({ "matchLabels": { "app": "otlp" } }), true),
            (json!({ "matchLabels": { "app": "other" } }), false),
            (json!({ "matchLabels": { "absent": "" } }), false),
            (expression("In", &["agent", "gateway"]), true),
            (expression("In", &["agent"]), false),
            (expression("NotIn", &["agent"]), true),
            (expression("NotIn", &["gateway"]), false),
            (expression("Exists", &[]), true),
            (expression("DoesNotExist", &[]), false),
            (expression("Near", &[]), false),
        ] {
            assert_eq!(selects(&selector, &of), expected, "{selector}");
        }
    }

    fn expression(operator: &str, values: &[&str]) -> Value {
        json!({ "matchExpressions": [{ "key": "tier", "operator": operator, "values": values }] })
    }
}
