//! Does anything become of traces that are undecided when the program is killed?

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::Path,
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant},
};

use opentelemetry_proto::tonic::trace::v1::{Span, Status};
use tokio::time::sleep;

use crate::{
    program::running::{free, post},
    support::{
        Backend,
        crash::{Load, Program, Taken, arrived, kills},
        request_of,
    },
};

/// How many spans are in each request, each of another trace.
const SPANS: u64 = 100;
/// How many requests in a row have a span of the same trace.
const PIECES: u64 = 4;
/// One of so many traces has an error, in one of its spans.
const ERRORS: u64 = 33;
/// How long a trace waits, in seconds, and within what time its spans are sent so that all are there in time.
const WAIT: u64 = 2;
const IN_TIME: Duration = Duration::from_secs(WAIT - 1);

/// Keeps traces with errors; all that it takes is in files.
fn config(to: SocketAddr, page: SocketAddr) -> impl FnOnce(SocketAddr, &Path) -> String {
    move |address, files| {
        let (files, host, port) = (files.display(), page.ip(), page.port());
        format!(
            "receivers: {{otlp: {{protocols: {{grpc: {{endpoint: '{address}'}}}}}}}}
extensions: {{file_storage: {{directory: '{files}', create_directory: true}}}}
processors:
  tail_sampling:
    decision_wait: {WAIT}s
    num_traces: 1000000
    policies: [{{name: errors, type: status_code, status_code: {{status_codes: [ERROR]}}}}]
exporters:
  otlp_grpc:
    endpoint: '{to}'
    compression: none
    timeout: 60s
    tls: {{insecure: true}}
    sending_queue: {{storage: file_storage, queue_size: 1000000}}
    retry_on_failure: {{initial_interval: 50ms, max_interval: 200ms, max_elapsed_time: 0s}}
service:
  extensions: [file_storage]
  telemetry: {{metrics: {{readers: [{{pull: {{exporter: {{prometheus: {{host: {host}, port: {port}}}}}}}}}]}}}}
  pipelines: {{traces: {{receivers: [otlp], processors: [tail_sampling], exporters: [otlp_grpc]}}}}
"
        )
    }
}

/// How many requests a start found in which something was undecided.
const RECOVERED: &str = "otelcol_gateway_tail_sampling_recovered_requests";
/// How many of those, and of such as came since, it has still to read.
const UNREAD: &str = "otelcol_gateway_tail_sampling_unread_requests";

/// Which of its spans has a trace's error, if it has one.
fn error(block: u64, index: u64) -> Option<u64> {
    let trace = block * SPANS + index;
    trace
        .is_multiple_of(ERRORS)
        .then_some(trace / ERRORS % PIECES)
}

/// The n-th request: a span of each trace of its block.
fn message(nth: u64) -> Vec<u8> {
    let (block, piece) = (nth / PIECES, nth % PIECES);
    let spans = (0..SPANS).map(|index| Span {
        trace_id: [block + 1, index].map(u64::to_be_bytes).concat(),
        span_id: (nth * SPANS + index + 1).to_be_bytes().to_vec(),
        name: "GET /checkout".to_owned(),
        status: (error(block, index) == Some(piece)).then(|| Status {
            code: 2,
            ..Status::default()
        }),
        ..Span::default()
    });
    request_of(spans)
}

/// What became of the spans that were acknowledged.
#[derive(Debug, Default)]
struct Verdict {
    acknowledged: u64,
    delivered: u64,
    decided_away: u64,
    /// Acknowledged, of a trace whose error was acknowledged in time, and not there.
    missing: u64,
    /// Of traces of which not everything was acknowledged, or not in time: nobody can say what is right.
    undetermined: u64,
    /// There, though their traces have no error.
    wrong: u64,
    twice: u64,
}

impl Verdict {
    fn of(taken: &[Taken], arrived: &BTreeMap<u64, u64>) -> Self {
        let mut blocks = BTreeMap::<u64, BTreeMap<u64, &Taken>>::new();
        for one in taken {
            let block = blocks.entry(one.request / PIECES).or_default();
            block.insert(one.request % PIECES, one);
        }
        let mut verdict = Self {
            twice: arrived.values().map(|times| times - 1).sum(),
            ..Self::default()
        };
        for (block, pieces) in blocks {
            let first = pieces.values().map(|taken| taken.sent).min().unwrap();
            let last = pieces
                .values()
                .map(|taken| taken.acknowledged)
                .max()
                .unwrap();
            let in_time = last - first < IN_TIME;
            for index in 0..SPANS {
                let error = error(block, index);
                let keep = error.is_some_and(|piece| in_time && pieces.contains_key(&piece));
                for taken in pieces.values() {
                    let here = arrived.contains_key(&(taken.request * SPANS + index + 1));
                    let count = match (here, keep, error) {
                        (true, _, None) => &mut verdict.wrong,
                        (true, _, Some(_)) => &mut verdict.delivered,
                        (false, true, _) => &mut verdict.missing,
                        (false, false, Some(_)) => &mut verdict.undetermined,
                        (false, false, None) => &mut verdict.decided_away,
                    };
                    *count += 1;
                    verdict.acknowledged += 1;
                }
            }
        }
        verdict
    }

    /// Of what is acknowledged, once nothing is missing, or after a minute.
    async fn settled(load: &Load, backend: &Backend) -> Self {
        let began = Instant::now();
        loop {
            let verdict = Self::of(&load.acknowledged(), &arrived(backend));
            if verdict.missing == 0 || began.elapsed() > Duration::from_mins(1) {
                return verdict;
            }
            sleep(Duration::from_millis(200)).await;
        }
    }
}

/// A number on the program's page, once it is there and right.
async fn until(page: SocketAddr, name: &str, right: impl Fn(u64) -> bool) -> u64 {
    let began = Instant::now();
    loop {
        let text = post(page, "GET /metrics HTTP/1.0\r\n\r\n").unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(name));
        let number = line.map(|line| line.rsplit(' ').next().unwrap().parse().unwrap());
        if let Some(number) = number.filter(|number| right(*number)) {
            return number;
        }
        assert!(
            began.elapsed() < Duration::from_mins(1),
            "no {name}: {text}"
        );
        sleep(Duration::from_millis(50)).await;
    }
}

/// How many requests a start has found, once it has read all of them.
async fn found(page: SocketAddr) -> u64 {
    until(page, UNREAD, |unread| unread == 0).await;
    until(page, RECOVERED, |_| true).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn undecided_traces_survive_every_kill() {
    let (backend, address) = Backend::start().await;
    let page = free();
    let mut program = Program::start("undecided", config(address, page));
    let (load, senders) = Load::start(program.address, message);
    let kills = kills(4);
    for nth in 0..kills {
        // Each start has everything wait anew: some live long enough to decide something.
        if nth % 3 == 2 {
            let asked = "otelcol_processor_tail_sampling_sampling_policy_execution_count";
            until(page, asked, |count| count > 0).await;
        }
        // What was acknowledged last waits for its decision.
        load.some_more(fastrand::usize(40..80)).await;
        program.kill();
        program.again();
        let found = found(page).await;
        assert!(found > 0, "nothing was undecided at kill {nth}");
    }
    load.some_more(40).await;
    load.stop.store(true, Relaxed);
    senders.join_all().await;
    let verdict = Verdict::settled(&load, &backend).await;
    println!("{kills} kills: {verdict:?}");
    assert_eq!((verdict.missing, verdict.wrong), (0, 0), "{verdict:?}");
    // How much was acknowledged in time is a matter of how fast the machine is.
    assert!(verdict.delivered > 0, "{verdict:?}");
    assert!(verdict.decided_away > 0, "{verdict:?}");
    // In the end nothing is pending any more: a start finds nothing.
    let began = Instant::now();
    loop {
        sleep(Duration::from_secs(1)).await;
        program.kill();
        program.again();
        if found(page).await == 0 {
            break;
        }
        assert!(
            began.elapsed() < Duration::from_mins(1),
            "it is never decided"
        );
        sleep(Duration::from_secs(WAIT + 1)).await;
    }
    let most = if kills < 100 {
        // What was under way at each kill.
        kills as u64 * PIECES * SPANS
    } else {
        verdict.acknowledged / 1000
    };
    assert!(verdict.twice <= most, "{verdict:?}");
}
