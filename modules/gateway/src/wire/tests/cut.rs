//! Is each item in exactly one part, below the resource and scope that it came with?

use bytes::Bytes;
use collector_config::Signal;
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, KeyValue, any_value},
};
use proptest::prelude::*;
use prost::Message;

use super::sample::request;
use crate::wire::{
    Limits, Span, Value, count,
    edit::{self, Edit},
    resources, split,
};

/// Each item with what describes its scope and its resource, in order.
fn bound(body: &[u8]) -> Vec<[Vec<u8>; 3]> {
    let header = |node: &crate::wire::Node<'_>| {
        node.header()
            .flat_map(|range| body[range].to_vec())
            .collect::<Vec<_>>()
    };
    let mut all = Vec::new();
    for resource in resources(body) {
        for scope in resource.children() {
            for item in scope.children() {
                all.push([header(&resource), header(&scope), item.message().to_vec()]);
            }
        }
    }
    all
}

fn signals() -> impl Strategy<Value = Signal> {
    proptest::sample::select(Signal::ALL.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn parts_joined_hold_the_same_items_in_the_same_order(
        signal in signals(),
        seed: u64,
        items in prop_oneof![1..9u64, Just(u64::MAX)],
        bytes in prop_oneof![1..2000usize, Just(usize::MAX)],
    ) {
        let body = Bytes::from(request(signal, seed));
        let limits = Limits { items, bytes };
        let mut joined = Vec::new();
        for part in split(signal, &body, limits) {
            let request = part.body.joined();
            prop_assert_eq!(count(signal, &request), Ok(part.items));
            let inside = bound(&request).len();
            let small = part.items <= items && request.len() <= bytes;
            prop_assert!(small || inside <= 1, "{} items, {} bytes", part.items, request.len());
            joined.extend_from_slice(&request);
        }
        prop_assert_eq!(bound(&joined), bound(&body));
        prop_assert_eq!(count(signal, &joined), count(signal, &body));
    }

    #[test]
    fn two_requests_joined_are_one(signal in signals(), one: u64, other: u64) {
        let (one, other) = (request(signal, one), request(signal, other));
        let sum = count(signal, &one).unwrap() + count(signal, &other).unwrap();
        let joined = [one.clone(), other.clone()].concat();
        prop_assert_eq!(count(signal, &joined), Ok(sum));
        prop_assert_eq!(bound(&joined), [bound(&one), bound(&other)].concat());
    }

    #[test]
    fn an_edit_does_what_it_says_and_nothing_else(seed: u64) {
        let body = Bytes::from(request(Signal::Traces, seed));
        let edited = edit::items(&body, |_, _, item| {
            let span = Span::read(item.message());
            match span.span_id[0] % 3 {
                0 => Edit::Drop,
                1 => Edit::Keep,
                _ => Edit::Replace(edit::replace(span.message, 3, |out| {
                    edit::put_message(out, 3, b"ot=th:8");
                    edit::put_attribute(out, 9, "kept", &Value::Int(-1));
                })),
            }
        });
        let mut reference = ExportTraceServiceRequest::decode(body.clone()).unwrap();
        let mut changed = false;
        for resource in &mut reference.resource_spans {
            for scope in &mut resource.scope_spans {
                let before = scope.spans.len();
                scope.spans.retain(|span| span.span_id.first().unwrap_or(&0) % 3 != 0);
                changed |= before != scope.spans.len();
                for span in &mut scope.spans {
                    if span.span_id[0] % 3 == 2 {
                        changed = true;
                        span.trace_state = "ot=th:8".into();
                        span.attributes.push(KeyValue {
                            key: "kept".into(),
                            value: Some(AnyValue {
                                value: Some(any_value::Value::IntValue(-1)),
                            }),
                            ..Default::default()
                        });
                    }
                }
            }
        }
        prop_assert_eq!(edited.is_some(), changed);
        let ours = edited.map_or(body, |chunks| chunks.joined());
        let mut ours = ExportTraceServiceRequest::decode(ours).unwrap();
        for request in [&mut ours, &mut reference] {
            for resource in &mut request.resource_spans {
                resource.scope_spans.retain(|scope| !scope.spans.is_empty());
            }
            request.resource_spans.retain(|resource| !resource.scope_spans.is_empty());
        }
        prop_assert_eq!(ours, reference);
    }

    #[test]
    fn a_new_description_leaves_all_else(seed: u64) {
        let body = Bytes::from(request(Signal::Traces, seed));
        let edited = edit::descriptions(&body, |resource| {
            Edit::Replace(edit::replace(resource, 1, |out| {
                edit::put_attribute(out, 1, "host.name", &Value::Text(""));
            }))
        });
        let mut reference = ExportTraceServiceRequest::decode(body).unwrap();
        for resource in &mut reference.resource_spans {
            resource.resource.get_or_insert_default().attributes =
                vec![KeyValue {
                    key: "host.name".into(),
                    value: Some(AnyValue {
                        value: Some(any_value::Value::StringValue(String::new())),
                    }),
                    ..Default::default()
                }];
        }
        let ours = edited.map(|chunks| chunks.joined()).unwrap_or_default();
        prop_assert_eq!(ExportTraceServiceRequest::decode(ours).unwrap(), reference);
    }
}

#[test]
fn a_heavy_resource_is_not_repeated_for_each_of_its_spans() {
    let resource = [&[0x0a, 0x80, 0x80, 0x04][..], &vec![0; 1 << 16]].concat();
    let mut message = resource;
    // Unknown field numbers would do, but this one is skipped by nobody: an attribute with a long key.
    message.splice(0..4, attribute_header());
    for _ in 0..1000 {
        message.extend([0x12, 2, 0x12, 0]);
    }
    let mut body = Vec::new();
    crate::put::prefix(&mut body, 1, message.len());
    body.extend(message);
    let body = Bytes::from(body);
    assert_eq!(count(Signal::Traces, &body), Ok(1000));
    let limits = Limits {
        items: 1,
        bytes: usize::MAX,
    };
    let parts = split(Signal::Traces, &body, limits);
    let sent: usize = parts.iter().map(|part| part.body.len()).sum();
    assert_eq!(parts.iter().map(|part| part.items).sum::<u64>(), 1000);
    assert!((10..40).contains(&parts.len()), "{}", parts.len());
    assert!(sent < 2 * body.len() + (1 << 20) + (1 << 17), "{sent}");
}

/// The keys and lengths of a resource with one attribute whose key has 65,536 bytes (all zero, thus UTF-8).
fn attribute_header() -> Vec<u8> {
    let mut key = Vec::new();
    crate::put::prefix(&mut key, 1, 1 << 16);
    let mut attribute = Vec::new();
    crate::put::prefix(&mut attribute, 1, key.len() + (1 << 16));
    let mut resource = Vec::new();
    crate::put::prefix(&mut resource, 1, attribute.len() + key.len() + (1 << 16));
    [resource, attribute, key].concat()
}
