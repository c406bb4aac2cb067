//! Do as many spans come through a limit as the collector lets through?
//!
//! Which ones is a matter of luck there: it takes traces from a map of Go. So they are counted, and where time makes a
//! difference the time is measured, whatever the machine does meanwhile.

use std::{
    collections::BTreeMap,
    thread,
    time::{Duration, Instant},
};

use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, KeyValue, any_value::Value as Any},
    trace::v1::{Span, Status},
};
use serde_json::{Value, json};

use super::{
    beside::{Program, Who},
    late::{config, kept, wait_for},
};
use crate::{sampling::Spans, support::request_of};

/// How many spans most traces have.
const SPANS: u64 = 10;
/// So many traces are decided together, and then so many at the end.
const TRACES: [usize; 2] = [600, 400];
/// How many spans may come in a second, and at once; and the same for what they have in bytes.
const RATE: u32 = 100;
const AT_ONCE: u32 = 4000;
/// How long the limits have to recover, at least.
const PAUSE: Duration = Duration::from_secs(15);
/// Shares of a composite policy's hundred spans: what is said in percent, if it is, and how many spans that is. Each is
/// there twice: for a trace that is no larger, and for one that is.
const SHARES: [(Option<u64>, u64); 4] = [(Some(20), 20), (Some(15), 15), (Some(0), 11), (None, 11)];
/// The share of several traces of three spans: of those there is room for as many as these, in a second.
const SEVERAL: &str = "several";
const ROOM: usize = 3;

/// A trace of so many spans, which has a share or none.
fn trace(number: u64, spans: u64, share: Option<&str>) -> Vec<Span> {
    let share = share.map(|share| KeyValue {
        key: "share".to_owned(),
        value: Some(AnyValue {
            value: Some(Any::StringValue(share.to_owned())),
        }),
        ..KeyValue::default()
    });
    // The collector counts what it would write itself: of a span without parent or status two bytes more for each.
    let ok = Status {
        code: 1,
        ..Status::default()
    };
    let span = |index: u64| Span {
        trace_id: [number, !number].map(u64::to_be_bytes).concat(),
        span_id: (number << 16 | (index + 1)).to_be_bytes().to_vec(),
        parent_span_id: vec![1; 8],
        name: "work".repeat(10),
        status: Some(ok.clone()),
        attributes: share.iter().cloned().collect(),
        ..Span::default()
    };
    (0..spans).map(span).collect()
}

/// The number of a trace: those of the second time are larger, and so are those with shares.
fn number(time: usize, shared: bool, nth: usize) -> u64 {
    (time as u64 + 1) << 24 | u64::from(shared) << 20 | nth as u64
}

/// What all is known by.
const MARK: u64 = 1 << 30;

/// Everything that comes the first time, or the second.
fn request(time: usize) -> Vec<u8> {
    let plain = (0..TRACES[time]).map(|nth| trace(number(time, false, nth), SPANS, None));
    let mut spans: Vec<Span> = plain.flatten().collect();
    if time == 0 {
        for (nth, (share, spans_of)) in shares().into_iter().enumerate() {
            spans.extend(trace(number(0, true, nth), spans_of, Some(&share)));
        }
        let mark = Span {
            status: Some(Status {
                code: 2,
                ..Status::default()
            }),
            ..trace(MARK, 1, None).remove(0)
        };
        spans.push(mark);
    }
    let several = (100..120).map(|nth| trace(number(time, true, nth), 3, Some(SEVERAL)));
    spans.extend(several.flatten());
    request_of(spans)
}

/// Each share with the size of its trace: as large as it may be, and larger.
fn shares() -> Vec<(String, u64)> {
    let both = |(nth, (_, most)): (usize, (Option<u64>, u64))| {
        [
            (format!("{nth}-fits"), most),
            (format!("{nth}-not"), most + 1),
        ]
    };
    SHARES.into_iter().enumerate().flat_map(both).collect()
}

fn ways() -> [(&'static str, Value); 3] {
    let errors = json!({ "name": "errors", "type": "status_code", "status_code": { "status_codes": ["ERROR"] } });
    let with = |kind: &str, settings: Value| json!({ "decision_wait": "2s", "policies": [errors, { "name": kind, "type": kind, kind: settings }] });
    let bytes = request_of(trace(1, SPANS, None)).len() as u64 / SPANS;
    let names = shares().into_iter().map(|(name, _)| name);
    let parts: Vec<Value> = names
        .chain([SEVERAL.to_owned()])
        .map(|name| json!({ "name": name, "type": "string_attribute", "string_attribute": { "key": "share", "values": [name] } }))
        .collect();
    let mut allocated = vec![json!({ "policy": SEVERAL, "percent": 3 * ROOM + 1 })];
    for ((name, _), (percent, _)) in shares().iter().zip(SHARES.iter().flat_map(|one| [one; 2])) {
        allocated.extend(percent.map(|percent| json!({ "policy": name, "percent": percent })));
    }
    [
        (
            "spans",
            with(
                "rate_limiting",
                json!({ "spans_per_second": RATE, "burst_capacity": AT_ONCE }),
            ),
        ),
        (
            "bytes",
            with(
                "bytes_limiting",
                json!({ "bytes_per_second": u64::from(RATE) * bytes, "burst_capacity": u64::from(AT_ONCE) * bytes }),
            ),
        ),
        (
            "shares",
            with(
                "composite",
                json!({
                    "max_total_spans_per_second": 100, "policy_order": [],
                    "composite_sub_policy": parts, "rate_allocation": allocated,
                }),
            ),
        ),
    ]
}

/// What came through, and the least and the most seconds that were between both times.
struct Limited {
    kept: Vec<Spans>,
    seconds: [f64; 2],
}

impl Limited {
    fn of(who: Who) -> Self {
        let ways = ways();
        let mut program = Program::start(who, |folder, address| config(&ways, folder, address));
        assert_eq!(program.post("traces", &request_of([])), 200);
        let sent = Instant::now();
        assert_eq!(program.post("traces", &request(0)), 200);
        let seen = wait_for(MARK << 16 | 1, program.folder.path(), ways.len());
        thread::sleep(PAUSE);
        assert_eq!(program.post("traces", &request(1)), 200);
        let ending = Instant::now();
        let folder = program.end();
        // Nothing is decided sooner than after two seconds.
        let longest = sent.elapsed().saturating_sub(Duration::from_secs(2));
        Self {
            kept: kept(folder.path(), ways.len()),
            seconds: [ending - seen, longest].map(|time| time.as_secs_f64()),
        }
    }

    /// How many spans of a time came through a way.
    fn spans(&self, way: usize, time: usize) -> f64 {
        let here = |span: &&u64| **span >> 40 == time as u64 + 1;
        f64::from(u32::try_from(self.kept[way].iter().filter(here).count()).unwrap())
    }

    /// Which of those with shares came through whole, by their numbers.
    fn shared(&self, time: usize) -> BTreeMap<u64, usize> {
        let mut traces = BTreeMap::new();
        for span in &self.kept[2] {
            let nth = span >> 16 & 0xfffff;
            if span >> 36 == number(time, true, 0) >> 20 {
                *traces.entry(nth).or_default() += 1;
            }
        }
        traces
    }

    fn check(&self, who: &str) {
        for (way, name) in ["spans", "bytes"].into_iter().enumerate() {
            // A twentieth more or less, and what is left over for no trace.
            let about = |wanted: [f64; 2], count: f64| {
                let [least, most] = wanted;
                let fits = least * 0.95 - 20.0 <= count && count <= most * 1.05 + 20.0;
                assert!(fits, "{who}: {count} {name}, and not {wanted:?}");
            };
            let all = f64::from(AT_ONCE);
            about([all, all], self.spans(way, 0));
            let rate = f64::from(RATE);
            let wanted = self.seconds.map(|seconds| (seconds * rate).min(all));
            about(wanted, self.spans(way, 1));
        }
        let [first, then] = [0, 1].map(|time| self.shared(time));
        let fit: Vec<u64> = first.keys().copied().filter(|nth| *nth < 100).collect();
        assert_eq!(fit, [0, 2, 4, 6], "{who}");
        // A second may end while they are decided, but hardly both times.
        let several = [first, then].map(|traces| traces.range(100..).count());
        assert_eq!(several.into_iter().min(), Some(ROOM), "{who}: {several:?}");
    }
}

#[test]
fn limits_let_through_what_the_collectors_do() {
    let (ours, theirs) = thread::scope(|scope| {
        let theirs = scope.spawn(|| Limited::of(Who::Collector("")));
        (Limited::of(Who::Gateway), theirs.join().unwrap())
    });
    theirs.check("the collector");
    ours.check("the gateway");
    for way in 0..2 {
        let [ours, theirs] = [&ours, &theirs].map(|of| of.spans(way, 0));
        assert!(
            (ours - theirs).abs() <= theirs * 0.02,
            "{ours} for {theirs}"
        );
    }
}
