//! When do alerts about a collector's room, and about what is silent, fire?

use super::{Case, GROWS, ONE, STAYS, case};

pub(super) const ALL: &[Case] = &[
    case(
        "CollectorNearMemoryLimit",
        &[(
            "otelcol_process_memory_rss_bytes{job=\"otlp\",pod=\"a\"}",
            "950000000x120",
        )],
        // Less than 85 % of a gibibyte for the one, and of two for the other.
        &[
            (
                "otelcol_process_memory_rss_bytes{job=\"otlp\",pod=\"a\"}",
                "880000000x120",
            ),
            (
                "otelcol_process_memory_rss_bytes{job=\"otlp-sampler\",pod=\"a\"}",
                "1800000000x120",
            ),
        ],
    ),
    case(
        "CollectorSendsAllItCan",
        &[(
            "otelcol_exporter_in_flight_requests{job=\"otlp\",pod=\"a\",exporter=\"x\"}",
            "10x120",
        )],
        &[(
            "otelcol_exporter_in_flight_requests{job=\"otlp\",pod=\"a\",exporter=\"x\"}",
            "9x120",
        )],
    ),
    case(
        "CollectorAcceptsNothing",
        &[
            ("up{job=\"otlp\",pod=\"a\"}", ONE),
            (
                "otelcol_receiver_accepted_spans_total{job=\"otlp\",pod=\"a\",receiver=\"otlp\"}",
                STAYS,
            ),
        ],
        &[
            // One of two is enough, but for agents.
            ("up{job=\"otlp\",pod=\"a\"}", ONE),
            ("up{job=\"otlp\",pod=\"b\"}", ONE),
            (
                "otelcol_receiver_accepted_log_records_total{job=\"otlp\",pod=\"a\",receiver=\"otlp\"}",
                GROWS,
            ),
            ("up{job=\"node\",pod=\"a\"}", ONE),
            (
                "otelcol_receiver_accepted_metric_points_total{job=\"node\",pod=\"a\",receiver=\"host_metrics\"}",
                GROWS,
            ),
        ],
    ),
    case(
        "CollectorVersionsDiffer",
        &[
            (
                "target_info{job=\"otlp\",pod=\"a\",version=\"0.158.0\"}",
                ONE,
            ),
            (
                "target_info{job=\"otlp\",pod=\"b\",version=\"0.159.0\"}",
                ONE,
            ),
        ],
        &[
            (
                "target_info{job=\"otlp\",pod=\"a\",version=\"0.159.0\"}",
                ONE,
            ),
            (
                "target_info{job=\"otlp\",pod=\"b\",version=\"0.159.0\"}",
                ONE,
            ),
            (
                "target_info{job=\"node\",pod=\"a\",version=\"0.158.0\"}",
                ONE,
            ),
        ],
    ),
    case(
        "ProgramSilent",
        &[("up{job=\"loki\"}", ONE)],
        &[
            ("alertmanager_build_info{job=\"alertmanager\"}", ONE),
            (
                "otelcol_process_uptime_seconds_total{job=\"jaeger-collector\"}",
                GROWS,
            ),
            (
                "otelcol_process_uptime_seconds_total{job=\"jaeger-query\"}",
                GROWS,
            ),
            ("loki_build_info{job=\"loki\"}", ONE),
            ("otelier_injector_reviews_total{job=\"injector\"}", GROWS),
            ("prometheus_build_info{job=\"prometheus\"}", ONE),
            ("tempo_build_info{job=\"tempo\"}", ONE),
            ("vm_app_version{job=\"series-agent\"}", ONE),
            ("vm_app_version{job=\"series-alert\"}", ONE),
            ("vm_app_version{job=\"series-insert\"}", ONE),
            ("vm_app_version{job=\"series-select\"}", ONE),
            ("vm_app_version{job=\"series-storage\"}", ONE),
        ],
    ),
];
