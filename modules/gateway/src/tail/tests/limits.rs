//! How much do policies keep that keep only so much?

use serde_json::{Value as Json, json};

use super::world::{Made, World, request, span};
use crate::wire::Value;

/// A trace of so many spans.
fn trace(trace: u8, spans: u8) -> Vec<Made> {
    (1..=spans).map(|id| span(trace, id)).collect()
}

fn failed(mut trace: Vec<Made>) -> Vec<Made> {
    trace[0].status = 2;
    trace
}

fn kept(world: &mut World, seconds: u64) -> Vec<u8> {
    let mut kept: Vec<u8> = world
        .pass(seconds)
        .into_iter()
        .map(|(trace, _)| trace)
        .collect();
    kept.dedup();
    kept
}

#[test]
fn the_first_policy_that_keeps_a_trace_leaves_the_others_unasked_where_that_is_wanted() {
    for (first_match, expected) in [(true, vec![2]), (false, vec![])] {
        let mut world = World::of(json!({
            "decision_wait": "1s",
            "sample_on_first_match": first_match,
            "policies": [
                { "name": "errors", "type": "status_code", "status_code": { "status_codes": ["ERROR"] } },
                { "name": "few", "type": "rate_limiting", "rate_limiting": { "spans_per_second": 1, "burst_capacity": 9 } },
            ],
        }));
        world.send(&failed(trace(1, 9)));
        assert_eq!(kept(&mut world, 2), [1]);
        // Whoever was asked has given what it had to the first.
        world.send(&trace(2, 9));
        assert_eq!(kept(&mut world, 2), expected, "{first_match}");
        let asked: Vec<u64> = world
            .counts
            .policies
            .iter()
            .map(|(_, counts)| counts.asked.get())
            .collect();
        assert_eq!(asked, [2, if first_match { 1 } else { 2 }]);
    }
}

#[test]
fn one_that_drops_is_asked_before_the_first_that_keeps() {
    let mut world = World::of(json!({
        "decision_wait": "1s",
        "sample_on_first_match": true,
        "policies": [
            { "name": "all", "type": "always_sample" },
            { "name": "drop", "type": "drop", "drop": { "drop_sub_policy": [
                { "name": "errors", "type": "status_code", "status_code": { "status_codes": ["ERROR"] } },
            ] } },
        ],
    }));
    world.send(&failed(trace(1, 1)));
    world.send(&trace(2, 1));
    assert_eq!(kept(&mut world, 2), [2]);
}

/// A trace whose size is mostly that of a text.
fn sized(trace: u8) -> Made {
    Made {
        attributes: vec![("text", Value::Bytes(&[7; 1000]))],
        ..span(trace, 1)
    }
}

#[test]
fn bytes_are_kept_at_their_rate_whatever_spans_they_are_in() {
    let size = request(&[], &[sized(0)]).len();
    let limited = |burst: Option<usize>| -> Json {
        let mut limit = json!({ "bytes_per_second": size * 11 / 10 });
        if let Some(burst) = burst {
            limit["burst_capacity"] = json!(burst);
        }
        json!({ "decision_wait": "1s", "policies": [{ "name": "few", "type": "bytes_limiting", "bytes_limiting": limit }] })
    };
    // Where nothing else is said, what comes in two seconds may come at once.
    for (burst, at_once) in [(None, 2), (Some(size * 7 / 2), 3), (Some(size / 2), 0)] {
        let mut world = World::of(limited(burst));
        for nth in 1..=9 {
            world.send(&[sized(nth)]);
        }
        assert_eq!(kept(&mut world, 2).len(), at_once, "{burst:?}");
        // Two seconds later as much as has come in since, where that fits.
        for nth in 11..=20 {
            world.send(&[sized(nth)]);
        }
        let later = kept(&mut world, 2).len();
        assert_eq!(later, at_once.min(2), "{burst:?}");
    }
}

#[test]
fn parts_of_a_limit_that_are_allocated_to_nobody_are_equal() {
    // Of a hundred spans: a half, what is said to be nothing, what is not said, and more than there is.
    let tier = |name: &str| json!({ "name": name, "type": "string_attribute", "string_attribute": { "key": "tier", "values": [name] } });
    let mut world = World::of(json!({ "decision_wait": "1s", "policies": [{
        "name": "composite", "type": "composite", "composite": {
            "max_total_spans_per_second": 100, "policy_order": [],
            "composite_sub_policy": [tier("half"), tier("nothing"), tier("unsaid"), tier("more")],
            "rate_allocation": [
                { "policy": "half", "percent": 50 },
                { "policy": "nothing", "percent": 0 },
                { "policy": "more", "percent": 150 },
            ],
        },
    }] }));
    let mut expected = Vec::new();
    for (nth, (tier, spans, is_kept)) in (1..).zip([
        ("half", 51, false),
        ("half", 50, true),
        ("nothing", 26, false),
        ("nothing", 25, true),
        ("unsaid", 26, false),
        ("unsaid", 25, true),
        ("more", 101, false),
        ("more", 100, true),
    ]) {
        let mut spans = trace(nth, spans);
        spans[0].attributes = vec![("tier", Value::Text(tier))];
        world.send(&spans);
        expected.extend(is_kept.then_some(nth));
    }
    assert_eq!(kept(&mut world, 2), expected);
}
