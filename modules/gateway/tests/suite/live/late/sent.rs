//! Which spans come, and in which order?

use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, KeyValue, any_value::Value as Any},
    trace::v1::{Span, Status},
};

use crate::support::request_of;

/// A request with spans of one trace, which is known by its number.
#[derive(Clone)]
pub(super) struct Sent {
    trace: u64,
    spans: u64,
    /// Whether the first of them fails, and whether it is the root.
    fails: bool,
    root: bool,
    /// How many bytes of text it has.
    text: usize,
    gold: bool,
}

fn plain(trace: u64) -> Sent {
    Sent {
        trace,
        spans: 1,
        fails: false,
        root: false,
        text: 0,
        gold: false,
    }
}

fn failing(trace: u64) -> Sent {
    Sent {
        fails: true,
        ..plain(trace)
    }
}

impl Sent {
    /// The spans of the nth request of all.
    pub(super) fn request(&self, nth: usize) -> Vec<u8> {
        let text = |key: &str, text: String| KeyValue {
            key: key.to_owned(),
            value: Some(AnyValue {
                value: Some(Any::StringValue(text)),
            }),
            ..KeyValue::default()
        };
        let spans = (0..self.spans).map(|index| {
            let first = index == 0;
            let parent = if first && self.root { &[][..] } else { &[1; 8] };
            let id = span_id(self.trace, nth) + index;
            let tier = (first && self.gold).then(|| text("tier", "gold".to_owned()));
            let filler = (first && self.text > 0).then(|| text("text", "x".repeat(self.text)));
            Span {
                trace_id: [self.trace, !self.trace].map(u64::to_be_bytes).concat(),
                span_id: id.to_be_bytes().to_vec(),
                parent_span_id: parent.to_vec(),
                name: "work".to_owned(),
                attributes: tier.into_iter().chain(filler).collect(),
                status: (first && self.fails).then(|| Status {
                    code: 2,
                    ..Status::default()
                }),
                ..Span::default()
            }
        });
        request_of(spans)
    }
}

/// The first span of a trace in the nth request.
pub(super) fn span_id(trace: u64, nth: usize) -> u64 {
    trace << 32 | (nth as u64 + 1) << 16
}

/// Traces with a meaning of their own.
const LARGE: u64 = 4;
const GROWN: u64 = 5;
const GOLDEN: u64 = 6;
const MANY: u64 = 3;
const MANY_PLAIN: u64 = 8;
/// Whose roots come, and who fails or does not: the last of each round, and who came just before it.
pub(super) const MARKED: [u64; 2] = [100, 200];
const ROOTED: [u64; 2] = [101, 201];

/// What is sent, until something of the last trace of each round is kept, and then at the end.
pub(super) fn rounds() -> [Vec<Sent>; 3] {
    let large = |sent: Sent, text| Sent { text, ..sent };
    let root = |sent: Sent| Sent { root: true, ..sent };
    let several = |sent: Sent, spans| Sent { spans, ..sent };
    let golden = Sent {
        gold: true,
        ..failing(GOLDEN)
    };
    let first = [
        several(failing(1), 2),
        several(plain(2), 2),
        several(failing(MANY), 600),
        large(failing(LARGE), 5000),
        large(failing(GROWN), 500),
        golden,
    ];
    let others = (10..18).map(failing);
    let ends = |round: usize| [root(plain(ROOTED[round])), root(failing(MARKED[round]))];
    let late = [
        plain(MARKED[0]),
        failing(ROOTED[0]),
        plain(1),
        failing(2),
        plain(MANY),
        failing(LARGE),
        large(plain(GROWN), 4000),
        failing(GOLDEN),
    ];
    let new = [failing(7), several(plain(MANY_PLAIN), 600)];
    let last = [
        plain(MARKED[1]),
        failing(ROOTED[1]),
        failing(GROWN),
        plain(7),
        failing(MANY_PLAIN),
        plain(10),
        failing(9),
    ];
    [
        first.into_iter().chain(others).chain(ends(0)).collect(),
        late.clone().into_iter().chain(new).chain(ends(1)).collect(),
        late.into_iter().chain(last).collect(),
    ]
}
