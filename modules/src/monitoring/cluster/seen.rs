//! What do collectors make of the cluster's objects, of machines and of what kubelets say, as Prometheus stores it?
//!
//! Seen on collectors 0.152 and 0.159 that sent to Prometheus 3.14 (`tests/seen/kubernetes.txt` and `machines.txt`).

/// Whether a node takes Pods: 1, 0, or -1 where nobody knows.
pub(in crate::monitoring) const NODE_READY: &str = "k8s_node_condition_ready";
pub(in crate::monitoring) const NODE_MEMORY_PRESSURE: &str = "k8s_node_condition_memory_pressure";
pub(in crate::monitoring) const NODE_DISK_PRESSURE: &str = "k8s_node_condition_disk_pressure";
pub(in crate::monitoring) const NODE_PID_PRESSURE: &str = "k8s_node_condition_pid_pressure";
pub(in crate::monitoring) const NODE_CPU_ALLOCATABLE: &str = "k8s_node_allocatable_cpu";
pub(in crate::monitoring) const NODE_MEMORY_ALLOCATABLE: &str = "k8s_node_allocatable_memory_bytes";
pub(in crate::monitoring) const NODE_CPU: &str = "k8s_node_cpu_usage";
pub(in crate::monitoring) const NODE_MEMORY: &str = "k8s_node_memory_working_set_bytes";
pub(in crate::monitoring) const NODE_DISK: &str = "k8s_node_filesystem_capacity_bytes";
pub(in crate::monitoring) const DEPLOYMENT_DESIRED: &str = "k8s_deployment_desired";
pub(in crate::monitoring) const DEPLOYMENT_AVAILABLE: &str = "k8s_deployment_available";
pub(in crate::monitoring) const STATEFULSET_DESIRED: &str = "k8s_statefulset_desired_pods";
pub(in crate::monitoring) const STATEFULSET_READY: &str = "k8s_statefulset_ready_pods";
pub(in crate::monitoring) const DAEMONSET_DESIRED: &str = "k8s_daemonset_desired_scheduled_nodes";
pub(in crate::monitoring) const DAEMONSET_READY: &str = "k8s_daemonset_ready_nodes";
/// 1 to 5: pending, running, succeeded, failed, unknown.
pub(in crate::monitoring) const POD_PHASE: &str = "k8s_pod_phase";
pub(in crate::monitoring) const POD_CPU: &str = "k8s_pod_cpu_usage";
pub(in crate::monitoring) const POD_MEMORY: &str = "k8s_pod_memory_working_set_bytes";
pub(in crate::monitoring) const POD_NETWORK: &str = "k8s_pod_network_io_bytes_total";
pub(in crate::monitoring) const CONTAINER_READY: &str = "k8s_container_ready";
pub(in crate::monitoring) const CONTAINER_RESTARTS: &str = "k8s_container_restarts";
pub(in crate::monitoring) const CPU_REQUEST: &str = "k8s_container_cpu_request";
pub(in crate::monitoring) const MEMORY_REQUEST: &str = "k8s_container_memory_request_bytes";
pub(in crate::monitoring) const MEMORY_LIMIT: &str = "k8s_container_memory_limit_bytes";
pub(in crate::monitoring) const CONTAINER_CPU: &str = "container_cpu_usage";
pub(in crate::monitoring) const CONTAINER_MEMORY: &str = "container_memory_working_set_bytes";
pub(in crate::monitoring) const VOLUME_AVAILABLE: &str = "k8s_volume_available_bytes";
pub(in crate::monitoring) const VOLUME_CAPACITY: &str = "k8s_volume_capacity_bytes";
/// Its unit is `1`, which is written as a ratio, though files are counted.
pub(in crate::monitoring) const VOLUME_FILES_FREE: &str = "k8s_volume_inodes_free_ratio";
pub(in crate::monitoring) const VOLUME_FILES: &str = "k8s_volume_inodes_ratio";
pub(in crate::monitoring) const JOB_FAILED: &str = "k8s_job_failed_pods";
pub(in crate::monitoring) const JOB_SUCCEEDED: &str = "k8s_job_successful_pods";
/// For each processor and `state`, of which `idle` and `wait` are those in which it does nothing.
pub(in crate::monitoring) const MACHINE_CPU: &str = "system_cpu_time_seconds_total";
pub(in crate::monitoring) const MACHINE_LOAD: &str = "system_cpu_load_average_5m";
pub(in crate::monitoring) const MACHINE_MEMORY: &str = "system_memory_limit_bytes";
/// What a program that starts could have.
pub(in crate::monitoring) const MACHINE_MEMORY_AVAILABLE: &str =
    "system_linux_memory_available_bytes";
/// `used`, `free`, and `reserved` for root, which makes no part of how full it is.
pub(in crate::monitoring) const MACHINE_DISK: &str = "system_filesystem_usage_bytes";
pub(in crate::monitoring) const MACHINE_FILES: &str = "system_filesystem_inodes_usage";
pub(in crate::monitoring) const MACHINE_IO: &str = "system_disk_io_bytes_total";
pub(in crate::monitoring) const MACHINE_IO_TIME: &str = "system_disk_io_time_seconds_total";
