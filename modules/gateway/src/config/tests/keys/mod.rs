//! Does each key mean what it means to the collector, also at its edges?

use std::time::Duration;

mod receiving;

use super::load_text;
use crate::settings::{Exporter, ExporterKind, Otlp, Sizer, WireCompression};

/// An exporter of this type with these settings, or what is wrong with it.
fn exporter(kind: &str, keys: &str) -> Result<Exporter, Vec<String>> {
    let signal = match kind {
        "prometheus_remote_write" => "metrics",
        _ => "traces",
    };
    let text = format!(
        "receivers: {{otlp: {{protocols: {{grpc: }}}}}}
exporters: {{{kind}: {{{keys}}}}}
service: {{pipelines: {{{signal}: {{receivers: [otlp], exporters: [{kind}]}}}}}}
"
    );
    let loaded = load_text(&text)?;
    Ok(loaded.settings.exporters.into_values().next().unwrap())
}

/// A receiver with these protocols, and the keys that do nothing.
fn receiver(protocols: &str) -> Result<(Otlp, Vec<String>), Vec<String>> {
    let text = format!(
        "receivers: {{otlp: {{protocols: {{{protocols}}}}}}}
exporters: {{nop: }}
service: {{pipelines: {{traces: {{receivers: [otlp], exporters: [nop]}}}}}}
"
    );
    let loaded = load_text(&text)?;
    let notes = loaded.notes.iter().filter_map(|note| note.path.last());
    let notes = notes.cloned().collect();
    Ok((
        loaded.settings.receivers.into_values().next().unwrap(),
        notes,
    ))
}

const GRPC: &str = "endpoint: 'a:1', tls: {insecure: true}";

#[test]
fn a_queue_puts_together_where_a_batch_is_named_and_counts_as_the_queue_does() {
    for (queue, expected) in [
        ("{}", None),
        ("{batch: }", Some((Sizer::Items, 8192))),
        ("{batch: {}}", Some((Sizer::Items, 8192))),
        ("{batch: {enabled: false}}", None),
        (
            "{batch: {enabled: true, min_size: 5}}",
            Some((Sizer::Items, 5)),
        ),
        (
            "{sizer: bytes, queue_size: 9000, batch: {}}",
            Some((Sizer::Bytes, 8192)),
        ),
        ("{sizer: bytes, batch: }", Some((Sizer::Items, 8192))),
        (
            "{sizer: bytes, batch: {sizer: items, min_size: 7}}",
            Some((Sizer::Items, 7)),
        ),
    ] {
        let exporter = exporter("otlp_grpc", &format!("{GRPC}, sending_queue: {queue}")).unwrap();
        let batch = exporter.queue.unwrap().batch;
        let found = batch.map(|batch| (batch.sizer, batch.min_size));
        assert_eq!(found, expected, "{queue}");
    }
    let refused = exporter(
        "otlp_grpc",
        &format!("{GRPC}, sending_queue: {{sizer: bytes, queue_size: 5, batch: {{}}}}"),
    );
    let why =
        "2: exporters::otlp_grpc::sending_queue: `batch.min_size` must not be above `queue_size`";
    assert_eq!(refused.unwrap_err(), [why]);
}

#[test]
fn a_client_asks_whether_a_server_is_there_as_often_as_servers_of_grpc_bear_it() {
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    for (keepalive, after, timeout) in [
        ("", None, 20),
        (", keepalive: ", None, 20),
        (", keepalive: {}", seconds(10), 20),
        (", keepalive: {time: 1ns, timeout: 3s}", seconds(10), 3),
        (", keepalive: {time: 45s, timeout: 0s}", seconds(45), 20),
        (", keepalive: {enabled: false, time: 45s}", None, 20),
    ] {
        let exporter = exporter("otlp_grpc", &format!("{GRPC}{keepalive}")).unwrap();
        let ExporterKind::OtlpGrpc(grpc) = exporter.kind else {
            panic!("another exporter");
        };
        let timeout = Duration::from_secs(timeout);
        assert_eq!(
            (grpc.ping_after, grpc.ping_timeout),
            (after, timeout),
            "{keepalive}"
        );
    }
}

#[test]
fn a_server_has_one_name_with_tls() {
    let keys = |keys: &str| exporter("otlp_grpc", &format!("endpoint: 'a:1', {keys}"));
    for (text, authority, checked) in [
        ("tls: {}", None, None),
        ("authority: 'b:2'", Some("b:2"), Some("b")),
        ("tls: {server_name_override: c}", Some("c"), Some("c")),
        (
            "authority: c, tls: {server_name_override: c}",
            Some("c"),
            Some("c"),
        ),
        ("authority: b, tls: {insecure: true}", Some("b"), None),
    ] {
        let ExporterKind::OtlpGrpc(grpc) = keys(text).unwrap().kind else {
            panic!("another exporter");
        };
        let name = grpc.tls.and_then(|tls| tls.server_name);
        assert_eq!(grpc.authority.as_deref(), authority, "{text}");
        assert_eq!(name.as_deref(), checked, "{text}");
    }
    let refused = keys("authority: b, tls: {server_name_override: c}").unwrap_err();
    assert!(
        refused[0].contains("authority: differs from"),
        "{refused:?}"
    );
}

#[test]
fn each_name_of_a_compression_and_a_balancer_is_what_it_is_to_the_collector() {
    for (kind, name, expected) in [
        ("otlp_grpc", "snappy", WireCompression::Snappy),
        ("otlp_http", "snappy", WireCompression::SnappyBlock),
        ("otlp_http", "x-snappy-framed", WireCompression::Snappy),
        ("otlp_http", "lz4", WireCompression::Lz4),
        ("otlp_http", "''", WireCompression::None),
    ] {
        let endpoint = if kind == "otlp_http" {
            "http://a:1"
        } else {
            "a:1"
        };
        let keys = format!("endpoint: '{endpoint}', compression: {name}");
        let found = match exporter(kind, &keys).unwrap().kind {
            ExporterKind::OtlpGrpc(grpc) => grpc.compression,
            ExporterKind::OtlpHttp(http) => http.compression,
            _ => panic!("another exporter"),
        };
        assert_eq!(found, expected, "{kind} {name}");
    }
    for (name, round) in [("round_robin", true), ("pick_first", false), ("''", false)] {
        let exporter = exporter("otlp_grpc", &format!("{GRPC}, balancer_name: {name}")).unwrap();
        let ExporterKind::OtlpGrpc(grpc) = exporter.kind else {
            panic!("another exporter");
        };
        assert_eq!(grpc.round_robin, round, "{name}");
    }
}

#[test]
fn remote_write_has_its_defaults_key_by_key() {
    let keys = |keys: &str| {
        let keys = format!("endpoint: 'http://a/w'{keys}");
        exporter("prometheus_remote_write", &keys)
    };
    for (text, size) in [
        ("", Some(10_000)),
        (", remote_write_queue: {num_consumers: 3}", Some(10_000)),
        (", remote_write_queue: {queue_size: 7}", Some(7)),
        (", remote_write_queue: {enabled: false}", None),
    ] {
        let queue = keys(text).unwrap().queue;
        assert_eq!(queue.map(|queue| queue.size), size, "{text}");
    }
    for (text, millis) in [
        ("", 50),
        (", retry_on_failure: {max_elapsed_time: 10m}", 50),
        (", retry_on_failure: {initial_interval: 2s}", 2000),
    ] {
        let first = keys(text).unwrap().retry.unwrap().initial;
        assert_eq!(first, Duration::from_millis(millis), "{text}");
    }
    for (text, made) in [
        ("", None),
        (", target_info: {}", Some(true)),
        (", target_info: {enabled: false}", Some(false)),
    ] {
        let ExporterKind::RemoteWrite(write) = keys(text).unwrap().kind else {
            panic!("another exporter");
        };
        let found = write.settings.target_info.map(|info| info.enabled);
        assert_eq!(found, made, "{text}");
    }
    for (text, why) in [
        (", max_batch_request_parallelism: 0", "must be positive"),
        (", remote_write_queue: {queue_size: 0}", "must be positive"),
        (
            ", tls: {cert_file: c}",
            "a certificate and its key belong together",
        ),
    ] {
        let refused = keys(text).unwrap_err();
        assert!(refused[0].contains(why), "{text}: {refused:?}");
    }
}

#[test]
fn a_balancers_own_time_counts_where_no_collector_has_a_queue() {
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    for (timeout, queue, within) in [
        ("", "{}", None),
        (", timeout: 3s", "{}", None),
        ("", "{enabled: false}", seconds(5)),
        (", timeout: 3s", "{enabled: false}", seconds(3)),
    ] {
        let keys = format!(
            "protocol: {{otlp: {{sending_queue: {queue}}}}}, resolver: {{static: {{hostnames: [a]}}}}{timeout}"
        );
        let ExporterKind::LoadBalancing(balancing) =
            exporter("load_balancing", &keys).unwrap().kind
        else {
            panic!("another exporter");
        };
        assert_eq!(balancing.within, within, "{timeout} {queue}");
    }
}

#[test]
fn how_remote_write_connects_may_stand_in_a_section_of_its_own() {
    let keys = |keys: &str| exporter("prometheus_remote_write", keys);
    let written = "http: {endpoint: 'http://a/w', timeout: 7s, write_buffer_size: 5, compression: snappy}, timeout: 3s";
    let written = keys(written).unwrap();
    assert_eq!(written.timeout, Some(Duration::from_secs(7)));
    let ExporterKind::RemoteWrite(write) = written.kind else {
        panic!("another exporter");
    };
    assert_eq!(write.settings.endpoint, "http://a/w");
    for (text, why) in [
        (
            "http: {endpoint: 'http://a/w', namespace: a}",
            "http::namespace: there is no such key",
        ),
        (
            "http: {endpoint: 'http://a/w', compression: gzip}",
            "compression: must be `snappy`",
        ),
        (
            "endpoint: 'http://a/w', proxy_url: b",
            "proxy_url: the collector has this key",
        ),
    ] {
        let refused = keys(text).unwrap_err();
        assert!(refused[0].contains(why), "{text}: {refused:?}");
    }
}

#[test]
fn headers_may_be_a_list() {
    let keys = format!("{GRPC}, headers: [{{name: A, value: b}}, {{name: c}}]");
    let ExporterKind::OtlpGrpc(grpc) = exporter("otlp_grpc", &keys).unwrap().kind else {
        panic!("another exporter");
    };
    let found = grpc.headers.iter();
    let found: Vec<_> = found
        .map(|(name, value)| (&**name, value.reveal()))
        .collect();
    assert_eq!(found, [("a", "b"), ("c", "")]);
}

#[test]
fn no_trace_waits_for_a_decision_longer_than_a_day() {
    let text = |wait: &str| {
        format!(
            "receivers: {{otlp: {{protocols: {{grpc: }}}}}}
processors: {{tail_sampling: {{decision_wait: {wait}, policies: [{{name: a, type: always_sample}}]}}}}
exporters: {{nop: }}
service: {{pipelines: {{traces: {{receivers: [otlp], processors: [tail_sampling], exporters: [nop]}}}}}}
"
        )
    };
    load_text(&text("24h")).unwrap();
    let refused = load_text(&text("2562047h")).unwrap_err();
    assert!(refused[0].contains("is longer than a day"), "{refused:?}");
}

#[test]
fn requests_are_put_together_once_and_what_would_do_it_again_is_said() {
    let text = "receivers: {otlp: {protocols: {grpc: }}}
processors: {batch: , batch/last: }
exporters: {otlp_grpc: {endpoint: 'a:1', sending_queue: {batch: }}, nop: }
service: {pipelines: {traces: {receivers: [otlp], processors: [batch, batch/last], exporters: [otlp_grpc, nop]}}}
";
    let notes = load_text(text).unwrap().notes;
    let notes: Vec<_> = notes.iter().map(ToString::to_string).collect();
    assert_eq!(
        notes,
        [
            "processors::batch: does nothing in the pipeline `traces`: `batch/last` follows it",
            "processors::batch/last: does nothing for `otlp_grpc` in the pipeline `traces`: its queue puts together itself",
        ]
    );
}

#[test]
fn a_probe_that_has_one_answer_of_its_own_has_both() {
    for (keys, expected) in [
        ("", [None, None]),
        ("response_body: {healthy: fine}", [Some("fine"), Some("")]),
        ("response_body: {}", [Some(""), Some("")]),
    ] {
        let text = format!(
            "receivers: {{otlp: {{protocols: {{grpc: }}}}}}
exporters: {{nop: }}
extensions: {{health_check: {{{keys}}}}}
service: {{extensions: [health_check], pipelines: {{traces: {{receivers: [otlp], exporters: [nop]}}}}}}
"
        );
        let settings = load_text(&text).unwrap().settings;
        let check = settings.health.values().next().unwrap();
        let bodies = [&check.healthy_body, &check.unhealthy_body];
        assert_eq!(bodies.map(Option::as_deref), expected, "{keys}");
    }
}

#[test]
fn attributes_of_the_gateway_are_keys_or_a_list() {
    let telemetry = |resource: &str| {
        load_text(&format!(
            "receivers: {{otlp: {{protocols: {{grpc: }}}}}}
exporters: {{nop: }}
service:
  telemetry: {{resource: {resource}}}
  pipelines: {{traces: {{receivers: [otlp], exporters: [nop]}}}}
"
        ))
    };
    for resource in [
        "{team: shop, service.version: }",
        "{attributes: [{name: team, value: shop}, {name: service.version, value: }], schema_url: x}",
    ] {
        let found = telemetry(resource).unwrap().settings.telemetry.resource;
        let found: Vec<_> = found
            .iter()
            .map(|(key, value)| (&**key, value.as_deref()))
            .collect();
        assert_eq!(
            found,
            [("service.version", None), ("team", Some("shop"))],
            "{resource}"
        );
    }
    for resource in [
        "{attributes_list: a=b}",
        "{attributes: [{name: a}], b: c}",
        "{detectors: {}}",
    ] {
        assert_eq!(telemetry(resource).unwrap_err().len(), 1, "{resource}");
    }
}
