//! Does the gateway tell about itself what the collector tells, under the same names?
//!
//! `tests/metrics/collector.txt` is what the collector 0.159 has on its page with `tests/metrics/config.yaml`: each
//! line a family, its type, and the labels of some of its series. `make live` records it again and compares.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::{
    program::running::{File, Running, free, get, post},
    support::Backend,
};

const CONFIG: &str = include_str!("../metrics/config.yaml");
const RECORDED: &str = include_str!("../metrics/collector.txt");

/// What the collector has and the gateway has not, and why.
const NOT_HERE: [(&str, &str); 2] = [
    (
        "otelcol_process_runtime_total_alloc_bytes_total",
        "the allocator does not count what it has ever given",
    ),
    (
        "promhttp_metric_handler_errors_total",
        "it is of Go's library for such pages",
    ),
];

/// What the gateway has and the collector did not show, and why.
const ONLY_HERE: [(&str, &str); 8] = [
    ("otelcol_exporter_prometheusremotewrite_consumers", ONCE),
    ("otelcol_exporter_send_failed_metric_points_total", ONCE),
    ("otelcol_exporter_send_failed_spans_total", ONCE),
    ("otelcol_processor_tail_sampling_early_releases", ONCE),
    ("otelcol_processor_tail_sampling_sampling_late_span", ONCE),
    (
        "otelcol_processor_tail_sampling_sampling_trace_removal",
        ONCE,
    ),
    (
        "otelcol_processor_tail_sampling_traces_dropped_too_large",
        ONCE,
    ),
    ("otelcol_processor_batch_batch_size_trigger", ONCE),
];

const ONCE: &str =
    "the collector shows it once there is something to count, and the gateway from the start";

/// What alerts and dashboards ask for and no gateway shows, and why.
const NOT_ASKED_OF_A_GATEWAY: [(&str, &str); 3] = [
    (
        "otelcol_connector_servicegraph",
        "the gateway has no connectors",
    ),
    ("otelcol_scraper_", "the gateway scrapes nothing"),
    (
        "otelcol_processor_memory_limiter_refused",
        "what there is no memory for is refused before it is read, and nobody knows how many items it has",
    ),
];

/// Where something that is asked listens, and what it writes to.
pub(crate) struct Places {
    pub(crate) http: SocketAddr,
    pub(crate) page: SocketAddr,
    pub(crate) store: PathBuf,
    sink: SocketAddr,
}

impl Places {
    pub(crate) fn new(name: &str, sink: SocketAddr) -> Self {
        let store =
            std::env::temp_dir().join(format!("gateway-told-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&store);
        Self {
            http: free(),
            page: free(),
            store,
            sink,
        }
    }

    pub(crate) fn config(&self) -> String {
        CONFIG
            .replace("HTTP", &self.http.to_string())
            .replace("PAGE", &self.page.port().to_string())
            .replace("STORE", self.store.to_str().unwrap())
            .replace("SINK", &self.sink.to_string())
    }

    /// Waits until it listens, and sends what makes every family appear.
    pub(crate) fn send(&self) {
        let began = Instant::now();
        while get(self.http, "/").is_none() {
            assert!(began.elapsed() < Duration::from_mins(1), "nobody listens");
            std::thread::sleep(Duration::from_millis(20));
        }
        for nth in 0..20 {
            for (path, body) in requests(nth) {
                let length = body.len();
                let head = format!(
                    "POST {path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
                );
                assert!(post(self.http, &format!("{head}{body}")).is_some());
            }
        }
    }

    /// What is on the page now.
    pub(crate) fn told(&self) -> BTreeSet<String> {
        // As version 1.0 has it: in one piece.
        let page = post(self.page, "GET /metrics HTTP/1.0\r\n\r\n");
        page.map_or_else(BTreeSet::new, |page| families(&page))
    }
}

impl Drop for Places {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.store);
    }
}

/// The same of each signal: some of it is kept and some left out.
fn requests(nth: u32) -> [(&'static str, String); 3] {
    let each = |make: &dyn Fn(u32, &str) -> String| {
        let names = ["kept", "gone", "kept"];
        let all = (0..)
            .zip(names)
            .map(|(at, name)| make(nth * 3 + at + 1, name));
        all.collect::<Vec<_>>().join(",")
    };
    let spans = each(&|id, name| {
        format!(r#"{{"traceId":"{id:032x}","spanId":"{id:016x}","name":"{name}"}}"#)
    });
    let metrics = each(&|_, name| {
        format!(
            r#"{{"name":"{name}","gauge":{{"dataPoints":[{{"asInt":"1","timeUnixNano":"1"}}]}}}}"#
        )
    });
    let logs =
        each(&|id, name| format!(r#"{{"traceId":"{id:032x}","body":{{"stringValue":"{name}"}}}}"#));
    [
        (
            "/v1/traces",
            format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{spans}]}}]}}]}}"#),
        ),
        (
            "/v1/metrics",
            format!(r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{metrics}]}}]}}]}}"#),
        ),
        (
            "/v1/logs",
            format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{logs}]}}]}}]}}"#),
        ),
    ]
}

/// Each family of a page with its type and the labels of its series; what a resource is called is its own affair.
fn families(page: &str) -> BTreeSet<String> {
    let mut kinds = BTreeMap::new();
    let mut all = BTreeSet::new();
    for line in page.lines() {
        if let Some((name, kind)) = line
            .strip_prefix("# TYPE ")
            .and_then(|line| line.split_once(' '))
        {
            kinds.insert(name, kind);
            continue;
        }
        let end = line.find(['{', ' ']).unwrap_or(line.len());
        let (name, rest) = line.split_at(end);
        let base = ["_bucket", "_sum", "_count"]
            .into_iter()
            .filter_map(|end| name.strip_suffix(end))
            .find(|base| kinds.get(base) == Some(&"histogram"));
        let name = base.unwrap_or(name);
        let Some(kind) = kinds.get(name) else {
            continue;
        };
        let labels = rest
            .strip_prefix('{')
            .and_then(|rest| rest.rsplit_once('}'));
        let mut labels: Vec<_> = labels
            .map(|(labels, _)| labels.split("\","))
            .into_iter()
            .flatten()
            .filter_map(|label| Some(label.split_once('=')?.0))
            .filter(|label| *label != "le")
            .collect();
        labels.sort_unstable();
        if name != "target_info" {
            all.insert(
                format!("{name} {kind} {}", labels.join(","))
                    .trim_end()
                    .to_owned(),
            );
        }
    }
    all
}

fn recorded() -> BTreeSet<String> {
    RECORDED.lines().map(ToOwned::to_owned).collect()
}

fn listed(table: &[(&str, &str)], line: &str) -> bool {
    table.iter().any(|(start, _)| line.starts_with(start))
}

/// Waits until nothing is missing, for as long as that may take.
pub(crate) fn wait_for(places: &Places, expected: &BTreeSet<String>) -> BTreeSet<String> {
    let began = Instant::now();
    loop {
        let told = places.told();
        if expected.is_subset(&told) || began.elapsed() > Duration::from_mins(1) {
            return told;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_gateway_tells_what_the_collector_tells() {
    let (_backend, sink) = Backend::start().await;
    let places = Places::new("gateway", sink);
    let config = File::new(&places.config());
    let _running = Running::start(&config);
    places.send();
    let recorded = recorded();
    let here = |line: &&String| !listed(&NOT_HERE, line);
    let expected: BTreeSet<_> = recorded.iter().filter(here).cloned().collect();
    let told = wait_for(&places, &expected);
    let missing: Vec<_> = expected.difference(&told).collect();
    assert!(missing.is_empty(), "missing: {missing:#?}");
    let own = |line: &&&String| !line.starts_with("otelcol_gateway_") && !listed(&ONLY_HERE, line);
    let more: Vec<_> = told.difference(&expected).collect();
    let more: Vec<_> = more.iter().filter(own).collect();
    assert!(more.is_empty(), "of the gateway alone: {more:#?}");
    for (name, why) in NOT_HERE {
        let there = recorded.iter().any(|line| line.starts_with(name));
        assert!(there, "{name}: {why}, and the collector does not show it");
    }
    asked_for(&told);
}

/// Whatever an alert or a dashboard asks collectors for, a gateway answers.
fn asked_for(told: &BTreeSet<String>) {
    let mut asked = BTreeSet::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src");
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap_or_default();
            for (at, _) in text.match_indices("otelcol_") {
                let name = text[at..].split(|c: char| !c.is_ascii_lowercase() && c != '_');
                asked.extend(name.take(1).map(ToOwned::to_owned));
            }
        }
    }
    assert!(asked.len() > 20, "{asked:?}");
    for name in asked.iter().filter(|name| name.len() > "otelcol_".len()) {
        let there = told.iter().any(|line| line.starts_with(name.as_str()));
        let known = listed(&NOT_ASKED_OF_A_GATEWAY, name);
        assert!(
            there || known,
            "`{name}` is asked for, and no gateway shows it"
        );
    }
}

pub(crate) mod live {
    //! What only the real program can say.

    use std::process::{Child, Command, Stdio};

    use super::*;

    struct Collector(Child);

    impl Drop for Collector {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    pub(crate) async fn recorded_as_the_collector_tells_it() {
        let (_backend, sink) = Backend::start().await;
        let places = Places::new("collector", sink);
        let peers =
            std::env::var("OTELIER_PEERS").expect("needs real programs: run it with `make live`");
        let config = File::new(&places.config());
        let child = Command::new(Path::new(&peers).join("otelcol"))
            .args(["--config", config.path()])
            .stderr(Stdio::null())
            .spawn();
        let _collector = Collector(child.unwrap());
        places.send();
        if std::env::var_os("RECORD").is_some() {
            std::thread::sleep(Duration::from_secs(8));
            let lines: Vec<_> = places.told().into_iter().collect();
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/metrics/collector.txt");
            fs::write(file, lines.join("\n") + "\n").unwrap();
            return;
        }
        let told = wait_for(&places, &recorded());
        let missing: Vec<_> = recorded().difference(&told).cloned().collect();
        assert!(missing.is_empty(), "not told any more: {missing:#?}");
        let new: Vec<_> = told.difference(&recorded()).cloned().collect();
        let new: Vec<_> = new
            .iter()
            .filter(|line| !listed(&ONLY_HERE, line))
            .collect();
        assert!(new.is_empty(), "not told before: {new:#?}");
    }
}
