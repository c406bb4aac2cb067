//! What does a request look like on the wire? Serialised once; only ids, times and the status are set per send.

use crate::{
    ids::{Fate, Ids, first_span, length, trace_of_span},
    layout::Run,
};

/// How large a span is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Size {
    /// About 400 bytes: a server span with ten attributes.
    Small,
    /// About 800 bytes: the same with an event and the database's view.
    Large,
}

/// A serialised request in which every span can be made another one of the same size.
#[derive(Clone, Debug)]
pub struct Template {
    bytes: Vec<u8>,
    slots: Vec<Slot>,
}

/// Where the parts of a span are.
#[derive(Clone, Copy, Debug)]
struct Slot {
    /// Trace id; span id and parent follow in known distances.
    ids: usize,
    /// Start; the end follows.
    times: usize,
    /// The number of the status.
    status: usize,
}

/// Bytes between the starts of neighbouring fields: a tag, a length, 16 bytes of trace id; then 8 of span id.
const SPAN_AFTER_TRACE: usize = 18;
const PARENT_AFTER_TRACE: usize = 28;
const END_AFTER_START: usize = 9;
/// When the first trace begins, in nanoseconds since 1970: any time will do.
const BEGIN: u64 = 1_790_000_000_000_000_000;
/// How long a span takes, and how long one that is slow.
const PLAIN: u64 = 24_000_000;
const SLOW: u64 = 2_500_000_000;

impl Template {
    /// A request of so many spans. The text in it looks like text of a service, and differs from span to span.
    pub fn new(spans: u64, size: Size) -> Self {
        let mut noise = Noise(spans ^ 0x5eed);
        let mut slots = Vec::new();
        let mut scope_spans = field(
            1,
            &[string(1, "io.otelier.load.http"), string(2, "1.4.2")].concat(),
        );
        for _ in 0..spans {
            let (span, slot) = span(size, &mut noise);
            let head = key(2, 2, span.len());
            let at = scope_spans.len() + head.len();
            slots.push(slot.moved(at));
            scope_spans.extend(head);
            scope_spans.extend(span);
        }
        let resource = field(1, &resource());
        let inner = key(2, 2, scope_spans.len());
        let outer = key(1, 2, resource.len() + inner.len() + scope_spans.len());
        let before = outer.len() + resource.len() + inner.len();
        Self {
            bytes: [outer, resource, inner, scope_spans].concat(),
            slots: slots.into_iter().map(|slot| slot.moved(before)).collect(),
        }
    }

    /// The request as it is: spans without identity.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Makes the spans of a request those of a run. The request is a copy of this one's bytes.
    pub fn write(&self, request: &mut [u8], ids: Ids, run: Run) {
        for (slot, counter) in self.slots.iter().zip(run.spans()) {
            let trace = trace_of_span(counter);
            let first = first_span(trace);
            let place = counter - first;
            let mut put =
                |at: usize, value: &[u8]| request[at..at + value.len()].copy_from_slice(value);
            put(slot.ids, &ids.trace(trace));
            put(slot.ids + SPAN_AFTER_TRACE, &ids.span(counter));
            let parent = if place == 0 { [0; 8] } else { ids.span(first) };
            put(slot.ids + PARENT_AFTER_TRACE, &parent);
            let (start, end, status) = story(ids.fate(trace), trace, place);
            put(slot.times, &start.to_le_bytes());
            put(slot.times + END_AFTER_START, &end.to_le_bytes());
            put(slot.status, &[status]);
        }
    }
}

/// Start, end and status of a span: the first of a trace encloses the others.
fn story(fate: Fate, trace: u64, place: u64) -> (u64, u64, u8) {
    let begin = BEGIN + trace * 1_000;
    let (start, end) = match place {
        0 if fate == Fate::Slow => (begin, begin + SLOW),
        0 => (begin, begin + PLAIN),
        _ => (
            begin + place * 1_000_000,
            begin + place * 1_000_000 + PLAIN / length(trace),
        ),
    };
    (start, end, if fate == Fate::Error(place) { 2 } else { 0 })
}

impl Slot {
    fn moved(self, by: usize) -> Self {
        Self {
            ids: self.ids + by,
            times: self.times + by,
            status: self.status + by,
        }
    }
}

/// Numbers that look random and are the same each time.
struct Noise(u64);

impl Noise {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[usize::try_from(self.next(of.len() as u64)).unwrap_or_default()]
    }
}

fn resource() -> Vec<u8> {
    [
        ("service.name", "checkout"),
        ("service.namespace", "shop"),
        ("service.version", "2.17.3"),
        ("service.instance.id", "checkout-6d5f7c9b8d-x7k2p"),
        ("deployment.environment.name", "production"),
        ("k8s.namespace.name", "shop"),
        ("k8s.pod.name", "checkout-6d5f7c9b8d-x7k2p"),
        ("host.name", "ip-10-12-33-7.eu-central-1.compute.internal"),
        ("telemetry.sdk.language", "rust"),
    ]
    .iter()
    .flat_map(|(name, value)| attribute(1, name, value))
    .collect()
}

fn span(size: Size, noise: &mut Noise) -> (Vec<u8>, Slot) {
    let route = noise.pick(&[
        "/api/orders/{id}",
        "/api/carts/{id}",
        "/api/users/{id}",
        "/api/items/{id}",
    ]);
    let method = noise.pick(&["GET", "GET", "POST", "DELETE"]);
    let mut bytes = field(1, &[0; 16]);
    let ids = 2;
    bytes.extend(field(2, &[0; 8]));
    bytes.extend(field(4, &[0; 8]));
    bytes.extend(string(5, &format!("{method} {route}")));
    bytes.extend([0x30, 2]); // kind: server
    let times = bytes.len() + 1;
    bytes.extend([&[0x39][..], &[0; 8], &[0x41], &[0; 8]].concat());
    let path = route.replace("{id}", &format!("{:08x}", noise.next(1 << 32)));
    let address = format!("10.12.{}.{}", noise.next(256), noise.next(256));
    for (name, value) in [
        ("http.request.method", method),
        ("http.route", route),
        ("url.path", &path),
        ("url.scheme", "https"),
        ("network.protocol.version", "1.1"),
        ("client.address", &address),
        ("server.address", "shop.example.com"),
        ("service.tier", "gold"),
        ("user_agent.original", "okhttp/4.12.0"),
    ] {
        bytes.extend(attribute(9, name, value));
    }
    bytes.extend(number(9, "http.response.status_code", 200));
    bytes.extend(number(9, "thread.id", noise.next(120)));
    if size == Size::Large {
        bytes.extend(more(noise));
    }
    let status = bytes.len() + 3;
    bytes.extend([0x7a, 2, 0x18, 0]);
    (bytes, Slot { ids, times, status })
}

/// What a span of a service with a database has besides.
fn more(noise: &mut Noise) -> Vec<u8> {
    let table = noise.pick(&["orders", "carts", "users", "items"]);
    let query = format!(
        "SELECT id, state, total FROM {table} WHERE id = $1 AND tenant = $2 LIMIT {}",
        noise.next(500)
    );
    let session = format!("{:016x}{:08x}", noise.next(u64::MAX), noise.next(1 << 32));
    let mut bytes = Vec::new();
    for (name, value) in [
        ("db.system.name", "postgresql"),
        ("db.query.text", &query),
        ("session.id", &session),
        ("thread.name", "http-nio-8080-exec-42"),
        ("code.function.name", "com.example.shop.OrderController.get"),
    ] {
        bytes.extend(attribute(9, name, value));
    }
    let event = [
        [&[0x09][..], &BEGIN.to_le_bytes()].concat(),
        string(2, "cache.miss"),
        attribute(3, "cache.key", &session),
    ];
    bytes.extend(field(11, &event.concat()));
    bytes
}

fn attribute(tag: u8, name: &str, value: &str) -> Vec<u8> {
    field(
        tag,
        &[string(1, name), field(2, &string(1, value))].concat(),
    )
}

fn number(tag: u8, name: &str, value: u64) -> Vec<u8> {
    let value = [vec![0x18], varint(value)].concat();
    field(tag, &[string(1, name), field(2, &value)].concat())
}

fn string(tag: u8, text: &str) -> Vec<u8> {
    field(tag, text.as_bytes())
}

fn field(tag: u8, bytes: &[u8]) -> Vec<u8> {
    [&key(tag, 2, bytes.len()), bytes].concat()
}

fn key(tag: u8, wire: u8, length: usize) -> Vec<u8> {
    [vec![tag << 3 | wire], varint(length as u64)].concat()
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ids::trace_of_span, layout::Layout};
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use prost::Message as _;

    #[test]
    fn every_span_of_a_request_is_the_one_that_it_was_made() {
        let ids = Ids::new(9);
        let run = Layout {
            spans: 300,
            spread: 4,
        }
        .run(7);
        for size in [Size::Small, Size::Large] {
            let template = Template::new(300, size);
            let mut bytes = template.bytes().to_vec();
            template.write(&mut bytes, ids, run);
            let request = ExportTraceServiceRequest::decode(bytes.as_slice()).unwrap();
            let scope = &request.resource_spans[0].scope_spans[0];
            assert_eq!(scope.spans.len(), 300);
            for (span, counter) in scope.spans.iter().zip(run.spans()) {
                let trace = trace_of_span(counter);
                assert_eq!(span.trace_id, ids.trace(trace));
                assert_eq!(span.span_id, ids.span(counter));
                let root = first_span(trace) == counter;
                assert_eq!(span.parent_span_id == [0; 8], root);
                let error = ids.fate(trace) == Fate::Error(counter - first_span(trace));
                assert_eq!(
                    span.status.as_ref().unwrap().code,
                    if error { 2 } else { 0 }
                );
                let took = span.end_time_unix_nano - span.start_time_unix_nano;
                assert_eq!(took >= SLOW, root && ids.fate(trace) == Fate::Slow);
                assert!(
                    span.attributes
                        .iter()
                        .all(|a| !a.key.is_empty() && a.value.is_some())
                );
            }
            assert!(
                request.encode_to_vec().len() >= bytes.len() - 600,
                "only zeros are left out"
            );
        }
    }

    #[test]
    fn sizes_are_what_they_say() {
        for (size, expected) in [(Size::Small, 380..450), (Size::Large, 760..860)] {
            let each = Template::new(1000, size).bytes().len() / 1000;
            assert!(expected.contains(&each), "{each}");
        }
    }
}
