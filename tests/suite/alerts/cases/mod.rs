//! When does each alert fire, and when is it silent?

mod kubernetes;
mod load;
mod stores;

/// Series and their values, once a minute: `0+60x30` begins at zero and grows by sixty, thirty times.
pub(crate) type Series = &'static [(&'static str, &'static str)];

/// One alert, judged when everything has been as it is for two hours.
pub(crate) struct Case {
    pub(crate) alert: &'static str,
    /// So it fires.
    pub(crate) fires: Series,
    /// So it is silent.
    pub(crate) silent: Series,
}

const fn case(alert: &'static str, fires: Series, silent: Series) -> Case {
    Case {
        alert,
        fires,
        silent,
    }
}

const GROWS: &str = "0+60x120";
const STAYS: &str = "7x120";
const ZERO: &str = "0x120";
const ONE: &str = "1x120";

/// Every case.
pub(crate) fn all() -> impl Iterator<Item = &'static Case> {
    let tables = [ALL, kubernetes::ALL, load::ALL, stores::ALL];
    tables.into_iter().flatten()
}

const ALL: &[Case] = &[
    case(
        "TargetDown",
        &[
            ("up{job=\"otlp\",pod=\"otlp-a\"}", ZERO),
            ("up{job=\"otlp\",pod=\"otlp-b\"}", ONE),
        ],
        &[("up{job=\"otlp\",pod=\"otlp-a\"}", ONE)],
    ),
    case(
        "TargetMissing",
        &[("up{job=\"otlp\",pod=\"otlp-a\"}", ONE)],
        &[
            ("up{job=\"alertmanager\",pod=\"0\"}", ONE),
            ("up{job=\"alertmanager\",pod=\"1\"}", ONE),
            ("up{job=\"alertmanager\",pod=\"2\"}", ONE),
            ("up{job=\"cluster\",pod=\"a\"}", ONE),
            ("up{job=\"jaeger-collector\",pod=\"a\"}", ONE),
            ("up{job=\"jaeger-collector\",pod=\"b\"}", ONE),
            ("up{job=\"jaeger-query\",pod=\"a\"}", ONE),
            ("up{job=\"jaeger-query\",pod=\"b\"}", ONE),
            ("up{job=\"injector\",pod=\"a\"}", ONE),
            ("up{job=\"injector\",pod=\"b\"}", ONE),
            ("up{job=\"loki\",pod=\"a\"}", ONE),
            ("up{job=\"loki\",pod=\"b\"}", ONE),
            ("up{job=\"loki\",pod=\"c\"}", ONE),
            ("up{job=\"node\",pod=\"a\"}", ONE),
            ("up{job=\"otlp\",pod=\"a\"}", ONE),
            ("up{job=\"otlp\",pod=\"b\"}", ONE),
            ("up{job=\"otlp-sampler\",pod=\"a\"}", ONE),
            ("up{job=\"otlp-sampler\",pod=\"b\"}", ONE),
            ("up{job=\"prometheus\",pod=\"a\"}", ONE),
            ("up{job=\"search-metrics\",pod=\"a\"}", ONE),
            ("up{job=\"series-agent\",pod=\"a\"}", ONE),
            ("up{job=\"series-alert\",pod=\"a\"}", ONE),
            ("up{job=\"series-alert\",pod=\"b\"}", ONE),
            ("up{job=\"series-insert\",pod=\"a\"}", ONE),
            ("up{job=\"series-insert\",pod=\"b\"}", ONE),
            ("up{job=\"series-select\",pod=\"a\"}", ONE),
            ("up{job=\"series-select\",pod=\"b\"}", ONE),
            ("up{job=\"series-storage\",pod=\"a\"}", ONE),
            ("up{job=\"series-storage\",pod=\"b\"}", ONE),
            ("up{job=\"series-storage\",pod=\"c\"}", ONE),
            ("up{job=\"tempo\",pod=\"a\"}", ONE),
        ],
    ),
    case(
        "CollectorRefusesData",
        &[(
            "otelcol_receiver_refused_log_records_total{job=\"node\",pod=\"a\",receiver=\"otlp\"}",
            GROWS,
        )],
        &[(
            "otelcol_receiver_refused_log_records_total{job=\"node\",pod=\"a\",receiver=\"otlp\"}",
            STAYS,
        )],
    ),
    case(
        "CollectorLosesData",
        &[(
            "otelcol_exporter_send_failed_spans_total{job=\"otlp\",pod=\"a\",exporter=\"otlp_grpc/jaeger\"}",
            GROWS,
        )],
        &[(
            "otelcol_exporter_send_failed_spans_total{job=\"otlp\",pod=\"a\",exporter=\"otlp_grpc/jaeger\"}",
            STAYS,
        )],
    ),
    case(
        "CollectorQueueRefuses",
        &[(
            "otelcol_exporter_enqueue_failed_metric_points_total{job=\"otlp\",pod=\"a\",exporter=\"x\"}",
            GROWS,
        )],
        &[(
            "otelcol_exporter_enqueue_failed_metric_points_total{job=\"otlp\",pod=\"a\",exporter=\"x\"}",
            STAYS,
        )],
    ),
    case(
        "CollectorQueueFills",
        &[
            (
                "otelcol_exporter_queue_size{job=\"otlp\",pod=\"a\",exporter=\"x\"}",
                "81x120",
            ),
            (
                "otelcol_exporter_queue_capacity{job=\"otlp\",pod=\"a\",exporter=\"x\"}",
                "100x120",
            ),
        ],
        &[
            (
                "otelcol_exporter_queue_size{job=\"otlp\",pod=\"a\",exporter=\"x\"}",
                "79x120",
            ),
            (
                "otelcol_exporter_queue_capacity{job=\"otlp\",pod=\"a\",exporter=\"x\"}",
                "100x120",
            ),
            (
                "otelcol_exporter_queue_size{job=\"otlp\",pod=\"a\",exporter=\"none\"}",
                ZERO,
            ),
            (
                "otelcol_exporter_queue_capacity{job=\"otlp\",pod=\"a\",exporter=\"none\"}",
                ZERO,
            ),
        ],
    ),
    case(
        "CollectorShortOfMemory",
        &[(
            "otelcol_processor_memory_limiter_refused_spans_total{job=\"otlp\",pod=\"a\"}",
            GROWS,
        )],
        &[(
            "otelcol_processor_memory_limiter_refused_spans_total{job=\"otlp\",pod=\"a\"}",
            STAYS,
        )],
    ),
    case(
        "CollectorSilent",
        &[
            (
                "otelcol_process_uptime_seconds_total{job=\"otlp\",pod=\"a\"}",
                GROWS,
            ),
            (
                "otelcol_process_uptime_seconds{job=\"node\",pod=\"a\"}",
                GROWS,
            ),
        ],
        &[
            (
                "otelcol_process_uptime_seconds_total{job=\"cluster\"}",
                GROWS,
            ),
            ("otelcol_process_uptime_seconds_total{job=\"node\"}", GROWS),
            ("otelcol_process_uptime_seconds_total{job=\"otlp\"}", GROWS),
            (
                "otelcol_process_uptime_seconds_total{job=\"otlp-sampler\"}",
                GROWS,
            ),
        ],
    ),
    case(
        "CollectorRestarts",
        &[(
            "otelcol_process_uptime_seconds_total{job=\"otlp\",pod=\"a\"}",
            "0+60x70 0+60x10 0+60x10 0+60x10 0+60x20",
        )],
        &[(
            "otelcol_process_uptime_seconds_total{job=\"otlp\",pod=\"a\"}",
            "0+60x90 0+60x30",
        )],
    ),
    case(
        "CollectorScrapesFail",
        &[(
            "otelcol_scraper_errored_metric_points_total{job=\"node\",pod=\"a\",receiver=\"host_metrics\"}",
            GROWS,
        )],
        &[(
            "otelcol_scraper_errored_metric_points_total{job=\"node\",pod=\"a\",receiver=\"host_metrics\"}",
            STAYS,
        )],
    ),
    case(
        "SamplerDecidesTooEarly",
        &[(
            "otelcol_processor_tail_sampling_sampling_trace_dropped_too_early_total{job=\"otlp-sampler\",pod=\"a\"}",
            GROWS,
        )],
        &[(
            "otelcol_processor_tail_sampling_sampling_trace_dropped_too_early_total{job=\"otlp-sampler\",pod=\"a\"}",
            STAYS,
        )],
    ),
    case(
        "GatewayMissesSamplers",
        &[(
            "otelcol_loadbalancer_num_backends{job=\"otlp\",pod=\"a\"}",
            ONE,
        )],
        &[(
            "otelcol_loadbalancer_num_backends{job=\"otlp\",pod=\"a\"}",
            "2x120",
        )],
    ),
    case(
        "GatewayCannotReachSamplers",
        &[(
            "otelcol_loadbalancer_backend_outcome_total{job=\"otlp\",pod=\"a\",success=\"false\"}",
            GROWS,
        )],
        &[(
            "otelcol_loadbalancer_backend_outcome_total{job=\"otlp\",pod=\"a\",success=\"true\"}",
            GROWS,
        )],
    ),
    case(
        "PrometheusConfigurationRefused",
        &[(
            "prometheus_config_last_reload_successful{job=\"prometheus\",pod=\"a\"}",
            ZERO,
        )],
        &[(
            "prometheus_config_last_reload_successful{job=\"prometheus\",pod=\"a\"}",
            ONE,
        )],
    ),
    case(
        "PrometheusRulesFail",
        &[(
            "prometheus_rule_evaluation_failures_total{job=\"prometheus\",pod=\"a\",rule_group=\"g\"}",
            GROWS,
        )],
        &[(
            "prometheus_rule_evaluation_failures_total{job=\"prometheus\",pod=\"a\",rule_group=\"g\"}",
            STAYS,
        )],
    ),
    case(
        "PrometheusRulesLate",
        &[(
            "prometheus_rule_group_iterations_missed_total{job=\"prometheus\",pod=\"a\",rule_group=\"g\"}",
            GROWS,
        )],
        &[(
            "prometheus_rule_group_iterations_missed_total{job=\"prometheus\",pod=\"a\",rule_group=\"g\"}",
            STAYS,
        )],
    ),
    case(
        "PrometheusDropsSamples",
        &[(
            "prometheus_target_scrapes_sample_out_of_order_total{job=\"prometheus\",pod=\"a\"}",
            GROWS,
        )],
        &[(
            "prometheus_target_scrapes_sample_out_of_order_total{job=\"prometheus\",pod=\"a\"}",
            STAYS,
        )],
    ),
    case(
        "PrometheusCompactionFails",
        &[(
            "prometheus_tsdb_compactions_failed_total{job=\"prometheus\",pod=\"a\"}",
            GROWS,
        )],
        &[(
            "prometheus_tsdb_compactions_failed_total{job=\"prometheus\",pod=\"a\"}",
            STAYS,
        )],
    ),
    case(
        "PrometheusLogDamaged",
        &[(
            "prometheus_tsdb_wal_corruptions_total{job=\"prometheus\",pod=\"a\"}",
            "0x90 1x30",
        )],
        &[(
            "prometheus_tsdb_wal_corruptions_total{job=\"prometheus\",pod=\"a\"}",
            ONE,
        )],
    ),
    case(
        "PrometheusForwardsLate",
        &[
            (
                "prometheus_remote_storage_queue_highest_timestamp_seconds{job=\"prometheus\",pod=\"a\",url=\"u\"}",
                "1000x120",
            ),
            (
                "prometheus_remote_storage_queue_highest_sent_timestamp_seconds{job=\"prometheus\",pod=\"a\",url=\"u\"}",
                "800x120",
            ),
        ],
        &[
            (
                "prometheus_remote_storage_queue_highest_timestamp_seconds{job=\"prometheus\",pod=\"a\",url=\"u\"}",
                "1000x120",
            ),
            (
                "prometheus_remote_storage_queue_highest_sent_timestamp_seconds{job=\"prometheus\",pod=\"a\",url=\"u\"}",
                "990x120",
            ),
        ],
    ),
    case(
        "PrometheusTellsNobody",
        &[(
            "prometheus_notifications_alertmanagers_discovered{job=\"prometheus\",pod=\"a\"}",
            ZERO,
        )],
        &[(
            "prometheus_notifications_alertmanagers_discovered{job=\"prometheus\",pod=\"a\"}",
            "3x120",
        )],
    ),
    case(
        "PrometheusAlertsLost",
        &[(
            "prometheus_notifications_dropped_total{job=\"prometheus\",pod=\"a\"}",
            GROWS,
        )],
        &[(
            "prometheus_notifications_dropped_total{job=\"prometheus\",pod=\"a\"}",
            STAYS,
        )],
    ),
    case(
        "AlertmanagerNotificationsFail",
        &[
            (
                "alertmanager_notifications_failed_total{job=\"alertmanager\",integration=\"email\"}",
                "0+2x120",
            ),
            (
                "alertmanager_notifications_total{job=\"alertmanager\",integration=\"email\"}",
                GROWS,
            ),
        ],
        &[
            (
                "alertmanager_notifications_failed_total{job=\"alertmanager\",integration=\"email\"}",
                STAYS,
            ),
            (
                "alertmanager_notifications_total{job=\"alertmanager\",integration=\"email\"}",
                GROWS,
            ),
        ],
    ),
    case(
        "AlertmanagerConfigurationRefused",
        &[(
            "alertmanager_config_last_reload_successful{job=\"alertmanager\",pod=\"a\"}",
            ZERO,
        )],
        &[(
            "alertmanager_config_last_reload_successful{job=\"alertmanager\",pod=\"a\"}",
            ONE,
        )],
    ),
    case(
        "AlertmanagerMembersMissing",
        &[(
            "alertmanager_cluster_members{job=\"alertmanager\",pod=\"a\"}",
            "2x120",
        )],
        &[(
            "alertmanager_cluster_members{job=\"alertmanager\",pod=\"a\"}",
            "3x120",
        )],
    ),
    case(
        "LokiDiscardsLogs",
        &[(
            "loki_discarded_samples_total{job=\"loki\",reason=\"line_too_long\",tenant=\"fake\"}",
            GROWS,
        )],
        &[(
            "loki_discarded_samples_total{job=\"loki\",reason=\"line_too_long\",tenant=\"fake\"}",
            STAYS,
        )],
    ),
    case(
        "LokiRequestsFail",
        &[
            (
                "loki_request_duration_seconds_count{job=\"loki\",route=\"push\",status_code=\"500\"}",
                "0+6x120",
            ),
            (
                "loki_request_duration_seconds_count{job=\"loki\",route=\"push\",status_code=\"204\"}",
                GROWS,
            ),
        ],
        &[
            (
                "loki_request_duration_seconds_count{job=\"loki\",route=\"push\",status_code=\"500\"}",
                "0+1x120",
            ),
            (
                "loki_request_duration_seconds_count{job=\"loki\",route=\"push\",status_code=\"204\"}",
                GROWS,
            ),
        ],
    ),
    case(
        "LokiCannotFlush",
        &[(
            "loki_ingester_chunks_flush_failures_total{job=\"loki\",pod=\"a\"}",
            GROWS,
        )],
        &[(
            "loki_ingester_chunks_flush_failures_total{job=\"loki\",pod=\"a\"}",
            STAYS,
        )],
    ),
    case(
        "LokiVolumeFull",
        &[(
            "loki_ingester_wal_disk_full_failures_total{job=\"loki\",pod=\"a\"}",
            GROWS,
        )],
        &[(
            "loki_ingester_wal_disk_full_failures_total{job=\"loki\",pod=\"a\"}",
            STAYS,
        )],
    ),
    case(
        "LokiCompactorMissing",
        &[(
            "loki_boltdb_shipper_compactor_running{job=\"loki\",pod=\"a\"}",
            ZERO,
        )],
        &[
            (
                "loki_boltdb_shipper_compactor_running{job=\"loki\",pod=\"a\"}",
                ZERO,
            ),
            (
                "loki_boltdb_shipper_compactor_running{job=\"loki\",pod=\"b\"}",
                ONE,
            ),
        ],
    ),
    case(
        "LokiRingIncomplete",
        &[(
            "loki_ring_members{job=\"loki\",pod=\"a\",name=\"ingester\",state=\"ACTIVE\"}",
            "2x120",
        )],
        &[(
            "loki_ring_members{job=\"loki\",pod=\"a\",name=\"ingester\",state=\"ACTIVE\"}",
            "3x120",
        )],
    ),
    case(
        "JaegerLosesSpans",
        &[(
            "otelcol_exporter_send_failed_spans_total{job=\"jaeger-collector\",pod=\"a\"}",
            GROWS,
        )],
        &[(
            "otelcol_exporter_send_failed_spans_total{job=\"jaeger-collector\",pod=\"a\"}",
            STAYS,
        )],
    ),
    case(
        "JaegerQueriesFail",
        &[
            (
                "jaeger_storage_requests_total{job=\"jaeger-query\",result=\"err\"}",
                "0+6x120",
            ),
            (
                "jaeger_storage_requests_total{job=\"jaeger-query\",result=\"ok\"}",
                GROWS,
            ),
        ],
        &[
            (
                "jaeger_storage_requests_total{job=\"jaeger-query\",result=\"err\"}",
                "0+1x120",
            ),
            (
                "jaeger_storage_requests_total{job=\"jaeger-query\",result=\"ok\"}",
                GROWS,
            ),
        ],
    ),
    case(
        "ElasticsearchRed",
        &[(
            "elasticsearch_cluster_health_status{job=\"search-metrics\",color=\"red\",cluster=\"search\"}",
            ONE,
        )],
        &[(
            "elasticsearch_cluster_health_status{job=\"search-metrics\",color=\"green\",cluster=\"search\"}",
            ONE,
        )],
    ),
    case(
        "ElasticsearchYellow",
        &[(
            "elasticsearch_cluster_health_status{job=\"search-metrics\",color=\"yellow\",cluster=\"search\"}",
            ONE,
        )],
        &[(
            "elasticsearch_cluster_health_status{job=\"search-metrics\",color=\"yellow\",cluster=\"search\"}",
            ZERO,
        )],
    ),
    case(
        "ElasticsearchSilent",
        &[("up{job=\"search-metrics\"}", ONE)],
        &[(
            "elasticsearch_cluster_health_status{job=\"search-metrics\",color=\"green\",cluster=\"search\"}",
            ONE,
        )],
    ),
    case(
        "ElasticsearchDiskFills",
        &[
            (
                "elasticsearch_filesystem_data_available_bytes{job=\"search-metrics\",name=\"search-0\"}",
                "14x120",
            ),
            (
                "elasticsearch_filesystem_data_size_bytes{job=\"search-metrics\",name=\"search-0\"}",
                "100x120",
            ),
        ],
        &[
            (
                "elasticsearch_filesystem_data_available_bytes{job=\"search-metrics\",name=\"search-0\"}",
                "16x120",
            ),
            (
                "elasticsearch_filesystem_data_size_bytes{job=\"search-metrics\",name=\"search-0\"}",
                "100x120",
            ),
        ],
    ),
    case(
        "ElasticsearchHeapFull",
        &[
            (
                "elasticsearch_jvm_memory_used_bytes{job=\"search-metrics\",area=\"heap\",name=\"search-0\"}",
                "91x120",
            ),
            (
                "elasticsearch_jvm_memory_max_bytes{job=\"search-metrics\",area=\"heap\",name=\"search-0\"}",
                "100x120",
            ),
        ],
        &[
            (
                "elasticsearch_jvm_memory_used_bytes{job=\"search-metrics\",area=\"heap\",name=\"search-0\"}",
                "89x120",
            ),
            (
                "elasticsearch_jvm_memory_max_bytes{job=\"search-metrics\",area=\"heap\",name=\"search-0\"}",
                "100x120",
            ),
        ],
    ),
];
