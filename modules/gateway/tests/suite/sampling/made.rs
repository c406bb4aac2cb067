//! Traces that differ in all that a policy can look at, the same in each run.

use std::fmt::Write as _;

use fastrand::Rng;
use gateway::wire::{
    Value,
    edit::{put_attribute, put_message},
};

/// Spans of so many traces are mixed; more traces are more blocks behind the same first ones.
pub(crate) const BLOCK: usize = 250;
/// So many spans are in a request, about.
const REQUEST: usize = 120;
const BEGIN: u64 = 1_700_000_000_000_000_000;

/// Requests with the spans of so many traces.
pub(crate) fn requests(traces: usize) -> Vec<Vec<u8>> {
    let blocks = (0..traces.div_ceil(BLOCK)).map(|block| {
        let mut rng = Rng::with_seed(block as u64 + 7);
        let first = block * BLOCK;
        let last = (first + BLOCK).min(traces);
        let mut spans: Vec<Vec<u8>> = (first..last).flat_map(trace).collect();
        rng.shuffle(&mut spans);
        let requests = spans.chunks(REQUEST).map(|spans| request(&mut rng, spans));
        requests.collect::<Vec<_>>()
    });
    blocks.flatten().collect()
}

/// Which trace a span is of: its id says it.
pub(crate) fn trace_of(span: u64) -> usize {
    usize::try_from(span >> 16).unwrap()
}

fn request(rng: &mut Rng, spans: &[Vec<u8>]) -> Vec<u8> {
    let mut body = Vec::new();
    let mut rest = spans;
    while !rest.is_empty() {
        let (some, after) = rest.split_at(rng.usize(1..=60).min(rest.len()));
        rest = after;
        let mut message = Vec::new();
        put_message(&mut message, 1, &resource(rng));
        let (one, other) = some.split_at(rng.usize(..=some.len()));
        for (name, spans) in [("http", one), ("sql", other)] {
            let mut scope = Vec::new();
            let mut described = Vec::new();
            put_message(&mut described, 1, name.as_bytes());
            put_message(&mut scope, 1, &described);
            for span in spans {
                put_message(&mut scope, 2, span);
            }
            put_message(&mut message, 2, &scope);
        }
        put_message(&mut body, 1, &message);
    }
    body
}

fn resource(rng: &mut Rng) -> Vec<u8> {
    let mut out = Vec::new();
    put_attribute(&mut out, 1, "service.name", &Value::Text("shop"));
    match rng.u8(..60) {
        0 => put_attribute(&mut out, 1, "tier", &Value::Text("gold")),
        1 => put_attribute(&mut out, 1, "code", &Value::Int(503)),
        2 => put_attribute(&mut out, 1, "vip", &Value::Bool(true)),
        3 => put_attribute(&mut out, 1, "tier", &Value::Text("")),
        _ => {}
    }
    out
}

fn trace(index: usize) -> Vec<Vec<u8>> {
    let mut rng = Rng::with_seed(0x5eed << 32 | index as u64);
    let id: Vec<u8> = (0..16).map(|_| rng.u8(..)).collect();
    let flagged = rng.u8(..10) < 4;
    let spans = rng.u64(1..=6);
    (0..spans)
        .map(|number| span(&mut rng, &id, (index as u64) << 16 | (number + 1), flagged))
        .collect()
}

fn span(rng: &mut Rng, trace: &[u8], id: u64, flagged: bool) -> Vec<u8> {
    let mut out = Vec::new();
    put_message(&mut out, 1, trace);
    put_message(&mut out, 2, &id.to_be_bytes());
    put_message(&mut out, 3, state(rng).as_bytes());
    if id & 0xffff != 1 {
        put_message(&mut out, 4, &((id & !0xffff) + 1).to_be_bytes());
    }
    put_message(&mut out, 5, b"work");
    let start = match rng.u8(..200) {
        0 => 0,
        _ => BEGIN + rng.u64(..90_000_000),
    };
    let end = start.max(BEGIN) + rng.u64(..60_000_000);
    for (number, time) in [(7, start), (8, end)] {
        out.push(number << 3 | 1);
        out.extend(time.to_le_bytes());
    }
    attributes(rng, &mut out);
    events(id, &mut out);
    match rng.u8(..10) {
        0 => put_message(&mut out, 15, &[3 << 3, 2]),
        1 | 2 => put_message(&mut out, 15, &[3 << 3, 1]),
        3 => put_message(&mut out, 15, &[2 << 3 | 2, 1, b'm']),
        _ => {}
    }
    let flags = rng.u32(..2) << 8 | u32::from(flagged && rng.bool());
    out.extend([0x85, 0x01]);
    out.extend(flags.to_le_bytes());
    out
}

fn attributes(rng: &mut Rng, out: &mut Vec<u8>) {
    let mut path = String::from("/cart");
    let _ = write!(path, "/{}", rng.u8(..40));
    put_attribute(out, 9, "path", &Value::Text(&path));
    match rng.u8(..12) {
        0 => put_attribute(out, 9, "tier", &Value::Text("gold")),
        1 => put_attribute(out, 9, "tier", &Value::Text("silver")),
        2 => put_attribute(out, 9, "tier", &Value::Text("")),
        3 => put_attribute(out, 9, "tier", &Value::Int(3)),
        4 => {
            put_attribute(out, 9, "tier", &Value::Text("bronze"));
            put_attribute(out, 9, "tier", &Value::Text("gold"));
        }
        _ => {}
    }
    match rng.u8(..10) {
        0 | 1 => put_attribute(out, 9, "code", &Value::Int(rng.i64(200..600))),
        2 => put_attribute(out, 9, "code", &Value::Text("503")),
        3 => put_attribute(out, 9, "code", &Value::Double(503.0)),
        4 => put_attribute(out, 9, "code", &Value::Int(-rng.i64(1..600))),
        _ => {}
    }
    match rng.u8(..12) {
        0 | 1 => put_attribute(out, 9, "vip", &Value::Bool(true)),
        2 => put_attribute(out, 9, "vip", &Value::Bool(false)),
        3 => put_attribute(out, 9, "vip", &Value::Text("true")),
        _ => {}
    }
}

/// What happened during a span: the n-th of it follows from its id.
fn events(id: u64, out: &mut Vec<u8>) {
    let mut rng = Rng::with_seed(id ^ 0xe7e7);
    for _ in 0..rng.u8(..12).saturating_sub(8) {
        let mut event = Vec::new();
        put_message(&mut event, 2, [&b"retry"[..], b"wait", b""][rng.usize(..3)]);
        put_attribute(&mut event, 3, "attempt", &Value::Int(rng.i64(0..5)));
        put_message(out, 11, &event);
    }
}

fn state(rng: &mut Rng) -> &'static str {
    [
        "",
        "",
        "",
        "a=1",
        "b=2, a=1",
        "a=2,b=1",
        "a=1,A=2",
        "a=1,a=1",
        "t@s=1,a=3",
        "ot=th:8;rv:00000000000001",
        "a",
        "a=1 ,,b=2\t",
    ][rng.usize(..12)]
}
