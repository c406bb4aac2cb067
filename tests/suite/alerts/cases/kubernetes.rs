//! When do alerts about the cluster fire?

use super::{Case, GROWS, ONE, ZERO, case};

pub(super) const ALL: &[Case] = &[
    case(
        "KubernetesSilent",
        &[
            ("k8s_pod_phase{k8s_pod_name=\"a\"}", ONE),
            ("k8s_node_cpu_usage{k8s_node_name=\"n\"}", ONE),
            ("system_cpu_time_seconds_total{k8s_node_name=\"n\"}", GROWS),
        ],
        &[
            ("k8s_pod_phase{k8s_pod_name=\"a\"}", ONE),
            ("k8s_node_condition_ready{k8s_node_name=\"n\"}", ONE),
            ("k8s_node_cpu_usage{k8s_node_name=\"n\"}", ONE),
            ("system_cpu_time_seconds_total{k8s_node_name=\"n\"}", GROWS),
        ],
    ),
    case(
        "NodeNotReady",
        &[("k8s_node_condition_ready{k8s_node_name=\"n\"}", "-1x120")],
        &[("k8s_node_condition_ready{k8s_node_name=\"n\"}", ONE)],
    ),
    case(
        "NodeShort",
        &[("k8s_node_condition_disk_pressure{k8s_node_name=\"n\"}", ONE)],
        &[
            (
                "k8s_node_condition_disk_pressure{k8s_node_name=\"n\"}",
                ZERO,
            ),
            (
                "k8s_node_condition_memory_pressure{k8s_node_name=\"n\"}",
                ZERO,
            ),
            ("k8s_node_condition_pid_pressure{k8s_node_name=\"n\"}", ZERO),
        ],
    ),
    case(
        "WorkloadIncomplete",
        &[
            (
                "k8s_statefulset_desired_pods{k8s_namespace_name=\"shop\",k8s_statefulset_name=\"db\"}",
                "3x120",
            ),
            (
                "k8s_statefulset_ready_pods{k8s_namespace_name=\"shop\",k8s_statefulset_name=\"db\"}",
                "2x120",
            ),
        ],
        &[
            (
                "k8s_deployment_desired{k8s_namespace_name=\"shop\",k8s_deployment_name=\"web\"}",
                "3x120",
            ),
            // Two for a while: a rollout.
            (
                "k8s_deployment_available{k8s_namespace_name=\"shop\",k8s_deployment_name=\"web\"}",
                "3x100 2x10 3x10",
            ),
            (
                "k8s_daemonset_desired_scheduled_nodes{k8s_namespace_name=\"shop\",k8s_daemonset_name=\"node\"}",
                "3x120",
            ),
            (
                "k8s_daemonset_ready_nodes{k8s_namespace_name=\"shop\",k8s_daemonset_name=\"node\"}",
                "3x120",
            ),
        ],
    ),
    case(
        "PodDoesNotStart",
        &[(
            "k8s_pod_phase{k8s_namespace_name=\"shop\",k8s_pod_name=\"a\"}",
            ONE,
        )],
        &[
            (
                "k8s_pod_phase{k8s_namespace_name=\"shop\",k8s_pod_name=\"a\"}",
                "2x120",
            ),
            (
                "k8s_pod_phase{k8s_namespace_name=\"shop\",k8s_pod_name=\"b\"}",
                "1x110 2x10",
            ),
        ],
    ),
    case(
        "JobFails",
        &[
            (
                "k8s_job_failed_pods{k8s_namespace_name=\"shop\",k8s_job_name=\"dump\"}",
                "6x120",
            ),
            (
                "k8s_job_successful_pods{k8s_namespace_name=\"shop\",k8s_job_name=\"dump\"}",
                ZERO,
            ),
        ],
        &[
            (
                "k8s_job_failed_pods{k8s_namespace_name=\"shop\",k8s_job_name=\"dump\"}",
                "2x120",
            ),
            (
                "k8s_job_successful_pods{k8s_namespace_name=\"shop\",k8s_job_name=\"dump\"}",
                ONE,
            ),
        ],
    ),
    case(
        "ContainerRestarts",
        &[(
            "k8s_container_restarts{k8s_namespace_name=\"shop\",k8s_pod_name=\"a\",k8s_container_name=\"web\"}",
            "2x90 3x5 4x5 5x5 6x15",
        )],
        &[(
            "k8s_container_restarts{k8s_namespace_name=\"shop\",k8s_pod_name=\"a\",k8s_container_name=\"web\"}",
            "70x90 73x30",
        )],
    ),
    case(
        "ContainerNearMemoryLimit",
        &[
            (
                "container_memory_working_set_bytes{k8s_namespace_name=\"shop\",k8s_pod_name=\"a\",k8s_container_name=\"web\"}",
                "91x120",
            ),
            (
                "k8s_container_memory_limit_bytes{k8s_namespace_name=\"shop\",k8s_pod_name=\"a\",k8s_container_name=\"web\"}",
                "100x120",
            ),
        ],
        &[
            (
                "container_memory_working_set_bytes{k8s_namespace_name=\"shop\",k8s_pod_name=\"a\",k8s_container_name=\"web\"}",
                "89x120",
            ),
            (
                "k8s_container_memory_limit_bytes{k8s_namespace_name=\"shop\",k8s_pod_name=\"a\",k8s_container_name=\"web\"}",
                "100x120",
            ),
            // Without a limit.
            (
                "container_memory_working_set_bytes{k8s_namespace_name=\"shop\",k8s_pod_name=\"b\",k8s_container_name=\"web\"}",
                "91x120",
            ),
        ],
    ),
    case(
        "VolumeFills",
        &[
            (
                "k8s_volume_available_bytes{k8s_namespace_name=\"shop\",k8s_pod_name=\"a\",k8s_volume_name=\"v\",k8s_node_name=\"n\"}",
                "9x120",
            ),
            (
                "k8s_volume_capacity_bytes{k8s_namespace_name=\"shop\",k8s_pod_name=\"a\",k8s_volume_name=\"v\",k8s_node_name=\"n\"}",
                "100x120",
            ),
            (
                "k8s_node_filesystem_capacity_bytes{k8s_node_name=\"n\"}",
                "1000x120",
            ),
        ],
        &[
            (
                "k8s_volume_available_bytes{k8s_namespace_name=\"shop\",k8s_pod_name=\"a\",k8s_volume_name=\"v\",k8s_node_name=\"n\"}",
                "11x120",
            ),
            (
                "k8s_volume_capacity_bytes{k8s_namespace_name=\"shop\",k8s_pod_name=\"a\",k8s_volume_name=\"v\",k8s_node_name=\"n\"}",
                "100x120",
            ),
            // As large as the node's own disk: it lies there.
            (
                "k8s_volume_available_bytes{k8s_namespace_name=\"shop\",k8s_pod_name=\"a\",k8s_volume_name=\"tmp\",k8s_node_name=\"n\"}",
                "9x120",
            ),
            (
                "k8s_volume_capacity_bytes{k8s_namespace_name=\"shop\",k8s_pod_name=\"a\",k8s_volume_name=\"tmp\",k8s_node_name=\"n\"}",
                "1000x120",
            ),
            (
                "k8s_node_filesystem_capacity_bytes{k8s_node_name=\"n\"}",
                "1000x120",
            ),
        ],
    ),
    case(
        "RequestsUnmeasured",
        &[(
            "otelcol_receiver_accepted_spans_total{job=\"otlp\",pod=\"a\",receiver=\"otlp\"}",
            super::GROWS,
        )],
        &[
            (
                "otelcol_receiver_accepted_spans_total{job=\"otlp\",pod=\"a\",receiver=\"otlp\"}",
                super::GROWS,
            ),
            (
                "traces_span_metrics_calls_total{service_name=\"shop\"}",
                super::STAYS,
            ),
        ],
    ),
];
