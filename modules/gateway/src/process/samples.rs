//! Requests for tests, in JSON.

use bytes::Bytes;
use collector_config::Signal;

use crate::{Budget, Payload, json, pipeline::Step, wire};

/// A request as it travels.
pub(crate) fn payload(signal: Signal, text: &str) -> Payload {
    let body = Bytes::from(json::to_protobuf(signal, text.as_bytes()).unwrap());
    Payload {
        signal,
        items: wire::count(signal, &body).unwrap(),
        body: body.into(),
        arrived: std::time::Instant::now(),
        charge: Budget::new(10).charge(1).unwrap().into(),
        metadata: None,
    }
}

/// What a step leaves of a request, in JSON; none if nothing is left.
pub(crate) fn left(step: &impl Step, signal: Signal, text: &str) -> Option<String> {
    let left = step.apply(payload(signal, text)).unwrap()?;
    let body = left.body.joined();
    assert_eq!(
        wire::count(signal, &body),
        Ok(left.items),
        "what is left is counted right"
    );
    let mut out = Vec::new();
    json::from_protobuf(signal, &body, &mut out).unwrap();
    Some(String::from_utf8(out).unwrap())
}
