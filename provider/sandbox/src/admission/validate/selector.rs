//! Whether a label selector is legal, and what it selects.

use serde_json::Value;

use super::super::at::At;
use super::super::cause::Causes;
use super::metadata::labels;
use super::names::{check, label_value, qualified_name};

/// A `LabelSelector`, which may be absent.
pub(crate) fn label_selector(at: &At<'_>, causes: &mut Causes) {
    labels(&at.field("matchLabels"), causes);
    for expression in at.field("matchExpressions").items() {
        requirement(&expression, causes);
    }
}

fn requirement(at: &At<'_>, causes: &mut Causes) {
    let values = at.field("values");
    match at.field("operator").text() {
        "In" | "NotIn" => {
            if values.is_empty() {
                causes.required(
                    &values,
                    "must be specified when `operator` is 'In' or 'NotIn'",
                );
            }
        }
        "Exists" | "DoesNotExist" => {
            if !values.is_empty() {
                causes.forbidden(
                    &values,
                    "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
                );
            }
        }
        _ => causes.invalid(&at.field("operator"), "not a valid selector operator"),
    }
    check(&at.field("key"), qualified_name, causes);
    for value in values.items() {
        check(&value, label_value, causes);
    }
}

/// Whether the selector is there and says nothing, which selects everything.
pub(crate) fn selects_everything(at: &At<'_>) -> bool {
    at.is_set() && at.field("matchLabels").is_empty() && at.field("matchExpressions").is_empty()
}

/// Whether `labels` match a legal selector; an absent selector matches nothing.
pub(crate) fn matches(selector: &Value, labels: &At<'_>) -> bool {
    let selector = At::root(selector);
    if selector.is_absent() {
        return false;
    }
    let equal = selector
        .field("matchLabels")
        .entries()
        .iter()
        .all(|(key, value)| labels.key(key).value() == value.value());
    equal
        && selector
            .field("matchExpressions")
            .items()
            .iter()
            .all(|expression| satisfies(expression, labels))
}

fn satisfies(expression: &At<'_>, labels: &At<'_>) -> bool {
    let label = labels.key(expression.field("key").text());
    let listed = label.is_set() && expression.field("values").texts().contains(&label.text());
    match expression.field("operator").text() {
        "In" => listed,
        "NotIn" => !listed,
        "Exists" => label.is_set(),
        "DoesNotExist" => label.is_absent(),
        _ => false,
    }
}

/// Whether a selector can be evaluated at all: its keys, operators and values are legal.
pub(crate) fn is_usable(at: &At<'_>) -> bool {
    let mut causes = Causes::default();
    label_selector(at, &mut causes);
    causes.len() == 0
}

/// A selector that a workload must have, and the labels of its template that it must match.
pub(crate) fn selects_template(
    selector: &At<'_>,
    template: &At<'_>,
    kind: &str,
    causes: &mut Causes,
) {
    if selector.is_absent() {
        causes.required(selector, "");
    }
    label_selector(selector, causes);
    if selects_everything(selector) {
        causes.invalid(selector, &format!("empty selector is invalid for {kind}"));
    } else if !is_usable(selector) {
        causes.invalid(selector, "invalid label selector");
    } else if !matches(selector.value(), &template.at("metadata.labels")) {
        causes.invalid(
            &template.at("metadata.labels"),
            "`selector` does not match template `labels`",
        );
    }
}
