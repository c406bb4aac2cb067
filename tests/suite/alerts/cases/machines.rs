//! When do alerts about the machines that nodes are fire?

use super::{Case, GROWS, ZERO, case};

/// A file system of a node, in one state.
macro_rules! disk {
    ($metric:literal, $state:literal, $at:literal, $mode:literal) => {
        concat!(
            $metric,
            "{k8s_node_name=\"n\",device=\"/dev/vda1\",mountpoint=\"",
            $at,
            "\",type=\"ext4\",mode=\"",
            $mode,
            "\",state=\"",
            $state,
            "\"}"
        )
    };
}

macro_rules! bytes {
    ($state:literal, $at:literal, $mode:literal) => {
        disk!("system_filesystem_usage_bytes", $state, $at, $mode)
    };
}

macro_rules! files {
    ($state:literal) => {
        disk!("system_filesystem_inodes_usage", $state, "/", "rw")
    };
}

/// The time of a processor in one state, as the agent of this Pod measured it.
macro_rules! cpu {
    ($cpu:literal, $state:literal, $pod:literal) => {
        concat!(
            "system_cpu_time_seconds_total{k8s_node_name=\"n\",cpu=\"",
            $cpu,
            "\",state=\"",
            $state,
            "\",k8s_pod_name=\"",
            $pod,
            "\"}"
        )
    };
}

const LIMIT: &str = "system_memory_limit_bytes{k8s_node_name=\"n\"}";
const AVAILABLE: &str = "system_linux_memory_available_bytes{k8s_node_name=\"n\"}";

pub(super) const ALL: &[Case] = &[
    case(
        "NodeDiskFills",
        // What is reserved for root is nobody's to use.
        &[
            (bytes!("used", "/", "rw"), "81x120"),
            (bytes!("free", "/", "rw"), "14x120"),
            (bytes!("reserved", "/", "rw"), "5x120"),
        ],
        // Image files are full from the beginning, and so is what boots.
        &[
            (bytes!("used", "/", "rw"), "80x120"),
            (bytes!("free", "/", "rw"), "15x120"),
            (bytes!("used", "/usr", "ro"), "100x120"),
            (bytes!("free", "/usr", "ro"), ZERO),
            (bytes!("used", "/boot/efi", "rw"), "90x120"),
            (bytes!("free", "/boot/efi", "rw"), "10x120"),
            // Some file systems do not count files.
            (files!("used"), ZERO),
            (files!("free"), ZERO),
        ],
    ),
    case(
        "NodeDiskFills",
        &[(files!("used"), "91x120"), (files!("free"), "9x120")],
        &[(files!("used"), "89x120"), (files!("free"), "11x120")],
    ),
    case(
        "NodeDiskFillsSoon",
        &[
            (bytes!("used", "/", "rw"), "50+0.1x120"),
            (bytes!("free", "/", "rw"), "50-0.1x120"),
        ],
        &[
            (bytes!("used", "/", "rw"), "50+0.01x120"),
            (bytes!("free", "/", "rw"), "50-0.01x120"),
        ],
    ),
    case(
        "NodeDiskFillsSoon",
        &[
            (bytes!("used", "/", "rw"), "60+0.05x120"),
            (bytes!("free", "/", "rw"), "40-0.05x120"),
        ],
        // It fills quickly, and is nearly empty: somebody filled it with something, and most likely is done.
        &[
            (bytes!("used", "/", "rw"), "10+0.1x120"),
            (bytes!("free", "/", "rw"), "90-0.1x120"),
        ],
    ),
    case(
        "NodeMemoryShort",
        &[(LIMIT, "100x120"), (AVAILABLE, "4x120")],
        &[(LIMIT, "100x120"), (AVAILABLE, "6x120")],
    ),
    case(
        "NodeCpuSaturated",
        &[
            (cpu!("cpu0", "user", "a"), GROWS),
            (cpu!("cpu0", "idle", "a"), ZERO),
            (cpu!("cpu1", "system", "a"), "0+58x120"),
            (cpu!("cpu1", "idle", "a"), "0+2x120"),
        ],
        // Half of it waits for a disk. Its agent was started again, so there are two series of one thing for a while.
        &[
            (cpu!("cpu0", "user", "a"), "0+30x110"),
            (cpu!("cpu0", "idle", "a"), "0+30x110"),
            (cpu!("cpu0", "idle", "b"), "0+30x120"),
            (cpu!("cpu1", "user", "a"), GROWS),
            (cpu!("cpu1", "wait", "a"), ZERO),
            (cpu!("cpu2", "wait", "a"), GROWS),
        ],
    ),
];
