//! Which policies are compared?

use serde_json::{Value, json};

/// Policies that are used together.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) policies: Value,
    /// The same with one of the policies a little different: other traces are kept.
    pub(crate) mutated: Vec<Value>,
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
        (
            "errors",
            "status_code",
            status(&["ERROR"]),
            status(&["UNSET"]),
        ),
        (
            "not-unset",
            "status_code",
            status(&["OK", "ERROR"]),
            status(&["OK", "UNSET"]),
        ),
        ("slow", "latency", latency(80, 0), latency(85, 0)),
        ("band", "latency", latency(40, 70), latency(40, 60)),
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
        ("some-spans", "span_count", spans(2, 4), spans(3, 4)),
        ("many-spans", "span_count", spans(4, 0), spans(6, 0)),
        ("state", "trace_state", state(&["1", "3"]), state(&["1"])),
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

/// A policy, and one of the same name that is a little different.
struct Alone {
    name: &'static str,
    policy: Value,
    mutated: Value,
}

fn alone() -> Vec<Alone> {
    let policy = |name, kind, settings: Value| {
        let mut policy = json!({ "name": name, "type": kind });
        policy[kind] = settings;
        policy
    };
    let of = |(name, kind, settings, others)| Alone {
        name,
        policy: policy(name, kind, settings),
        mutated: policy(name, kind, others),
    };
    // It has no settings that could be different.
    let flags = json!({ "name": "flags", "type": "trace_flags" });
    let several = policy("several", "span_count", json!({ "min_spans": 3 }));
    let flags = Alone {
        name: "flags",
        mutated: json!({ "name": "flags", "type": "and", "and": { "and_sub_policy": [flags, several] } }),
        policy: flags,
    };
    let single = single().into_iter().map(of).chain([flags]);
    single.chain(conditions().into_iter().map(of)).collect()
}

/// Each policy alone, and each pair of policies joined in one of the ways that there are.
pub(crate) fn all() -> Vec<Case> {
    let alone = alone();
    let mut cases: Vec<Case> = alone
        .iter()
        .map(|one| Case {
            name: one.name.to_owned(),
            policies: json!([one.policy]),
            mutated: vec![json!([one.mutated])],
        })
        .collect();
    for (index, one) in alone.iter().enumerate() {
        for other in &alone[..index] {
            // Which way is whose turn stays the same, however many policies there are before the pairs.
            let way = cases.len() - alone.len()
                + 1
                + usize::from(SWAPPED.contains(&(one.name, other.name)));
            let (joint, policies) = joined(way, &one.policy, &other.policy);
            let mutated = [(&one.mutated, &other.policy), (&one.policy, &other.mutated)];
            cases.push(Case {
                name: format!("{}:{joint}:{}", one.name, other.name),
                policies,
                mutated: mutated.map(|(one, other)| joined(way, one, other).1).into(),
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
