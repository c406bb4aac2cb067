//! Does the probabilistic sampler keep what the collector's keeps, and write the same behind it?

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;
use serde_json::{Value, json};

use super::{made, processed};

/// Configurations for spans.
fn for_spans() -> Vec<Value> {
    let mut all = Vec::new();
    for mode in [
        None,
        Some("hash_seed"),
        Some("proportional"),
        Some("equalizing"),
    ] {
        for percent in [0.0, 0.001, 0.5, 12.5, 33.3, 50.0, 99.99, 100.0] {
            all.push(json!({ "mode": mode, "sampling_percentage": percent }));
        }
        for more in [
            json!({ "hash_seed": 22 }),
            json!({ "fail_closed": false }),
            json!({ "sampling_precision": 1 }),
            json!({ "sampling_precision": 14, "hash_seed": 4_294_967_295_u32 }),
        ] {
            let mut settings = json!({ "mode": mode, "sampling_percentage": 33.3 });
            for (key, value) in more.as_object().unwrap() {
                settings[key] = value.clone();
            }
            all.push(settings);
        }
    }
    all
}

/// Configurations for log records: the same, and what only they have.
fn for_records() -> Vec<Value> {
    let mut all = for_spans();
    for mode in [None, Some("hash_seed")] {
        for (attribute, fail_closed) in [("a", true), ("http.status_code", false), ("map", true)] {
            all.push(json!({
                "mode": mode, "sampling_percentage": 40.0, "attribute_source": "record",
                "from_attribute": attribute, "fail_closed": fail_closed,
            }));
        }
    }
    for mode in [
        None,
        Some("hash_seed"),
        Some("proportional"),
        Some("equalizing"),
    ] {
        all.push(json!({
            "mode": mode, "sampling_percentage": 20.0, "sampling_priority": "sampling.priority",
        }));
    }
    all
}

/// Whether nothing is kept but what somebody said was important.
fn never(settings: &Value) -> bool {
    let hashed = !matches!(
        settings["mode"].as_str(),
        Some("proportional" | "equalizing")
    );
    let percent = settings["sampling_percentage"].as_f64().unwrap();
    percent <= 0.0 || hashed && percent < 0.006
}

/// Without what is wrong in a trace state: where nothing is kept by chance, the collector writes of it what it could read,
/// and the gateway leaves it as it is.
fn sound(request: &mut ExportTraceServiceRequest) {
    let scopes = request
        .resource_spans
        .iter_mut()
        .flat_map(|of| &mut of.scope_spans);
    for span in scopes.flat_map(|of| &mut of.spans) {
        if ["ot=th:", "ot=th:zz", "ot=rv:1", "A B"].contains(&span.trace_state.as_str()) {
            span.trace_state.clear();
        }
    }
}

#[test]
fn the_same_shares_of_spans_are_kept_as_by_the_collector() {
    let mut requests = made::traces(11, 10, 100);
    let (nothing, something): (Vec<_>, Vec<_>) = for_spans().into_iter().partition(never);
    for ways in [something, nothing] {
        let ways: Vec<_> = ways.into_iter().map(|of| ("traces", of)).collect();
        let encoded = requests
            .iter()
            .map(|request| ("traces", request.encode_to_vec()));
        let counts =
            processed::compare("probabilistic_sampler", &ways, &encoded.collect::<Vec<_>>());
        for ((_, settings), count) in ways.iter().zip(counts) {
            assert!(
                (30..=990).contains(&count),
                "{settings} keeps {count} of 1000"
            );
        }
        requests.iter_mut().for_each(sound);
    }
}

#[test]
fn the_same_shares_of_records_are_kept_as_by_the_collector() {
    let requests = made::logs(12, 10, 100);
    let requests: Vec<_> = requests
        .iter()
        .map(|request| ("logs", request.encode_to_vec()))
        .collect();
    let ways: Vec<_> = for_records().into_iter().map(|of| ("logs", of)).collect();
    let counts = processed::compare("probabilistic_sampler", &ways, &requests);
    assert!(
        counts
            .iter()
            .filter(|count| (100..900).contains(*count))
            .count()
            > 20,
        "{counts:?}"
    );
}
