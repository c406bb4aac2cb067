//! What must hold for any bytes: one law for each reader of the gateway. The fuzz targets run these, and so does `make test` with
//! what is in `seeds` and small changes of it.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use gateway::{
    Budget, Payload, Signal,
    config::{self, Source, Surroundings},
    http2::{
        any_bytes::{self, Port},
        hpack::{Decoder, put_field},
    },
    json,
    log::{Log, RealDisk, Settings},
    ottl::{Condition, Subject},
    wire::{self, Fault},
};
use opentelemetry_proto::tonic::collector::{
    logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
    trace::v1::ExportTraceServiceRequest,
};
use prost::Message as _;

/// The first byte says which signal the others are.
fn signal(data: &[u8]) -> Option<(Signal, &[u8])> {
    let (first, rest) = data.split_first()?;
    let signals = [Signal::Traces, Signal::Metrics, Signal::Logs];
    Some((signals[usize::from(first % 3)], rest))
}

fn prost_reads(signal: Signal, body: &[u8]) -> bool {
    match signal {
        Signal::Traces => ExportTraceServiceRequest::decode(body).is_ok(),
        Signal::Metrics => ExportMetricsServiceRequest::decode(body).is_ok(),
        Signal::Logs => ExportLogsServiceRequest::decode(body).is_ok(),
    }
}

/// The scanner takes what prost takes, but for what it refuses for other readers' sake.
pub(crate) fn scanner(data: &[u8]) {
    let Some((signal, body)) = signal(data) else {
        return;
    };
    match wire::count(signal, body) {
        Ok(_) => assert!(prost_reads(signal, body), "prost refuses it"),
        Err(malformed) => assert!(
            matches!(malformed.fault, Fault::Id | Fault::Group) || !prost_reads(signal, body),
            "prost takes it: {malformed}"
        ),
    }
}

/// What is read from JSON can be read as protobuf, and is the same when it was written and read again.
pub(crate) fn json(data: &[u8]) {
    let Some((signal, text)) = signal(data) else {
        return;
    };
    let Ok(body) = json::to_protobuf(signal, text) else {
        return;
    };
    wire::count(signal, &body).expect("what was read is right");
    assert!(prost_reads(signal, &body));
    let mut written = Vec::new();
    json::from_protobuf(signal, &body, &mut written).expect("what was read can be written");
    let again = json::to_protobuf(signal, &written).expect("what was written can be read");
    let mut twice = Vec::new();
    json::from_protobuf(signal, &again, &mut twice).expect("and written again");
    assert_eq!(written, twice);
}

/// A configuration is taken or refused.
pub(crate) fn configuration(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let around = Surroundings {
        variables: [("NAME".to_owned(), "value".to_owned())].into(),
        memory: Some(1 << 30),
    };
    if let Err(problems) = config::load(&[Source::Text(text.to_owned())], &around) {
        assert!(!problems.to_string().is_empty(), "refused without a word");
    }
}

/// A condition is taken or refused, and can be asked of anything.
pub(crate) fn conditions(data: &[u8]) {
    use collector_config::ottl::Context;
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let body = json::to_protobuf(Signal::Traces, SPAN).expect("it is right");
    let resource = wire::resources(&body).next().expect("there is one");
    let scope = resource.children().next().expect("there is one");
    let span = scope.children().next().expect("there is one");
    for context in [
        Context::Span,
        Context::Log,
        Context::Metric,
        Context::DataPoint,
    ] {
        if let Ok(condition) = Condition::new(text, &[context]) {
            let subject = Subject {
                resource,
                scope: Some(scope),
                item: span.message(),
                part: span.message(),
            };
            // Whichever it is: it is said.
            let _ = condition.holds(&subject);
        }
    }
}

const SPAN: &[u8] = br#"{"resourceSpans":[{"resource":{"attributes":[{"key":"a","value":{"intValue":"7"}}]},"scopeSpans":[{"scope":{"name":"s"},
  "spans":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","name":"x","kind":2,
  "attributes":[{"key":"a","value":{"stringValue":"b"}},{"key":"m","value":{"kvlistValue":{"values":[{"key":"k","value":{"doubleValue":1.5}}]}}}]}]}]}]}"#;

/// A block of headers is read within its bounds; the fields that it has are the same when they were written and read again.
pub(crate) fn header_blocks(data: &[u8]) {
    const MOST: usize = 4096;
    let mut decoder = Decoder::new(4096);
    for block in data.split(|byte| *byte == 0xff) {
        let mut fields = Vec::new();
        let read = decoder.decode(block, MOST, |name, value| {
            fields.push((name.to_vec(), value.to_vec()));
        });
        let size: usize = fields
            .iter()
            .map(|(name, value)| name.len() + value.len() + 32)
            .sum();
        assert!(size <= MOST, "{size}");
        if read.is_err() {
            return;
        }
        let mut written = Vec::new();
        for (name, value) in &fields {
            put_field(&mut written, name, value);
        }
        let mut again = Vec::new();
        Decoder::new(4096)
            .decode(&written, MOST, |name, value| {
                again.push((name.to_vec(), value.to_vec()));
            })
            .expect("what was written can be read");
        assert_eq!(fields, again);
    }
}

/// The first byte says how many of the others come at a time.
fn in_pieces(data: &[u8]) -> Option<(u8, usize, &[u8])> {
    let (first, rest) = data.split_first()?;
    let piece = match first >> 1 {
        0 => usize::MAX,
        piece => piece.into(),
    };
    Some((*first, piece, rest))
}

/// A server says nothing but HTTP/2 to whatever its client says, and gives everything back that it took.
pub(crate) fn http2_server(data: &[u8]) {
    let Some((first, piece, said)) = in_pieces(data) else {
        return;
    };
    let port = if first & 1 == 0 {
        Port::Grpc
    } else {
        Port::Http
    };
    any_bytes::to_server(port, said, piece).expect("it is a server of HTTP/2");
}

/// A client has an answer to each of its calls, or knows that there is none, whatever its server says.
pub(crate) fn http2_client(data: &[u8]) {
    if let Some((_, piece, said)) = in_pieces(data) {
        any_bytes::to_client(said, piece).expect("it is a client of HTTP/2");
    }
}

/// A log whose files were changed anywhere opens again, and delivers nothing but what was put into it.
pub(crate) fn recovery(data: &[u8]) {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let name = format!(
        "recovery-{}-{}",
        std::process::id(),
        NEXT.fetch_add(1, Relaxed)
    );
    let folder = std::env::temp_dir().join(name);
    let settings = Settings {
        segment: 64 << 10,
        capacity: 1 << 20,
        memory: 0,
        ..Settings::new(["a"])
    };
    let budget = Budget::new(1 << 20);
    let bodies: Vec<Vec<u8>> = (1..6).map(|nth| vec![nth; usize::from(nth) * 50]).collect();
    {
        let (log, _) =
            Log::open(&folder, &settings, Arc::new(RealDisk::default())).expect("it is new");
        for body in &bodies {
            let payload = Payload {
                signal: Signal::Logs,
                items: 1,
                arrived: Instant::now(),
                charge: Arc::new(budget.charge(body.len() as u64).expect("there is room")),
                body: bytes::Bytes::from(body.clone()).into(),
                metadata: None,
            };
            log.append(&payload).expect("there is room");
        }
    }
    damage(&folder, data);
    let (log, _) = Log::open(&folder, &settings, Arc::new(RealDisk::default()))
        .expect("damage is no reason to refuse");
    let cursor = log.cursor("a");
    while let Some(delivery) = cursor.try_next(&budget) {
        let body = delivery.payload.body.joined();
        assert!(
            bodies.iter().any(|known| known[..] == body[..]),
            "nobody put this in"
        );
        delivery.done();
    }
    drop(log);
    let _ = fs::remove_dir_all(&folder);
}

/// Each four bytes change one of the first kilobytes of a file, or cut it there.
fn damage(folder: &std::path::Path, data: &[u8]) {
    let mut files: Vec<_> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    files.retain(|path| path.is_file());
    files.sort();
    for change in data.chunks_exact(4) {
        let Some(path) = files.get(usize::from(change[0]) % files.len().max(1)) else {
            return;
        };
        let Ok(mut bytes) = fs::read(path) else {
            continue;
        };
        let at = usize::from(u16::from_be_bytes([change[1], change[2]])) % 2048;
        match bytes.get_mut(at) {
            Some(_) if change[3] == 0xff => bytes.truncate(at),
            Some(byte) => *byte ^= change[3],
            None => continue,
        }
        let _ = fs::write(path, bytes);
    }
}
