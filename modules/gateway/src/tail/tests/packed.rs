//! Does what is packed while it waits come out as it went in?

use std::collections::BTreeSet;

use serde_json::json;

use super::world::{Made, World, span};
use crate::wire::Value;

const TRACES: u8 = 120;
const SPANS: u8 = 200;
/// Most of a span.
static TEXT: [u8; 1000] = [7; 1000];

/// More than is held as it is; every third trace has an error.
fn filled() -> (World, BTreeSet<(u8, u8)>) {
    let mut world = World::of(json!({
        "decision_wait": "3s",
        "policies": [{ "name": "errors", "type": "status_code", "status_code": { "status_codes": ["ERROR"] } }],
    }));
    let mut kept = BTreeSet::new();
    for trace in 1..=TRACES {
        let fails = trace % 3 == 0;
        let made = |id: u8| Made {
            status: if fails { 2 } else { 0 },
            attributes: vec![("id", Value::Int(id.into())), ("text", Value::Bytes(&TEXT))],
            ..span(trace, id)
        };
        let spans: Vec<Made> = (0..SPANS).map(made).collect();
        kept.extend((0..SPANS).filter(|_| fails).map(|id| (trace, id)));
        world.send(&spans);
    }
    (world, kept)
}

#[test]
fn much_that_waits_takes_less_room_than_it_has_bytes() {
    let (mut world, kept) = filled();
    let raw = u64::from(TRACES) * u64::from(SPANS) * TEXT.len() as u64;
    let used = world.budget.used();
    assert!(used < raw * 4 / 5, "{used} for {raw}");
    assert_eq!(world.pass(5), kept);
    // What was taken for all of that is given back.
    world.pass(2);
    assert!(world.budget.used() < raw / 4, "{}", world.budget.used());
}

#[test]
fn what_cannot_be_unpacked_beforehand_is_sent_all_the_same() {
    let (mut world, kept) = filled();
    let others = world
        .budget
        .charge(world.budget.limit() - world.budget.used());
    assert_eq!(world.pass(5), kept);
    drop(others);
}
