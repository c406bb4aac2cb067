//! Telemetry that differs in all that anybody looks at, the same in each run.

mod apart;
mod items;
mod metrics;

pub(crate) use apart::apart;
use fastrand::Rng;
pub(crate) use items::{logs, traces};
pub(crate) use metrics::metrics;
use opentelemetry_proto::tonic::{
    common::v1::{
        AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList, any_value::Value,
    },
    resource::v1::Resource,
};

/// One of these.
pub(crate) fn one<T: Clone>(rng: &mut Rng, from: &[T]) -> T {
    from[rng.usize(..from.len())].clone()
}

pub(crate) fn pair(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

pub(crate) fn text(text: &str) -> Value {
    Value::StringValue(text.to_owned())
}

/// Any value; not deeper than two of them in one another.
pub(crate) fn value(rng: &mut Rng) -> Value {
    any(rng, 2)
}

fn any(rng: &mut Rng, depth: u8) -> Value {
    match rng.u8(..if depth == 0 { 10 } else { 14 }) {
        0 => text(""),
        1 => text("größe \"quoted\" <&>\n"),
        2 | 3 => text(&format!("v{}", rng.u8(..9))),
        4 => text(one(
            rng,
            &["0", "-7", "12.5", "1e3", "true", "GET /cart/7", "gold"],
        )),
        5 | 6 => Value::IntValue(one(rng, &[0, 1, -1, 200, 404, 503, i64::MAX, i64::MIN])),
        7 => Value::DoubleValue(one(
            rng,
            &[
                0.0, -0.0, 0.1, 12.5, 100.0, 1e20, 1e21, 1.5e-7, 1e-6, 1e300, -2.75, 503.0,
            ],
        )),
        8 => Value::BoolValue(rng.bool()),
        9 => Value::BytesValue((0..rng.u8(..5)).map(|_| rng.u8(..)).collect()),
        10 | 11 => {
            let values = (0..rng.u8(..4)).map(|_| AnyValue {
                value: Some(any(rng, depth - 1)),
            });
            Value::ArrayValue(ArrayValue {
                values: values.collect(),
            })
        }
        _ => {
            let keys = ["a", "b", "c d", "ä"];
            let values = keys.iter().take(rng.usize(..4));
            let values = values.map(|key| pair(key, any(rng, depth - 1)));
            Value::KvlistValue(KeyValueList {
                values: values.collect(),
            })
        }
    }
}

/// Some attributes of these keys, each once, in any order.
pub(crate) fn attributes(rng: &mut Rng, keys: &[&str], most: usize) -> Vec<KeyValue> {
    let mut keys = keys.to_vec();
    rng.shuffle(&mut keys);
    keys.truncate(rng.usize(..=most));
    keys.iter().map(|key| pair(key, value(rng))).collect()
}

pub(crate) fn resource(rng: &mut Rng) -> Resource {
    let keys = [
        "host.name",
        "a.b",
        "a_b",
        "1st",
        "region",
        "empty",
        "k8s.pod.name",
    ];
    let mut attributes = attributes(rng, &keys, 4);
    let identity = [
        ("service.name", ["shop", "cart", ""]),
        ("service.namespace", ["eu", "us", ""]),
        ("service.instance.id", ["i1", "i2", ""]),
    ];
    for (key, values) in identity {
        if rng.u8(..4) > 0 {
            attributes.insert(0, pair(key, text(one(rng, &values))));
        }
    }
    Resource {
        attributes,
        ..Resource::default()
    }
}

pub(crate) fn scope(rng: &mut Rng) -> Option<InstrumentationScope> {
    (rng.u8(..5) > 0).then(|| InstrumentationScope {
        name: one(rng, &["lib", "io.example/http", ""]).to_owned(),
        version: one(rng, &["1.0", "", "2"]).to_owned(),
        attributes: attributes(rng, &["short", "a.b", "name", "x y"], 2),
        ..InstrumentationScope::default()
    })
}
