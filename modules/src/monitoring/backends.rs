//! Do the stores of traces and logs take, keep and answer?

use super::{
    program::Programs,
    rule::{Alert, Group, Severity},
};
use crate::watch::{Count, Role};

pub(super) fn loki(programs: Programs<'_>) -> Group {
    let mut alerts = Vec::new();
    if let Some(jobs) = programs.jobs(&[Role::Loki]) {
        alerts.extend(loki_flow(&jobs));
        for program in programs.of(&[Role::Loki]) {
            alerts.extend(ring(&program.job, program.count));
        }
    }
    Group {
        name: "loki",
        records: Vec::new(),
        alerts,
    }
}

fn loki_flow(jobs: &str) -> Vec<Alert> {
    vec![
        Alert {
            name: "LokiDiscardsLogs",
            severity: Severity::Critical,
            hold: "5m",
            when: format!(
                "sum by (job, reason) (rate(loki_discarded_samples_total{{{jobs}}}[5m])) > 0"
            ),
            says: "{{ $labels.job }} throws logs away: {{ $labels.reason }}",
        },
        Alert {
            name: "LokiRequestsFail",
            severity: Severity::Critical,
            hold: "10m",
            when: format!(
                "sum by (job, route) (rate(loki_request_duration_seconds_count{{{jobs},status_code=~\"5..\"}}[5m])) > \
                 0.05 * sum by (job, route) (rate(loki_request_duration_seconds_count{{{jobs}}}[5m]))"
            ),
            says: "{{ $labels.job }} fails more than one in twenty requests to {{ $labels.route }}",
        },
        Alert {
            name: "LokiCannotFlush",
            severity: Severity::Critical,
            hold: "15m",
            when: format!("increase(loki_ingester_chunks_flush_failures_total{{{jobs}}}[10m]) > 0"),
            says: "{{ $labels.pod }} cannot write to its store, and keeps logs in memory and on its volume",
        },
        Alert {
            name: "LokiVolumeFull",
            severity: Severity::Critical,
            hold: "0s",
            when: format!(
                "increase(loki_ingester_wal_disk_full_failures_total{{{jobs}}}[10m]) > 0"
            ),
            says: "The volume of {{ $labels.pod }} is full: what it takes would not survive a crash",
        },
        Alert {
            name: "LokiCompactorMissing",
            severity: Severity::Warning,
            hold: "1h",
            when: format!("sum by (job) (loki_boltdb_shipper_compactor_running{{{jobs}}}) < 1"),
            says: "No compactor of {{ $labels.job }} runs: nothing is deleted when its time has come",
        },
    ]
}

fn ring(job: &str, count: Count) -> Option<Alert> {
    let Count::Replicas(count) = count else {
        return None;
    };
    (count > 1).then(|| Alert {
        name: "LokiRingIncomplete",
        severity: Severity::Warning,
        hold: "15m",
        when: format!("min by (job) (loki_ring_members{{job=\"{job}\",name=\"ingester\",state=\"ACTIVE\"}}) < {count}"),
        says: "Not all of {{ $labels.job }} take logs",
    })
}

pub(super) fn jaeger(programs: Programs<'_>) -> Group {
    let mut alerts = Vec::new();
    if let Some(jobs) = programs.jobs(&[Role::JaegerCollector]) {
        alerts.push(Alert {
            name: "JaegerLosesSpans",
            severity: Severity::Critical,
            hold: "5m",
            when: format!(
                "sum by (job, pod) (rate(otelcol_exporter_send_failed_spans_total{{{jobs}}}[5m])) > 0 or \
                 sum by (job, pod) (rate(otelcol_receiver_refused_spans_total{{{jobs}}}[5m])) > 0"
            ),
            says: "{{ $labels.pod }} cannot write spans to its store",
        });
    }
    if let Some(jobs) = programs.jobs(&[Role::JaegerQuery]) {
        let requests = |result: &str| {
            format!("sum by (job) (rate(jaeger_storage_requests_total{{{jobs}{result}}}[5m]))")
        };
        alerts.push(Alert {
            name: "JaegerQueriesFail",
            severity: Severity::Warning,
            hold: "10m",
            when: format!("{} > 0.05 * {}", requests(",result=\"err\""), requests("")),
            says: "More than one in twenty questions of {{ $labels.job }} to its store fail",
        });
    }
    Group {
        name: "jaeger",
        records: Vec::new(),
        alerts,
    }
}

pub(super) fn elasticsearch(programs: Programs<'_>) -> Group {
    let mut alerts = Vec::new();
    if let Some(jobs) = programs.jobs(&[Role::Elasticsearch]) {
        alerts.extend(cluster(&jobs));
        alerts.extend(nodes(&jobs));
    }
    Group {
        name: "elasticsearch",
        records: Vec::new(),
        alerts,
    }
}

fn cluster(jobs: &str) -> Vec<Alert> {
    vec![
        Alert {
            name: "ElasticsearchRed",
            severity: Severity::Critical,
            hold: "5m",
            when: format!("elasticsearch_cluster_health_status{{{jobs},color=\"red\"}} == 1"),
            says: "Some data of {{ $labels.cluster }} is nowhere to be had",
        },
        Alert {
            name: "ElasticsearchYellow",
            severity: Severity::Warning,
            hold: "30m",
            when: format!("elasticsearch_cluster_health_status{{{jobs},color=\"yellow\"}} == 1"),
            says: "Some data of {{ $labels.cluster }} is there only once",
        },
        // When the exporter reaches nobody, it shows nothing of what the others ask for.
        Alert {
            name: "ElasticsearchSilent",
            severity: Severity::Critical,
            hold: "10m",
            when: format!("absent(elasticsearch_cluster_health_status{{{jobs}}})"),
            says: "Elasticsearch does not answer whoever measures it",
        },
    ]
}

fn nodes(jobs: &str) -> Vec<Alert> {
    vec![
        Alert {
            name: "ElasticsearchDiskFills",
            severity: Severity::Critical,
            hold: "10m",
            // At 85 % it moves shards away, at 90 % it takes none, at 95 % it takes no data.
            when: format!(
                "elasticsearch_filesystem_data_available_bytes{{{jobs}}} / \
                 elasticsearch_filesystem_data_size_bytes{{{jobs}}} < 0.15"
            ),
            says: "Less than 15 % of the disk of {{ $labels.name }} is free",
        },
        Alert {
            name: "ElasticsearchHeapFull",
            severity: Severity::Warning,
            hold: "15m",
            when: format!(
                "elasticsearch_jvm_memory_used_bytes{{{jobs},area=\"heap\"}} / \
                 elasticsearch_jvm_memory_max_bytes{{{jobs},area=\"heap\"}} > 0.9"
            ),
            says: "The heap of {{ $labels.name }} is nearly full",
        },
    ]
}
