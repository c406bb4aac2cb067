//! Numbers that may be percentages, and ports.

use serde_json::Value;

use super::super::at::At;
use super::super::cause::Causes;
use super::names::{check, is_percent, port_name};

/// A count that is not negative, or a percentage.
pub(crate) fn count_or_percent(at: &At<'_>, causes: &mut Causes) {
    match at.value() {
        Value::String(text) if !is_percent(text) => causes.invalid(
            at,
            "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
        ),
        Value::Number(_) => causes.non_negative(at),
        _ => {}
    }
}

/// A percentage of at most a hundred; counts pass.
pub(crate) fn at_most_all(at: &At<'_>, causes: &mut Causes) {
    if percent(at).is_some_and(|percent| percent > 100) {
        causes.invalid(at, "must not be greater than 100%");
    }
}

/// The number here, of a count or a percentage alike.
pub(crate) fn amount(at: &At<'_>) -> i64 {
    percent(at).unwrap_or_else(|| at.int_or_zero())
}

fn percent(at: &At<'_>) -> Option<i64> {
    let text = at.text();
    if is_percent(text) {
        text.trim_end_matches('%').parse().ok()
    } else {
        None
    }
}

/// A port by number.
pub(crate) fn port_number(at: &At<'_>, causes: &mut Causes) {
    in_range(at, 1, 65535, causes);
}

/// A port by number or by name.
pub(crate) fn port_or_name(at: &At<'_>, causes: &mut Causes) {
    match at.value() {
        Value::String(_) => check(at, port_name, causes),
        _ => port_number(at, causes),
    }
}

/// A number between two, both allowed; an absent one is zero.
pub(crate) fn in_range(at: &At<'_>, least: i64, most: i64, causes: &mut Causes) {
    if !(least..=most).contains(&at.int_or_zero()) {
        causes.invalid(
            at,
            &format!("must be between {least} and {most}, inclusive"),
        );
    }
}
