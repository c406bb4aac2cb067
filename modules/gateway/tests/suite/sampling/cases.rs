//! Which policies are compared?

use serde_json::{Value, json};

/// Policies that are used together.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) policies: Value,
    /// Policies that are a little different, and keep other traces.
    pub(crate) mutated: Option<Value>,
}

/// Joined in the way that would be their turn, these would keep nearly all or nearly none.
const SWAPPED: [(&str, &str); 6] = [
    ("low-code", "band"),
    ("no-code", "path"),
    ("no-code", "low-code"),
    ("many-spans", "no-code"),
    ("many-spans", "some-spans"),
    ("state", "no-gold"),
];

/// A policy of a type, its settings, and other settings.
fn single() -> Vec<(&'static str, &'static str, Value, Value)> {
    let status = |codes: &[&str]| json!({ "status_codes": codes });
    let latency = |low: u64, high: u64| json!({ "threshold_ms": low, "upper_threshold_ms": high });
    let text = |values: &[&str]| json!({ "key": "tier", "values": values });
    let regex = |key: &str, pattern: &str| json!({ "key": key, "values": [pattern], "enabled_regex_matching": true });
    let number =
        |low: i64, high: i64| json!({ "key": "code", "min_value": low, "max_value": high });
    let not = |mut settings: Value| {
        settings["invert_match"] = json!(true);
        settings
    };
    let vip = |value: bool| json!({ "key": "vip", "value": value });
    let share =
        |percent: f64, salt: &str| json!({ "sampling_percentage": percent, "hash_salt": salt });
    let spans = |low: u32, high: u32| json!({ "min_spans": low, "max_spans": high });
    let state = |values: &[&str]| json!({ "key": "a", "values": values });
    vec![
        ("errors", "status_code", status(&["ERROR"]), status(&["OK"])),
        (
            "not-unset",
            "status_code",
            status(&["OK", "ERROR"]),
            status(&["OK"]),
        ),
        ("slow", "latency", latency(80, 0), latency(81, 0)),
        ("band", "latency", latency(40, 70), latency(40, 69)),
        (
            "gold",
            "string_attribute",
            text(&["gold", "silver"]),
            text(&["gold"]),
        ),
        (
            "no-gold",
            "string_attribute",
            not(text(&["gold"])),
            text(&["gold"]),
        ),
        (
            "path",
            "string_attribute",
            regex("path", r"^/cart/\d$"),
            regex("path", r"^/cart/\d\d$"),
        ),
        (
            "no-path",
            "string_attribute",
            not(regex("path", "[13]7?$")),
            not(regex("path", "[13]7$")),
        ),
        (
            "code",
            "numeric_attribute",
            number(400, 599),
            number(400, 550),
        ),
        (
            "low-code",
            "numeric_attribute",
            number(0, 300),
            number(0, -1),
        ),
        (
            "no-code",
            "numeric_attribute",
            not(number(-300, -1)),
            number(-300, -1),
        ),
        ("vip", "boolean_attribute", vip(true), vip(false)),
        ("no-vip", "boolean_attribute", not(vip(false)), vip(false)),
        ("share", "probabilistic", share(40.0, ""), share(35.0, "")),
        (
            "salted",
            "probabilistic",
            share(55.5, "salt"),
            share(55.5, "salz"),
        ),
        ("some-spans", "span_count", spans(2, 4), spans(2, 5)),
        ("many-spans", "span_count", spans(4, 0), spans(5, 0)),
        ("state", "trace_state", state(&["1", "3"]), state(&["1"])),
        ("flags", "trace_flags", json!({}), json!({ "other": 1 })),
    ]
}

/// Conditions in OTTL, about spans, about events, and such that cannot always be told.
fn conditions() -> Vec<(&'static str, &'static str, Value, Value)> {
    let ottl = |span: &[&str], event: &[&str]| json!({ "span": span, "spanevent": event });
    let propagated = |mut settings: Value| {
        settings["error_mode"] = json!("propagate");
        settings
    };
    vec![
        (
            "told",
            "ottl_condition",
            ottl(
                &[
                    r#"attributes["code"] >= 500 and span.status.code != STATUS_CODE_OK"#,
                    r#"resource.attributes["vip"] == true or IsMatch(attributes["path"], "^/cart/[12]$")"#,
                ],
                &[],
            ),
            ottl(&[r#"attributes["code"] >= 500"#], &[]),
        ),
        (
            "events",
            "ottl_condition",
            ottl(
                &[],
                &[
                    r#"name == "retry" and spanevent.attributes["attempt"] > 1 and span.name == "work""#,
                ],
            ),
            ottl(&[], &[r#"name == "retry" and attributes["attempt"] > 2"#]),
        ),
        (
            "untold",
            "ottl_condition",
            propagated(ottl(
                &[r#"attributes["tier"] != nil and HasPrefix(attributes["tier"], "gold")"#],
                &[r#"name == "retry""#],
            )),
            ottl(
                &[r#"attributes["tier"] != nil and HasPrefix(attributes["tier"], "gold")"#],
                &[r#"name == "retry""#],
            ),
        ),
    ]
}

fn policy(name: &str, kind: &str, settings: &Value) -> Value {
    let mut policy = json!({ "name": name, "type": kind });
    if kind != "trace_flags" {
        policy[kind] = settings.clone();
    }
    policy
}

/// Each policy alone, and each pair of policies joined in one of the ways that there are.
pub(crate) fn all() -> Vec<Case> {
    let mut single = single();
    single.extend(conditions());
    let mut cases = Vec::new();
    for (name, kind, settings, others) in &single {
        let mutated = json!([policy(name, kind, others)]);
        cases.push(Case {
            name: (*name).to_owned(),
            policies: json!([policy(name, kind, settings)]),
            mutated: (*kind != "trace_flags").then_some(mutated),
        });
    }
    for (index, (one_name, one_kind, one, _)) in single.iter().enumerate() {
        for (other_name, other_kind, other, _) in &single[..index] {
            let one = policy(one_name, one_kind, one);
            let other = policy(other_name, other_kind, other);
            // Which way is whose turn stays the same, however many policies there are before the pairs.
            let way = cases.len() - single.len()
                + 1
                + usize::from(SWAPPED.contains(&(one_name, other_name)));
            let (joined, policies) = joined(way, &one, &other);
            cases.push(Case {
                name: format!("{one_name}:{joined}:{other_name}"),
                policies,
                mutated: None,
            });
        }
    }
    cases
}

fn joined(way: usize, one: &Value, other: &Value) -> (&'static str, Value) {
    let and =
        |parts: Value| json!({ "name": "and", "type": "and", "and": { "and_sub_policy": parts } });
    let drop = |parts: Value| json!({ "name": "drop", "type": "drop", "drop": { "drop_sub_policy": parts } });
    let not =
        |part: &Value| json!({ "name": "not", "type": "not", "not": { "not_sub_policy": part } });
    let composite = |parts: Value| {
        json!({ "name": "composite", "type": "composite", "composite": {
            "max_total_spans_per_second": 1_000_000_000, "policy_order": [], "composite_sub_policy": parts,
        } })
    };
    let always = json!({ "name": "always", "type": "always_sample" });
    match way % 6 {
        0 => ("and", json!([and(json!([one, other]))])),
        1 => ("or", json!([one, other])),
        2 => ("but-not", json!([one, drop(json!([other]))])),
        3 => ("and-not", json!([and(json!([one, not(other)]))])),
        4 => (
            "neither",
            json!([
                drop(json!([one])),
                always,
                drop(json!([other])).named("drop-2")
            ]),
        ),
        _ => ("composite", json!([composite(json!([one, other]))])),
    }
}

trait Named {
    fn named(self, name: &str) -> Self;
}

impl Named for Value {
    fn named(mut self, name: &str) -> Self {
        self["name"] = json!(name);
        self
    }
}
