//! What is said of headers that are asked for, where they cannot be had, or nobody asks.

use super::*;

/// What is wrong, or else what does nothing, with such parts.
fn said(processors: &str, way: &str, queue: &str, receiver: &str) -> Vec<String> {
    let text = format!(
        "receivers: {{otlp: {{protocols: {{grpc: {{include_metadata: {receiver}}}}}}}}}
processors: {{{processors}, tail_sampling: {{policies: [{{name: a, type: always_sample}}]}}}}
exporters: {{otlp/a: {{endpoint: 'a:4317', sending_queue: {{{queue}}}}}}}
extensions: {{file_storage: }}
service: {{extensions: [file_storage], pipelines: {{traces: {{receivers: [otlp], processors: [{way}], exporters: [otlp/a]}}}}}}
"
    );
    let notes = |loaded: Loaded| {
        let said = loaded.notes.iter();
        said.map(|note| format!("{}: {}", note.path.join("::"), note.what))
            .collect()
    };
    load_text(&text).map_or_else(|problems| problems, notes)
}

const KEYS: &str = "batch: {metadata_keys: [Tenant]}";

#[test]
fn what_is_asked_for_and_can_be_had_needs_no_word() {
    let partition = "batch: {partition: {metadata_keys: [a]}}";
    for (processors, way, queue) in [
        (KEYS, "batch", ""),
        (KEYS, "batch, tail_sampling", "storage: file_storage"),
        ("batch:", "", partition),
        (
            "batch: {metadata_keys: [a]}",
            "batch",
            "storage: file_storage, batch: {}",
        ),
    ] {
        let said = said(processors, way, queue, "true");
        // A queue that puts together itself says so.
        let about = |note: &&String| note.contains("headers") || note.contains("metadata");
        assert_eq!(said.iter().find(about), None, "{processors} {way} {queue}");
    }
}

#[test]
fn headers_that_cannot_be_had_are_named() {
    let limit = "batch: {metadata_cardinality_limit: 5}";
    let partition = "batch: {partition: {metadata_keys: [a]}}";
    let stored = "storage: file_storage, batch: {partition: {metadata_keys: [a]}}";
    let included = "receivers::otlp::protocols::grpc::include_metadata: does nothing: no pipeline has `metadata_keys` that ask for headers";
    let batch = "processors::batch::metadata_keys: does nothing in the pipeline `traces`";
    let queue = "exporters::otlp/a::sending_queue::batch::partition::metadata_keys: does nothing in the pipeline `traces`";
    let cases: [([&str; 4], &[&str]); 8] = [
        (
            [KEYS, "batch", "storage: file_storage", "true"],
            &[
                "2: processors::batch::metadata_keys: headers are not kept in the storage of `otlp/a` in the pipeline `traces`: take away its `storage`, or the keys",
            ],
        ),
        (
            ["batch:", "", stored, "true"],
            &[
                "3: exporters::otlp/a::sending_queue::batch::partition::metadata_keys: headers of requests are not kept in a storage, so nothing can be kept apart by them",
            ],
        ),
        (
            [KEYS, "batch", "storage: file_storage", "false"],
            &[&format!(
                "{batch}: no receiver of it has `include_metadata`"
            )],
        ),
        (
            [
                KEYS,
                "tail_sampling, batch",
                "storage: file_storage",
                "true",
            ],
            &[
                &format!("{batch}: what leaves `tail_sampling` has no headers any more"),
                included,
            ],
        ),
        (
            ["batch:", "tail_sampling", partition, "true"],
            &[
                &format!("{queue}: what leaves `tail_sampling` has no headers any more"),
                included,
            ],
        ),
        (
            ["batch:", "batch", partition, "true"],
            &[
                "processors::batch: does nothing for `otlp/a` in the pipeline `traces`: its queue puts together itself",
                &format!("{queue}: what leaves `batch` has no headers any more"),
                included,
            ],
        ),
        (
            ["batch:", "", partition, "false"],
            &[&format!(
                "{queue}: no receiver of it has `include_metadata`"
            )],
        ),
        (
            [limit, "batch", "", "true"],
            &[
                "processors::batch::metadata_cardinality_limit: does nothing without `metadata_keys`",
                included,
            ],
        ),
    ];
    for ([processors, way, queue, receiver], expected) in cases {
        let said = said(processors, way, queue, receiver);
        assert_eq!(said, expected, "{processors} {way} {queue} {receiver}");
    }
}

#[test]
fn one_exporter_cannot_keep_apart_for_one_pipeline_and_not_for_another() {
    let two_of = |keep: bool, first: &str, second: &str, keys: &str| {
        load_text(&format!(
            "receivers: {{otlp: {{protocols: {{grpc: {{include_metadata: {keep}}}}}}}}}
processors: {{batch/a: {{metadata_keys: [a]}}, batch/b: {{metadata_keys: [{keys}]}}}}
exporters: {{otlp/a: {{endpoint: 'a:4317'}}}}
service:
  pipelines:
    {first}: {{receivers: [otlp], processors: [batch/a], exporters: [otlp/a]}}
    {second}: {{receivers: [otlp], processors: [batch/b], exporters: [otlp/a]}}
"
        ))
    };
    let two = |first: &str, second: &str, keys: &str| two_of(true, first, second, keys);
    let problems = two("traces", "traces/2", "b").unwrap_err();
    let expected = "3: exporters::otlp/a: the pipelines `traces` and `traces/2` keep requests apart by different headers: each needs an exporter of its own";
    assert_eq!(problems, [expected]);
    assert!(two("traces", "traces/2", "A").is_ok());
    assert!(two("traces", "logs", "b").is_ok());
    assert!(two_of(false, "traces", "traces/2", "b").is_ok());
}

#[test]
fn a_thousand_combinations_are_kept_apart_where_nothing_is_said() {
    for (limit, expected) in [("", Some(1000)), ("7", Some(7)), ("0", None)] {
        let limit = match limit {
            "" => String::new(),
            limit => format!("metadata_cardinality_limit: {limit}, "),
        };
        let text = MINIMAL.replace("exporters: [", "processors: [batch], exporters: [");
        let text = format!("processors: {{batch: {{{limit}metadata_keys: [Tenant, a]}}}}{text}");
        let processors = load_text(&text).unwrap().settings.processors;
        let Some(Processor::Batch(batch)) = processors.into_values().next() else {
            panic!("there is a batch");
        };
        assert_eq!(batch.metadata_cardinality_limit, expected);
        assert!(batch.metadata_keys.iter().eq(["a", "tenant"]));
    }
}
