//! Are nodes, workloads, Pods and volumes of the cluster well?

pub(super) mod machine;
pub(super) mod seen;

use std::collections::BTreeSet;

use self::seen::{
    CONTAINER_MEMORY, CONTAINER_RESTARTS, DAEMONSET_DESIRED, DAEMONSET_READY, DEPLOYMENT_AVAILABLE,
    DEPLOYMENT_DESIRED, JOB_FAILED, JOB_SUCCEEDED, MACHINE_CPU, MEMORY_LIMIT, NODE_CPU, NODE_DISK,
    NODE_DISK_PRESSURE, NODE_MEMORY_PRESSURE, NODE_PID_PRESSURE, NODE_READY, POD_PHASE,
    STATEFULSET_DESIRED, STATEFULSET_READY, VOLUME_AVAILABLE, VOLUME_CAPACITY,
};
use super::rule::{Alert, Group, Severity};
use crate::made::Made;

pub(super) fn rules(made: &BTreeSet<Made>) -> Group {
    let has = |what| made.contains(&what);
    let (objects, nodes, usage) = (has(Made::Objects), has(Made::Nodes), has(Made::Usage));
    let mut alerts = Vec::new();
    alerts.extend(silent(made));
    if nodes {
        alerts.extend(conditions());
    }
    if has(Made::Machines) {
        alerts.extend(machine::alerts());
    }
    if objects {
        alerts.extend(workloads());
        alerts.extend(containers());
    }
    if usage {
        alerts.push(volume_fills());
    }
    if objects && usage {
        alerts.push(near_limit());
    }
    Group {
        name: "kubernetes",
        records: Vec::new(),
        alerts,
    }
}

/// What is sent has no `up`: it only stops coming.
fn silent(made: &BTreeSet<Made>) -> Option<Alert> {
    let sign = |what: &Made| match what {
        Made::Calls => None,
        Made::Objects => Some(POD_PHASE),
        Made::Nodes => Some(NODE_READY),
        Made::Machines => Some(MACHINE_CPU),
        Made::Usage => Some(NODE_CPU),
    };
    let signs = made.iter().filter_map(sign);
    let absent: Vec<String> = signs.map(|metric| format!("absent({metric})")).collect();
    (!absent.is_empty()).then(|| Alert {
        name: "KubernetesSilent",
        severity: Severity::Critical,
        hold: "10m",
        when: absent.join(" or "),
        says: "Nothing is heard of nodes, or of Pods, or of what they use: no other alert about them can fire",
    })
}

fn conditions() -> Vec<Alert> {
    let short: Vec<String> = [NODE_MEMORY_PRESSURE, NODE_DISK_PRESSURE, NODE_PID_PRESSURE]
        .iter()
        .map(|metric| format!("max by (k8s_node_name) ({metric}) == 1"))
        .collect();
    vec![
        Alert {
            name: "NodeNotReady",
            severity: Severity::Critical,
            hold: "10m",
            when: format!("max by (k8s_node_name) ({NODE_READY}) != 1"),
            says: "{{ $labels.k8s_node_name }} is not ready: its Pods are moved, and new ones do not start on it",
        },
        Alert {
            name: "NodeShort",
            severity: Severity::Warning,
            hold: "10m",
            when: short.join(" or "),
            says: "{{ $labels.k8s_node_name }} is short of memory, of disk or of process numbers, and evicts Pods",
        },
    ]
}

/// More are wanted than are there, of one kind.
fn missing(wanted: &str, there: &str, kind: &str) -> String {
    let by = format!("k8s_namespace_name, k8s_{kind}_name");
    format!("max by ({by}) ({wanted}) > max by ({by}) ({there})")
}

fn workloads() -> Vec<Alert> {
    let incomplete = [
        missing(DEPLOYMENT_DESIRED, DEPLOYMENT_AVAILABLE, "deployment"),
        missing(STATEFULSET_DESIRED, STATEFULSET_READY, "statefulset"),
        missing(DAEMONSET_DESIRED, DAEMONSET_READY, "daemonset"),
    ];
    let job = "k8s_namespace_name, k8s_job_name";
    let pod = "k8s_namespace_name, k8s_pod_name";
    vec![
        Alert {
            name: "WorkloadIncomplete",
            severity: Severity::Warning,
            hold: "15m",
            when: incomplete.join(" or "),
            says: "{{ $labels.k8s_deployment_name }}{{ $labels.k8s_statefulset_name }}{{ $labels.k8s_daemonset_name }} in \
                   {{ $labels.k8s_namespace_name }} has fewer Pods that are ready than it should have",
        },
        Alert {
            name: "PodDoesNotStart",
            severity: Severity::Warning,
            hold: "15m",
            // 1 is pending, and 5 is on a node that nobody hears of.
            when: format!("max by ({pod}) ({POD_PHASE}) == 1 or max by ({pod}) ({POD_PHASE}) == 5"),
            says: "{{ $labels.k8s_pod_name }} in {{ $labels.k8s_namespace_name }} does not start, or nobody hears of it",
        },
        Alert {
            name: "JobFails",
            severity: Severity::Warning,
            hold: "15m",
            when: format!(
                "max by ({job}) ({JOB_FAILED}) > 0 unless max by ({job}) ({JOB_SUCCEEDED}) > 0"
            ),
            says: "{{ $labels.k8s_job_name }} in {{ $labels.k8s_namespace_name }} has failed, and not succeeded since",
        },
    ]
}

fn containers() -> Vec<Alert> {
    let by = "k8s_namespace_name, k8s_pod_name, k8s_container_name";
    vec![Alert {
        name: "ContainerRestarts",
        severity: Severity::Warning,
        hold: "0s",
        when: format!(
            "max by ({by}) (max_over_time({CONTAINER_RESTARTS}[1h]) - min_over_time({CONTAINER_RESTARTS}[1h])) > 3"
        ),
        says: "{{ $labels.k8s_container_name }} of {{ $labels.k8s_pod_name }} in {{ $labels.k8s_namespace_name }} has \
               restarted more than three times within an hour",
    }]
}

fn near_limit() -> Alert {
    let by = "k8s_namespace_name, k8s_pod_name, k8s_container_name";
    Alert {
        name: "ContainerNearMemoryLimit",
        severity: Severity::Warning,
        hold: "15m",
        when: format!(
            "max by ({by}) ({CONTAINER_MEMORY}) / (max by ({by}) ({MEMORY_LIMIT}) > 0) > 0.9"
        ),
        says: "{{ $labels.k8s_container_name }} of {{ $labels.k8s_pod_name }} in {{ $labels.k8s_namespace_name }} uses \
               more than nine tenths of its memory: it is killed at its limit",
    }
}

fn volume_fills() -> Alert {
    // Volumes that lie on the node's own disk are as large as that, and have an alert with it.
    let own = format!(
        "{VOLUME_CAPACITY} != on (k8s_node_name) group_left () max by (k8s_node_name) ({NODE_DISK})"
    );
    let by = "k8s_namespace_name, k8s_pod_name, k8s_volume_name";
    Alert {
        name: "VolumeFills",
        severity: Severity::Critical,
        hold: "10m",
        when: format!("max by ({by}) ({VOLUME_AVAILABLE}) / (max by ({by}) ({own}) > 0) < 0.1"),
        says: "Less than a tenth of {{ $labels.k8s_volume_name }} of {{ $labels.k8s_pod_name }} in \
               {{ $labels.k8s_namespace_name }} is free",
    }
}
