//! Which traces does each policy keep?

use serde_json::{Value as Json, json};

use super::world::{Made, World, span};
use crate::wire::Value;

const MS: u64 = 1_000_000;

/// Traces that differ in everything that a policy looks at.
fn traces() -> Vec<Vec<Made>> {
    let with = |trace, id, key, value| Made {
        attributes: vec![(key, value)],
        ..span(trace, id)
    };
    vec![
        vec![
            Made {
                status: 2,
                events: vec!["wait", "retry"],
                ..span(1, 1)
            },
            Made {
                status: 1,
                ..span(1, 2)
            },
        ],
        vec![
            Made {
                start: 5 * MS,
                end: 9 * MS,
                ..span(2, 1)
            },
            Made {
                start: 4 * MS,
                end: 15 * MS,
                ..span(2, 2)
            },
        ],
        vec![
            with(3, 1, "tier", Value::Text("gold")),
            with(3, 2, "code", Value::Int(503)),
        ],
        vec![
            with(4, 1, "tier", Value::Text("silver")),
            with(4, 2, "vip", Value::Bool(true)),
        ],
        vec![
            with(5, 1, "tier", Value::Int(7)),
            with(5, 2, "code", Value::Text("x")),
            span(5, 3),
        ],
        vec![Made {
            state: "a=1,b=2",
            flags: 0x101,
            ..span(6, 1)
        }],
    ]
}

fn kept(policies: &Json) -> Vec<u8> {
    let mut world = World::of(json!({ "decision_wait": "1s", "policies": policies }));
    for trace in traces() {
        for span in trace {
            world.send(&[span]);
        }
    }
    let mut kept: Vec<u8> = world.pass(2).into_iter().map(|(trace, _)| trace).collect();
    kept.dedup();
    kept
}

/// A policy of a type, with its settings.
fn policy(kind: &str, settings: &Json) -> Json {
    let name = format!("{kind}{settings}");
    let mut policy = json!({ "name": name, "type": kind });
    if settings
        .as_object()
        .is_some_and(|settings| !settings.is_empty())
    {
        policy[kind] = settings.clone();
    }
    policy
}

#[test]
fn each_policy_keeps_what_it_is_for() {
    let text = |values: Json| json!({ "key": "tier", "values": values });
    let regex = |pattern: &str| json!({ "key": "tier", "values": [pattern], "enabled_regex_matching": true });
    let status = |code: &str| json!({ "status_codes": [code] });
    for (kind, settings, expected) in [
        ("always_sample", json!({}), vec![1, 2, 3, 4, 5, 6]),
        ("status_code", status("ERROR"), vec![1]),
        ("status_code", status("UNSET"), vec![2, 3, 4, 5, 6]),
        ("latency", json!({ "threshold_ms": 10 }), vec![2]),
        ("latency", json!({ "threshold_ms": 11 }), vec![]),
        // Its first span alone took four, and that counts.
        (
            "latency",
            json!({ "threshold_ms": 3, "upper_threshold_ms": 4 }),
            vec![2],
        ),
        (
            "latency",
            json!({ "threshold_ms": 4, "upper_threshold_ms": 10 }),
            vec![],
        ),
        ("string_attribute", text(json!(["gold", ""])), vec![3]),
        ("string_attribute", regex("^g|er$"), vec![3, 4]),
        (
            "string_attribute",
            json!({ "key": "tier", "values": ["gold"], "invert_match": true }),
            vec![1, 2, 4, 5, 6],
        ),
        (
            "numeric_attribute",
            json!({ "key": "code", "min_value": 500 }),
            vec![3],
        ),
        // What is no number counts as zero.
        (
            "numeric_attribute",
            json!({ "key": "code", "max_value": 500 }),
            vec![5],
        ),
        (
            "boolean_attribute",
            json!({ "key": "vip", "value": true }),
            vec![4],
        ),
        (
            "boolean_attribute",
            json!({ "key": "tier", "value": false }),
            vec![3, 4, 5],
        ),
        (
            "span_count",
            json!({ "min_spans": 2, "max_spans": 2 }),
            vec![1, 2, 3, 4],
        ),
        ("span_count", json!({ "min_spans": 3 }), vec![5]),
        (
            "trace_state",
            json!({ "key": "b", "values": ["2"] }),
            vec![6],
        ),
        ("trace_flags", json!({}), vec![6]),
        (
            "ottl_condition",
            json!({ "span": [r#"attributes["tier"] == "gold""#, r#"span.attributes["vip"] == true and scope.name == "io""#] }),
            vec![3, 4],
        ),
        // An event is looked at in any span, and what is around it, too.
        (
            "ottl_condition",
            json!({ "spanevent": [r#"name == "retry" and span.status.code == STATUS_CODE_ERROR"#] }),
            vec![1],
        ),
        // What cannot be told is as if it were not there, and what stands before it counts.
        (
            "ottl_condition",
            json!({ "error_mode": "propagate", "span": [r#"attributes["tier"] != nil and HasPrefix(attributes["tier"], "g")"#] }),
            vec![3],
        ),
        (
            "ottl_condition",
            json!({ "span": [r#"HasPrefix(attributes["tier"], "g")"#] }),
            vec![3],
        ),
        ("rate_limiting", json!({ "spans_per_second": 1 }), vec![6]),
        ("probabilistic", json!({ "sampling_percentage": 0 }), vec![]),
        (
            "probabilistic",
            json!({ "sampling_percentage": 100 }),
            vec![1, 2, 3, 4, 5, 6],
        ),
    ] {
        assert_eq!(
            kept(&json!([policy(kind, &settings)])),
            expected,
            "{kind} {settings}"
        );
    }
}

#[test]
fn policies_are_joined_as_they_say() {
    let error = policy("status_code", &json!({ "status_codes": ["ERROR"] }));
    let two = policy("span_count", &json!({ "min_spans": 2, "max_spans": 2 }));
    let gold = policy(
        "string_attribute",
        &json!({ "key": "tier", "values": ["gold"] }),
    );
    let not_gold = json!({ "name": "not", "type": "not", "not": { "not_sub_policy": gold } });
    let and =
        |parts: Json| json!({ "name": "and", "type": "and", "and": { "and_sub_policy": parts } });
    let drop = |parts: Json| json!({ "name": "drop", "type": "drop", "drop": { "drop_sub_policy": parts } });
    let composite = |total: u64| {
        json!({ "name": "composite", "type": "composite", "composite": {
            "max_total_spans_per_second": total, "policy_order": [],
            "composite_sub_policy": [gold, two],
            "rate_allocation": [{ "policy": gold["name"], "percent": 50 }],
        } })
    };
    for (policies, expected) in [
        (json!([error, gold]), vec![1, 3]),
        (json!([and(json!([two, not_gold]))]), vec![1, 2, 4]),
        (json!([not_gold]), vec![1, 2, 4, 5, 6]),
        // One that drops comes first, wherever it stands.
        (json!([two, drop(json!([error]))]), vec![2, 3, 4]),
        (json!([drop(json!([gold, error])), gold]), vec![3]),
        // Four spans each, or two traces of two: the third trace that `two` would keep is too much.
        (json!([composite(8)]), vec![2, 3, 4]),
        (json!([composite(2)]), vec![]),
    ] {
        assert_eq!(kept(&policies), expected, "{policies:#}");
    }
}

#[test]
fn a_resource_counts_for_each_of_its_traces() {
    let key = policy(
        "string_attribute",
        &json!({ "key": "tier", "values": ["gold"] }),
    );
    let empty = policy(
        "string_attribute",
        &json!({ "key": "none", "values": ["^$"], "enabled_regex_matching": true }),
    );
    let mut world = World::of(json!({ "decision_wait": "1s", "policies": [key, empty] }));
    world.send_of(&[("tier", Value::Text("gold"))], &[span(1, 1), span(2, 2)]);
    world.send_of(&[], &[span(3, 3)]);
    // An empty text is looked at on a resource, but not on a span.
    world.send_of(&[("none", Value::Text(""))], &[span(4, 4)]);
    world.send(&[Made {
        attributes: vec![("none", Value::Text(""))],
        ..span(5, 5)
    }]);
    assert_eq!(Vec::from_iter(world.pass(2)), [(1, 1), (2, 2), (4, 4)]);
}

#[test]
fn settings_that_cannot_be_carried_out_are_refused_by_name() {
    let always = policy("always_sample", &json!({}));
    for (settings, message) in [
        (
            json!({ "policies": [always, always] }),
            "there are two policies named",
        ),
        (
            json!({ "sampling_strategy": "span-ingest" }),
            "`sampling_strategy: span-ingest` is not built",
        ),
        (
            json!({ "tail_storage": "pebble" }),
            "`tail_storage: pebble` is not built",
        ),
        (
            json!({ "policies": [policy("numeric_attribute", &json!({ "key": "a" }))] }),
            "`min_value` or `max_value` is needed",
        ),
        (
            json!({ "policies": [policy("string_attribute", &json!({ "key": "a", "values": ["("], "enabled_regex_matching": true }))] }),
            "has `(`, which is no regular expression",
        ),
        (
            json!({ "policies": [policy("ottl_condition", &json!({ "span": ["attributes[\"a\"] + 1 == 2"] }))] }),
            "does not know the calculation `+`",
        ),
    ] {
        let settings = serde_json::from_value(settings).unwrap();
        let budget = crate::Budget::new(1 << 20);
        let core = super::super::Core::new(&settings, None, &budget);
        let error = core
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default();
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn a_policy_that_cannot_tell_has_no_vote_and_is_counted() {
    let untold = policy(
        "ottl_condition",
        &json!({ "error_mode": "propagate", "span": [r#"HasPrefix(attributes["tier"], "g")"#] }),
    );
    let not =
        |part: &Json| json!({ "name": "not", "type": "not", "not": { "not_sub_policy": part } });
    let drop = |parts: Json| json!({ "name": "drop", "type": "drop", "drop": { "drop_sub_policy": parts } });
    let and =
        |parts: Json| json!({ "name": "and", "type": "and", "and": { "and_sub_policy": parts } });
    let always = policy("always_sample", &json!({}));
    let composite = json!({ "name": "composite", "type": "composite", "composite": {
        "max_total_spans_per_second": 1000, "policy_order": [], "composite_sub_policy": [untold, always],
    } });
    for (policies, expected) in [
        (json!([untold]), vec![]),
        (json!([not(&untold)]), vec![]),
        (json!([drop(json!([untold])), always]), vec![1]),
        (json!([and(json!([always, untold]))]), vec![]),
        (json!([composite]), vec![]),
    ] {
        let mut world = World::of(json!({ "decision_wait": "1s", "policies": policies }));
        world.send(&[span(1, 1)]);
        let kept: Vec<u8> = world.pass(2).into_iter().map(|(trace, _)| trace).collect();
        assert_eq!(kept, expected, "{policies:#}");
        assert_eq!(world.counts.untold.get(), 1, "{policies:#}");
    }
}
