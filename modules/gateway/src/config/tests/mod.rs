//! What is said about whole configurations.

mod headers;
mod keys;
mod said;

use std::time::Duration;

use super::*;
use crate::settings::{Durability, Exporter, ExporterKind, Processor, Shown};

const MINIMAL: &str = "
receivers: {otlp: {protocols: {grpc: , http: }}}
exporters: {otlp/a: {endpoint: 'a:4317', tls: {insecure: true}}}
service: {pipelines: {traces: {receivers: [otlp], exporters: [otlp/a]}}}
";

fn around() -> Surroundings {
    Surroundings {
        memory: Some(1000 << 20),
        ..Surroundings::default()
    }
}

fn file(text: &str) -> (std::path::PathBuf, Source) {
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!(
        "gateway-{}-{}.yaml",
        std::process::id(),
        NEXT.fetch_add(1, Relaxed)
    );
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, text).unwrap();
    (path.clone(), Source::File(path))
}

fn load_text(text: &str) -> Result<Loaded, Vec<String>> {
    let (path, source) = file(text);
    let loaded = load(&[source], &around());
    std::fs::remove_file(&path).unwrap();
    let prefix = format!("{}:", path.display());
    loaded.map_err(|problems| {
        let texts = problems.iter().map(ToString::to_string);
        texts.map(|text| text.replace(&prefix, "")).collect()
    })
}

#[test]
fn a_small_configuration_has_the_defaults_of_the_collector() {
    let settings = load_text(MINIMAL).unwrap().settings;
    let otlp = settings.receivers.values().next().unwrap();
    let (grpc, http) = (otlp.grpc.as_ref().unwrap(), otlp.http.as_ref().unwrap());
    assert_eq!(grpc.address.to_string(), "localhost:4317");
    assert_eq!((grpc.max_message, http.max_body), (4 << 20, 20 << 20));
    assert_eq!(settings.memory.budget, 500 << 20);
    let (id, exporter) = settings.exporters.iter().next().unwrap();
    assert_eq!(id.to_string(), "otlp/a");
    assert_eq!(exporter.queue.as_ref().unwrap().size, 1000);
    assert!(matches!(&exporter.kind, ExporterKind::OtlpGrpc(grpc) if grpc.tls.is_none()));
    let page = &settings.telemetry.metrics_pages[0];
    assert_eq!((page.host.as_str(), page.port), ("localhost", 8888));
}

#[test]
fn what_a_processor_would_refuse_when_it_starts_is_refused_here() {
    let problems = load_text(
        "receivers: {otlp: {protocols: {grpc: }}}
processors:
  filter: {traces: {span: ['SHA256(name) == \"x\"']}}
  resource: {attributes: [{key: a, action: extract, pattern: '('}]}
  tail_sampling: {policies: [{name: o, type: ottl_condition, ottl_condition: {span: ['SHA256(name) == \"x\"']}}]}
exporters: {nop: }
service: {pipelines: {traces: {receivers: [otlp], processors: [filter, resource, tail_sampling], exporters: [nop]}}}
",
    )
    .unwrap_err();
    assert_eq!(problems.len(), 3, "{problems:?}");
    for (problem, place) in problems.iter().zip([
        "3: processors::filter",
        "4: processors::resource",
        "5: processors::tail_sampling",
    ]) {
        assert!(problem.starts_with(place), "{problem}");
    }
}

#[test]
fn everything_wrong_is_said_at_once_with_its_line() {
    let problems = load_text(
        "receivers:
  otlp:
    protocols:
      grcp:
  kafka: {}
processors:
  batch: {timeout: 1, send_batch_sise: 5}
  memory_limiter: {check_interval: 1s}
exporters:
  otlp: {}
  otlp_http/b:
    endpoint: b:4318
    sending_queue: {storage: file_storage/x, queue_size: two}
  prometheusremotewrit: {}
extension: {}
extensions:
  file_storage: {durability: disk}
  pprof:
service:
  extensions: [pprof, file_storag]
  pipelines:
    traces:
      receivers: [otlp, otlp]
      processors: [batc]
      exporters: [prometheusremotewrite, otlp_grpc]
    spans: {receivers: [otlp], exporters: [otlp]}
    metrics: {}
",
    )
    .unwrap_err();
    let expected = [
        "4: receivers::otlp::protocols::grcp: there is no such key",
        "5: receivers::kafka: the gateway does not run the receiver `kafka`; it runs `otlp`",
        "7: processors::batch::send_batch_sise: there is no such key; did you mean `send_batch_size`?",
        "8: processors::memory_limiter: `limit_percentage` or `limit_mib` is needed",
        "10: exporters::otlp: `endpoint` is missing",
        "12: exporters::otlp_http/b::endpoint: `b:4318` is not a URL such as `http://host:4318`",
        "13: exporters::otlp_http/b::sending_queue::queue_size: must be a whole number that is not negative, not a text",
        "13: exporters::otlp_http/b::sending_queue::storage: the extension `file_storage/x` is not defined; did you mean `file_storage`?",
        "14: exporters::prometheusremotewrit: there is no exporter `prometheusremotewrit`; did you mean `prometheus_remote_write`?",
        "15: extension: there is no such key; did you mean `extensions`?",
        "17: extensions::file_storage::durability: must be `process` (survives a sudden end) or `power` (a loss of power too)",
        "20: service::extensions::1: the extension `file_storag` is not defined; did you mean `file_storage`?",
        "23: service::pipelines::traces::receivers::1: `otlp` is named twice",
        "24: service::pipelines::traces::processors::0: the processor `batc` is not defined; did you mean `batch`?",
        "25: service::pipelines::traces::exporters::0: the exporter `prometheusremotewrite` is not defined",
        "26: service::pipelines::spans: `spans` is not a signal: traces, metrics or logs",
        "27: service::pipelines::metrics::exporters: a pipeline needs exporters",
        "27: service::pipelines::metrics::receivers: a pipeline needs receivers",
    ];
    assert_eq!(problems, expected);
}

#[test]
fn limits_of_memory_follow_from_the_limiter() {
    for (limiter, budget, limit) in [
        ("limit_mib: 100", 80, 100),
        ("limit_mib: 100, spike_limit_mib: 30", 70, 100),
        ("limit_percentage: 50, spike_limit_percentage: 10", 400, 500),
        ("limit_mib: 100, limit_percentage: 50", 80, 100),
    ] {
        let text = MINIMAL.replace("exporters: [", "processors: [memory_limiter], exporters: [");
        let text =
            format!("processors: {{memory_limiter: {{check_interval: 1s, {limiter}}}}}{text}");
        let memory = load_text(&text).unwrap().settings.memory;
        assert_eq!(
            (memory.budget >> 20, memory.limit >> 20),
            (budget, limit),
            "{limiter}"
        );
    }
}

#[test]
fn storage_is_kept_as_safely_as_it_is_asked_for() {
    for (storage, durability) in [
        ("", Durability::Process),
        ("fsync: true", Durability::Power),
        ("durability: power", Durability::Power),
        ("durability: process", Durability::Process),
    ] {
        let text = MINIMAL
            .replace(
                "insecure: true}",
                "insecure: true}, sending_queue: {storage: file_storage/q}",
            )
            .replace("service: {", "service: {extensions: [file_storage/q], ");
        let text = format!("extensions: {{file_storage/q: {{{storage}}}}}{text}");
        let settings = load_text(&text).unwrap().settings;
        let found = settings.storages.values().next().unwrap();
        assert_eq!(found.durability, durability, "{storage}");
    }
}

#[test]
fn names_of_metrics_have_both_suffixes_or_none_as_the_collectors() {
    let (yes, no) = (Shown::Yes, Shown::No);
    for (keys, suffixes, scope) in [
        ("", no, no),
        (", without_type_suffix: false", yes, no),
        (", without_type_suffix: true, without_units: false", yes, no),
        (", without_type_suffix: true", no, no),
        (", without_scope_info: false", no, yes),
    ] {
        let page = format!("{{pull: {{exporter: {{prometheus: {{host: a, port: 1{keys}}}}}}}}}");
        let telemetry = format!("service: {{telemetry: {{metrics: {{readers: [{page}]}}}}, ");
        let settings = load_text(&MINIMAL.replace("service: {", &telemetry))
            .unwrap()
            .settings;
        let page = &settings.telemetry.metrics_pages[0];
        let found = (page.type_suffix, page.units, page.scope_info);
        assert_eq!(found, (suffixes, suffixes, scope), "{keys}");
    }
}

#[test]
fn what_does_nothing_here_is_said() {
    let exporter = "exporters: {otlp_http: {endpoint: 'http://a:1', KEYS}}
receivers: {otlp: {protocols: {http: {SERVER}}}}
service: {pipelines: {traces: {receivers: [otlp], exporters: [otlp_http]}}}";
    for (keys, server, expected) in [
        ("", "", None),
        ("force_attempt_http2: true", "", Some("force_attempt_http2")),
        ("max_idle_conns: 7", "", Some("max_idle_conns")),
        ("write_buffer_size: 4096", "", Some("write_buffer_size")),
        ("", "include_metadata: true", Some("include_metadata")),
    ] {
        let text = exporter.replace("KEYS", keys).replace("SERVER", server);
        let notes = load_text(&text).unwrap().notes;
        let found = notes.first().and_then(|note| note.path.last());
        assert_eq!(
            (found.map(|key| &**key), notes.len()),
            (expected, usize::from(expected.is_some())),
            "{keys} {server}"
        );
    }
}

/// An exporter with such keys, where there is a storage.
fn beside_a_storage(keys: &str) -> Exporter {
    let text = MINIMAL
        .replace("insecure: true}", &format!("insecure: true}}, {keys}"))
        .replace("service: {", "service: {extensions: [file_storage], ");
    let text = format!("extensions: {{file_storage: {{max_size: 5000000}}}}{text}");
    let mut exporters = load_text(&text).unwrap().settings.exporters.into_values();
    exporters.next().unwrap()
}

#[test]
fn a_queue_on_disk_is_as_long_as_the_storage_unless_it_says_how_long() {
    for (queue, size) in [
        ("{}", 1000),
        ("{queue_size: 7}", 7),
        ("{storage: file_storage}", u64::MAX),
        ("{storage: file_storage, queue_size: 1000}", 1000),
    ] {
        let exporter = beside_a_storage(&format!("sending_queue: {queue}"));
        assert_eq!(exporter.queue.as_ref().unwrap().size, size, "{queue}");
    }
}

#[test]
fn what_is_on_disk_is_tried_for_ever_unless_it_says_how_long() {
    let minutes = |minutes| Some(Duration::from_mins(minutes));
    let stored = "sending_queue: {storage: file_storage}";
    for (keys, end) in [
        ("sending_queue: {}".to_owned(), minutes(5)),
        (stored.to_owned(), None),
        (
            format!("{stored}, retry_on_failure: {{max_interval: 20s}}"),
            None,
        ),
        (
            format!("{stored}, retry_on_failure: {{max_elapsed_time: 7m}}"),
            minutes(7),
        ),
    ] {
        let exporter = beside_a_storage(&keys);
        assert_eq!(exporter.retry.unwrap().give_up, end, "{keys}");
    }
}

#[test]
fn names_of_old_are_those_of_today() {
    let text = "
receivers: {otlp: {protocols: {http: }}}
processors: {tail_sampling: {policies: [{name: a, type: always_sample}]}}
exporters:
  loadbalancing: {protocol: {otlp: }, resolver: {static: {hostnames: [a, 'b:1', '[::1]']}}}
  prometheusremotewrite: {endpoint: 'http://a/w', protobuf_message: io.prometheus.write.v2.Request}
  otlphttp: {endpoint: 'http://a:4318/'}
service:
  pipelines:
    traces: {receivers: [otlp], processors: [tail_sampling], exporters: [load_balancing, otlp_http]}
    metrics: {receivers: [otlp], exporters: [prometheusremotewrite]}
";
    let settings = load_text(text).unwrap().settings;
    let each = &settings.exporters[&"loadbalancing".parse().unwrap()].queue;
    assert_eq!(
        each.as_ref().map(|queue| queue.size),
        Some(1000),
        "as each collector's"
    );
    let ids: Vec<_> = settings.exporters.keys().map(ToString::to_string).collect();
    assert_eq!(ids, ["loadbalancing", "otlphttp", "prometheusremotewrite"]);
    let pipeline = settings
        .pipelines
        .values()
        .find(|pipeline| pipeline.exporters.len() == 2)
        .unwrap();
    let named: Vec<_> = pipeline.exporters.iter().map(ToString::to_string).collect();
    assert_eq!(named, ["loadbalancing", "otlphttp"]);
    assert!(
        settings
            .processors
            .values()
            .all(|one| matches!(one, Processor::TailSampling(_)))
    );
}

mod any {
    //! Whatever is given, there is an answer.

    use proptest::prelude::*;

    use super::*;

    const WHOLE: &str = include_str!("../../../tests/config/whole.yaml");

    /// A part of a text is replaced by a part of it or by something that YAML minds.
    fn mutated() -> impl Strategy<Value = String> {
        let texts = [
            "",
            " ",
            "\n",
            ":",
            "- ",
            "[",
            "]",
            "{",
            "}",
            "${env:A}",
            "${",
            "&a ",
            "*a",
            "<<: *a\n",
            "\t",
            "~",
            "1e999",
            "'",
            "\"",
            "#",
            "|\n",
            "!!binary ",
            "\u{0}",
            "é",
            "-1",
            "99999999999999999999",
        ];
        let cut = (0..WHOLE.len(), 0..40_usize);
        let put = prop_oneof![
            proptest::sample::select(texts.to_vec()).prop_map(ToOwned::to_owned),
            (0..WHOLE.len(), 0..60_usize).prop_map(|(at, length)| part(at, length).to_owned()),
        ];
        proptest::collection::vec((cut, put), 1..4).prop_map(|edits| {
            let mut text = WHOLE.to_owned();
            for ((at, length), put) in edits {
                let from = floor(&text, at.min(text.len()));
                let to = floor(&text, (from + length).min(text.len()));
                text.replace_range(from..to.max(from), &put);
            }
            text
        })
    }

    fn floor(text: &str, mut at: usize) -> usize {
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }

    fn part(at: usize, length: usize) -> &'static str {
        let from = floor(WHOLE, at);
        &WHOLE[from..floor(WHOLE, (from + length).min(WHOLE.len()))]
    }

    proptest! {
        #[test]
        fn a_mutated_configuration_is_loaded_or_refused_for_a_reason(text in mutated()) {
            let source = Source::Variable("CONFIG".to_owned());
            let around = Surroundings {
                variables: [("CONFIG".to_owned(), text)].into(),
                memory: Some(1 << 30),
            };
            if let Err(problems) = load(&[source], &around) {
                prop_assert!(problems.iter().len() > 0);
                prop_assert!(problems.iter().all(|problem| !problem.what.is_empty()));
            }
        }
    }

    #[test]
    fn what_is_mutated_is_right_to_begin_with() {
        let source = Source::Variable("CONFIG".to_owned());
        let around = Surroundings {
            variables: [("CONFIG".to_owned(), WHOLE.to_owned())].into(),
            memory: Some(1 << 30),
        };
        let loaded = load(&[source], &around);
        let loaded = loaded.unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(loaded.settings.exporters.len(), 7);
        assert_eq!(loaded.settings.processors.len(), 7);
    }
}
