//! What does a collector tell about itself? The names as Prometheus stores them, decided once.
//!
//! They follow from [`Telemetry::standard`](collector_config::Telemetry::standard): counters end with `_total`, units are
//! part of the name, scopes are not. Every alert and every dashboard takes them from here. Seen on collector 0.159 with
//! that reader, but for those that are [`Shown::OnceItHappens`]: those come from the program's own documentation, and
//! are shown by it from the first time on.

/// One metric of a collector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SelfMetric {
    /// Its name.
    pub name: &'static str,
    /// When it is there.
    pub shown: Shown,
}

/// When a metric is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// From the start.
    Always,
    /// From the first item of that signal on.
    WithData,
    /// From the first time on that it happens: an alert on it needs no `absent`, and a graph of it may be empty.
    OnceItHappens,
    /// In collectors that measure spans.
    MeasuringSpans,
    /// In collectors that hand traces or series on to the one that is responsible.
    Routing,
    /// In collectors that decide about traces.
    Sampling,
}

macro_rules! metrics {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $shown:ident;)*) => {
        $($(#[$doc])* pub const $name: SelfMetric = SelfMetric { name: $text, shown: Shown::$shown };)*
        /// All of them.
        pub const ALL: &[SelfMetric] = &[$($name),*];
    };
}

metrics! {
    /// Spans that receivers took.
    ACCEPTED_SPANS = "otelcol_receiver_accepted_spans_total", WithData;
    /// Data points that receivers took.
    ACCEPTED_POINTS = "otelcol_receiver_accepted_metric_points_total", WithData;
    /// Log records that receivers took.
    ACCEPTED_RECORDS = "otelcol_receiver_accepted_log_records_total", WithData;
    /// Spans that receivers refused, because something behind them did.
    REFUSED_SPANS = "otelcol_receiver_refused_spans_total", WithData;
    /// Data points that receivers refused.
    REFUSED_POINTS = "otelcol_receiver_refused_metric_points_total", WithData;
    /// Log records that receivers refused.
    REFUSED_RECORDS = "otelcol_receiver_refused_log_records_total", WithData;
    /// Spans that were lost inside.
    FAILED_SPANS = "otelcol_receiver_failed_spans_total", WithData;
    /// Data points that were lost inside.
    FAILED_POINTS = "otelcol_receiver_failed_metric_points_total", WithData;
    /// Log records that were lost inside.
    FAILED_RECORDS = "otelcol_receiver_failed_log_records_total", WithData;
    /// Data points that a receiver asked for and got.
    SCRAPED_POINTS = "otelcol_scraper_scraped_metric_points_total", WithData;
    /// Data points that a receiver asked for and did not get.
    ERRORED_POINTS = "otelcol_scraper_errored_metric_points_total", WithData;
    /// Items that went into processors.
    INCOMING_ITEMS = "otelcol_processor_incoming_items_total", WithData;
    /// Items that came out of them.
    OUTGOING_ITEMS = "otelcol_processor_outgoing_items_total", WithData;
    /// Spans that the memory limiter let through.
    LIMITER_ACCEPTED_SPANS = "otelcol_processor_memory_limiter_accepted_spans_total", WithData;
    /// Data points that it let through.
    LIMITER_ACCEPTED_POINTS = "otelcol_processor_memory_limiter_accepted_metric_points_total", WithData;
    /// Log records that it let through.
    LIMITER_ACCEPTED_RECORDS = "otelcol_processor_memory_limiter_accepted_log_records_total", WithData;
    /// Spans that it refused, because memory was short.
    LIMITER_REFUSED_SPANS = "otelcol_processor_memory_limiter_refused_spans_total", OnceItHappens;
    /// Data points that it refused.
    LIMITER_REFUSED_POINTS = "otelcol_processor_memory_limiter_refused_metric_points_total", OnceItHappens;
    /// Log records that it refused.
    LIMITER_REFUSED_RECORDS = "otelcol_processor_memory_limiter_refused_log_records_total", OnceItHappens;
    /// Spans that arrived where they were sent.
    SENT_SPANS = "otelcol_exporter_sent_spans_total", WithData;
    /// Data points that arrived.
    SENT_POINTS = "otelcol_exporter_sent_metric_points_total", WithData;
    /// Log records that arrived.
    SENT_RECORDS = "otelcol_exporter_sent_log_records_total", WithData;
    /// Spans that were given up.
    SEND_FAILED_SPANS = "otelcol_exporter_send_failed_spans_total", OnceItHappens;
    /// Data points that were given up.
    SEND_FAILED_POINTS = "otelcol_exporter_send_failed_metric_points_total", OnceItHappens;
    /// Log records that were given up.
    SEND_FAILED_RECORDS = "otelcol_exporter_send_failed_log_records_total", OnceItHappens;
    /// Spans that a full queue refused.
    ENQUEUE_FAILED_SPANS = "otelcol_exporter_enqueue_failed_spans_total", OnceItHappens;
    /// Data points that a full queue refused.
    ENQUEUE_FAILED_POINTS = "otelcol_exporter_enqueue_failed_metric_points_total", OnceItHappens;
    /// Log records that a full queue refused.
    ENQUEUE_FAILED_RECORDS = "otelcol_exporter_enqueue_failed_log_records_total", OnceItHappens;
    /// What waits before an exporter, in bytes: this catalogue's queues count bytes.
    QUEUE_SIZE = "otelcol_exporter_queue_size", Always;
    /// What may wait before it.
    QUEUE_CAPACITY = "otelcol_exporter_queue_capacity", Always;
    /// Requests that are under way.
    IN_FLIGHT = "otelcol_exporter_in_flight_requests", WithData;
    /// Seconds since the start.
    UPTIME = "otelcol_process_uptime_seconds_total", Always;
    /// Processor time.
    CPU = "otelcol_process_cpu_seconds_total", Always;
    /// Resident memory.
    MEMORY = "otelcol_process_memory_rss_bytes", Always;
    /// What is on the heap.
    HEAP = "otelcol_process_runtime_heap_alloc_bytes", Always;
    /// What the runtime has from the system.
    SYSTEM_MEMORY = "otelcol_process_runtime_total_sys_memory_bytes", Always;
    /// Collectors that can be chosen from.
    BACKENDS = "otelcol_loadbalancer_num_backends", Routing;
    /// How often they changed.
    BACKEND_UPDATES = "otelcol_loadbalancer_num_backend_updates_total", Routing;
    /// How often they were looked up.
    RESOLUTIONS = "otelcol_loadbalancer_num_resolutions_total", Routing;
    /// Whether what was handed to one of them arrived, by the label `success`.
    BACKEND_OUTCOME = "otelcol_loadbalancer_backend_outcome_total", Routing;
    /// How long that took; a histogram.
    BACKEND_LATENCY = "otelcol_loadbalancer_backend_latency_milliseconds", Routing;
    /// Traces of which the first span came.
    NEW_TRACES = "otelcol_processor_tail_sampling_new_trace_id_received_total", Sampling;
    /// Traces that wait for their decision.
    WAITING_TRACES = "otelcol_processor_tail_sampling_sampling_traces_on_memory", Sampling;
    /// Traces that had to go before they were decided: there were more of them than the budget holds.
    DROPPED_TOO_EARLY = "otelcol_processor_tail_sampling_sampling_trace_dropped_too_early_total", Sampling;
    /// Decisions, by the label `sampled`.
    DECIDED_TRACES = "otelcol_processor_tail_sampling_global_count_traces_sampled_total", Sampling;
    /// The same by policy.
    DECIDED_BY_POLICY = "otelcol_processor_tail_sampling_count_traces_sampled_total", Sampling;
    /// Policies that could not be worked out.
    POLICY_ERRORS = "otelcol_processor_tail_sampling_sampling_policy_evaluation_error_total", Sampling;
    /// Pairs of spans that became calls of the service graph.
    GRAPH_EDGES = "otelcol_connector_servicegraph_total_edges_total", MeasuringSpans;
}

/// What is measured of spans, with [`red`](crate::Pipeline::red), as Prometheus stores it.
pub mod spans {
    /// Calls, by `service_name`, `span_name`, `span_kind` and `status_code`.
    pub const CALLS: &str = "traces_span_metrics_calls_total";
    /// How long they took, in milliseconds; a histogram.
    pub const DURATION: &str = "traces_span_metrics_duration_milliseconds";
    /// Calls between two services, by `client` and `server`.
    pub const REQUESTS: &str = "traces_service_graph_request_total";
    /// Those that failed.
    pub const FAILED_REQUESTS: &str = "traces_service_graph_request_failed_total";
    /// How long they took for who calls; a histogram.
    pub const CLIENT_SECONDS: &str = "traces_service_graph_request_client_seconds";
    /// How long they took for who is called; a histogram.
    pub const SERVER_SECONDS: &str = "traces_service_graph_request_server_seconds";
    /// All of them.
    pub const ALL: [&str; 6] = [
        CALLS,
        DURATION,
        REQUESTS,
        FAILED_REQUESTS,
        CLIENT_SECONDS,
        SERVER_SECONDS,
    ];
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use collector_config::{PullExporter, Reader, Telemetry};

    use super::*;

    #[test]
    fn names_are_those_of_the_reader_that_every_collector_has() {
        let telemetry = Telemetry::standard("127.0.0.1", 8888);
        let Reader::Pull(pull) = &telemetry.metrics.readers[0] else {
            panic!("a Prometheus server asks");
        };
        let PullExporter::Prometheus(reader) = &pull.exporter;
        assert!(!reader.without_type_suffix && !reader.without_units);
        let names: BTreeSet<_> = ALL.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), ALL.len());
        for name in names {
            assert!(name.starts_with("otelcol_"), "{name}");
            let bytes = name.contains("memory_rss") || name.contains("heap");
            assert!(!bytes || name.ends_with("_bytes"), "{name}");
        }
    }

    #[test]
    fn metrics_of_spans_begin_as_the_connectors_say() {
        let namespace = crate::collector::span_namespace().replace('.', "_");
        assert!(spans::CALLS.starts_with(&namespace) && spans::DURATION.starts_with(&namespace));
    }
}
