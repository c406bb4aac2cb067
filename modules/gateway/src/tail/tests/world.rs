//! A sampler without a network: spans in, seconds pass, spans out.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use bytes::Bytes;
use collector_config::{Signal, components::tail_sampling::TailSampling};
use futures::future::BoxFuture;

use super::super::{Core, Counts, Outbox, Sampler};
use crate::{
    Budget, Chunks, Payload, Refusal,
    pipeline::Take,
    wire::{self, Span, Value, edit, resources},
};

/// A span as a test says it.
#[derive(Clone, Debug, Default)]
pub(super) struct Made {
    pub(super) trace: u8,
    pub(super) id: u8,
    pub(super) parent: u8,
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) status: u8,
    pub(super) flags: u32,
    pub(super) state: &'static str,
    pub(super) attributes: Vec<(&'static str, Value<'static>)>,
    pub(super) events: Vec<&'static str>,
}

/// A span of a trace, and nothing special about it. It is no root.
pub(super) fn span(trace: u8, id: u8) -> Made {
    Made {
        trace,
        id,
        parent: 99,
        ..Made::default()
    }
}

impl Made {
    fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        // Its halves differ: shards are chosen by how they do.
        let mut trace_id = [self.trace; 16];
        trace_id[15] = 1;
        edit::put_message(&mut out, 1, &trace_id);
        edit::put_message(&mut out, 2, &[self.id; 8]);
        edit::put_message(&mut out, 3, self.state.as_bytes());
        if self.parent > 0 {
            edit::put_message(&mut out, 4, &[self.parent; 8]);
        }
        out.push(7 << 3 | 1);
        out.extend(self.start.to_le_bytes());
        out.push(8 << 3 | 1);
        out.extend(self.end.to_le_bytes());
        for (key, value) in &self.attributes {
            edit::put_attribute(&mut out, 9, key, value);
        }
        for name in &self.events {
            let mut event = Vec::new();
            edit::put_message(&mut event, 2, name.as_bytes());
            edit::put_message(&mut out, 11, &event);
        }
        edit::put_message(&mut out, 15, &[3 << 3, self.status]);
        out.extend([0x85, 0x01]);
        out.extend(self.flags.to_le_bytes());
        out
    }
}

/// A request of one resource with these attributes, and one scope.
pub(super) fn request(resource: &[(&str, Value<'_>)], spans: &[Made]) -> Vec<u8> {
    let mut described = Vec::new();
    for (key, value) in resource {
        edit::put_attribute(&mut described, 1, key, value);
    }
    let mut scope = Vec::new();
    edit::put_message(&mut scope, 1, b"\x0a\x02io");
    for span in spans {
        edit::put_message(&mut scope, 2, &span.bytes());
    }
    let mut message = Vec::new();
    edit::put_message(&mut message, 1, &described);
    edit::put_message(&mut message, 2, &scope);
    edit::put_message(&mut message, 3, b"https://schema");
    let mut body = Vec::new();
    edit::put_message(&mut body, 1, &message);
    body
}

pub(super) fn payload(body: Vec<u8>, budget: &Arc<Budget>) -> Payload {
    Payload {
        signal: Signal::Traces,
        items: wire::count(Signal::Traces, &body).unwrap(),
        // Later than any restart here: how long a test takes is no time that anything waited.
        arrived: Instant::now() + Duration::from_hours(1),
        charge: Arc::new(budget.charge(body.len() as u64).unwrap()),
        body: Chunks::from(Bytes::from(body)),
        metadata: None,
    }
}

pub(super) struct World {
    pub(super) core: Core,
    pub(super) counts: Arc<Counts>,
    pub(super) budget: Arc<Budget>,
    pub(super) seconds: u64,
}

impl World {
    pub(super) fn with(settings: &TailSampling) -> Self {
        let budget = Budget::new(64 << 20);
        let core = Core::new(settings, None, &budget).unwrap();
        let counts = Arc::clone(core.counts());
        Self {
            core,
            counts,
            budget,
            seconds: 0,
        }
    }

    /// From YAML's little sister: what the collector's configuration would say.
    pub(super) fn of(json: serde_json::Value) -> Self {
        Self::with(&serde_json::from_value(json).unwrap())
    }

    pub(super) fn send(&mut self, spans: &[Made]) {
        self.send_of(&[], spans);
    }

    pub(super) fn send_of(&mut self, resource: &[(&str, Value<'_>)], spans: &[Made]) {
        let payload = payload(request(resource, spans), &self.budget);
        let now = Duration::from_secs(self.seconds);
        self.core.ingest(payload, None, now).unwrap();
    }

    /// Seconds pass; which spans come out, as trace and span.
    pub(super) fn pass(&mut self, seconds: u64) -> BTreeSet<(u8, u8)> {
        let mut out = self.sent();
        for _ in 0..seconds {
            self.seconds += 1;
            self.core.tick();
            while self.core.decide(2, Duration::from_secs(self.seconds)) {}
            out.append(&mut self.sent());
        }
        out
    }

    pub(super) fn sent(&mut self) -> BTreeSet<(u8, u8)> {
        let mut out = BTreeSet::new();
        while let Outbox::Parcel(parcel) = self.core.parcel(100) {
            out.append(&mut spans_of(&parcel.payload));
            self.core.delivered(parcel);
        }
        out
    }
}

/// The spans of a payload, which says of itself what it is.
pub(super) fn spans_of(payload: &Payload) -> BTreeSet<(u8, u8)> {
    let body = payload.body.joined();
    assert_eq!(wire::count(Signal::Traces, &body), Ok(payload.items));
    assert!(payload.charge.bytes() >= body.len() as u64);
    let scopes = resources(&body).flat_map(|resource| resource.children());
    let spans = scopes.flat_map(|scope| {
        assert_eq!(scope.descriptions().next(), Some(b"\x0a\x02io".as_slice()));
        scope.children()
    });
    spans
        .map(|span| Span::read(span.message()))
        .map(|span| (span.trace_id[0], span.span_id[0]))
        .collect()
}

/// Takes again what an earlier run left, before anything else happens: how much was taken, and how much is left.
pub(super) async fn recover(sampler: &Sampler) -> (u64, u64) {
    sampler.recall();
    sampler.catch_up().await
}

/// Takes everything, unless it is told to be busy.
#[derive(Default)]
pub(super) struct Sink {
    pub(super) taken: Mutex<BTreeSet<(u8, u8)>>,
    pub(super) busy: Mutex<u32>,
    /// The most spans that it takes at once.
    pub(super) most: Mutex<Option<u64>>,
}

impl Take for Sink {
    fn take(&self, payload: Payload) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(async move {
            let mut busy = self.busy.lock().unwrap();
            if *busy > 0 {
                *busy -= 1;
                return Err(Refusal::busy("later"));
            }
            if let Some(limit) = *self.most.lock().unwrap()
                && payload.items > limit
            {
                let bytes = payload.items;
                return Err(Refusal::TooLarge { bytes, limit });
            }
            self.taken.lock().unwrap().append(&mut spans_of(&payload));
            Ok(())
        })
    }
}
