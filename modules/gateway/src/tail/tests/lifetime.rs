//! How long is a trace known, and what happens to spans that come late?

use serde_json::{Value as Json, json};

use super::world::{Made, World, span};
use crate::wire::Value;

fn world(more: &Json) -> World {
    let mut settings = json!({
        "decision_wait": "3s",
        "policies": [{ "name": "errors", "type": "status_code", "status_code": { "status_codes": ["ERROR"] } }],
    });
    for (key, value) in more.as_object().unwrap() {
        settings[key] = value.clone();
    }
    World::of(settings)
}

fn bad(trace: u8, id: u8) -> Made {
    Made {
        status: 2,
        ..span(trace, id)
    }
}

#[test]
fn a_trace_is_decided_once_it_has_waited_and_one_tick_more() {
    let mut world = world(&json!({}));
    world.send(&[span(1, 1), bad(1, 2), span(2, 3)]);
    assert_eq!(world.pass(2).len(), 0);
    world.send(&[span(1, 4)]);
    assert_eq!(world.pass(1).len(), 0);
    assert_eq!(Vec::from_iter(world.pass(1)), [(1, 1), (1, 2), (1, 4)]);
}

#[test]
fn late_spans_follow_the_decision() {
    for cache in [
        json!({}),
        json!({ "sampled_cache_size": 9, "non_sampled_cache_size": 9 }),
    ] {
        let cached = cache != json!({});
        let mut world = world(&json!({ "decision_cache": cache }));
        world.send(&[bad(1, 1), span(2, 2)]);
        assert_eq!(world.pass(4).len(), 1);
        // The second trace would be kept now, if it were decided anew.
        world.send(&[span(1, 3), bad(2, 4), span(1, 5)]);
        assert_eq!(Vec::from_iter(world.pass(9)), [(1, 3), (1, 5)]);
        assert_eq!(world.counts.known.get(), if cached { 0 } else { 2 });
    }
}

#[test]
fn a_root_hurries_its_trace() {
    let mut world =
        world(&json!({ "decision_wait": "9s", "decision_wait_after_root_received": "2s" }));
    world.send(&[bad(1, 1), bad(2, 2)]);
    world.pass(3);
    world.send(&[Made {
        parent: 0,
        ..span(1, 3)
    }]);
    assert_eq!(world.pass(2).len(), 0);
    assert_eq!(Vec::from_iter(world.pass(1)), [(1, 1), (1, 3)]);
    assert_eq!(world.pass(3).len(), 0);
    assert_eq!(Vec::from_iter(world.pass(1)), [(2, 2)]);
}

#[test]
fn the_oldest_trace_makes_room() {
    let mut world = world(&json!({ "num_traces": 2 }));
    world.send(&[bad(1, 1), bad(2, 2), bad(3, 3)]);
    assert_eq!(world.counts.too_early.get(), 1);
    assert_eq!(Vec::from_iter(world.pass(4)), [(2, 2), (3, 3)]);
    // It is not known any more, and begins again.
    world.send(&[span(1, 4)]);
    assert_eq!(world.counts.began.get(), 4);
    assert_eq!(world.pass(4).len(), 0);
}

#[test]
fn or_new_ones_wait_until_one_is_decided() {
    let mut world = world(&json!({ "num_traces": 2, "block_on_overflow": true }));
    world.send(&[bad(1, 1), bad(2, 2)]);
    assert!(world.core.is_full());
    assert_eq!(world.pass(4).len(), 2);
    assert!(!world.core.is_full());
    world.send(&[bad(3, 3)]);
    assert_eq!(world.counts.too_early.get(), 0);
    assert_eq!(Vec::from_iter(world.pass(4)), [(3, 3)]);
}

#[test]
fn a_trace_that_is_too_large_is_left_at_once() {
    let mut world = world(&json!({ "maximum_trace_size_bytes": 1000 }));
    let large = Made {
        attributes: vec![("text", Value::Bytes(&[7; 900]))],
        ..bad(1, 1)
    };
    world.send(&[bad(2, 2), large, bad(1, 3)]);
    world.send(&[bad(1, 4)]);
    assert_eq!(world.counts.too_large.get(), 1);
    assert_eq!(Vec::from_iter(world.pass(4)), [(2, 2)]);
}

#[test]
fn what_waits_at_the_end_is_decided_or_left() {
    for (drop, expected) in [(false, 1), (true, 0)] {
        let mut world = world(&json!({ "drop_pending_traces_on_shutdown": drop }));
        world.send(&[bad(1, 1), span(2, 2)]);
        world.core.end(std::time::Duration::from_secs(1));
        assert_eq!(world.sent().len(), expected);
        assert_eq!(world.core.waiting(), 0);
    }
}

#[test]
fn nothing_is_held_for_longer_than_it_is_needed() {
    let mut world = world(&json!({ "num_traces": 5 }));
    world.pass(1);
    let filler = || (("text", Value::Bytes(&[7; 100])), 0..50_u8);
    let mut idle = None;
    for round in 0..20 {
        let ((key, value), ids) = filler();
        let mut spans: Vec<Made> = ids
            .map(|id| Made {
                attributes: vec![(key, value)],
                ..span(round, id)
            })
            .collect();
        spans.push(bad(round + 100, 51));
        world.send(&spans);
        world.pass(5);
        let used = world.budget.used();
        assert_eq!(*idle.get_or_insert(used), used, "round {round}");
    }
    let idle = idle.unwrap();
    // One span of a large request is all that waits: the rest of the request is let go.
    world.send(&[span(200, 1)]);
    world.pass(4);
    let late: Vec<Made> = (0..100)
        .map(|id| Made {
            attributes: vec![("text", Value::Bytes(&[7; 1000]))],
            ..span(200, id)
        })
        .chain([span(201, 1)])
        .collect();
    world.send(&late);
    assert!(
        world.budget.used() < idle + 2000,
        "{}",
        world.budget.used() - idle
    );
}
