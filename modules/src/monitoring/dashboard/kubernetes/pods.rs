//! Are workloads, Pods and their containers there, and what do they use of what they asked for?

use super::{CHOSEN, RANGE, highest, max, of, share};
use crate::monitoring::{
    cluster::seen,
    dashboard::board::{Panel, Row, Unit},
};

const POD: &str = "k8s_namespace_name, k8s_pod_name";
const CONTAINER: &str = "k8s_namespace_name, k8s_pod_name, k8s_container_name";
const VOLUME: &str = "k8s_namespace_name, k8s_pod_name, k8s_volume_name";

pub(super) fn workloads() -> Row {
    let missing = |wanted, there, by: &str| {
        let (wanted, there) = (max(by, &of(wanted, CHOSEN)), max(by, &of(there, CHOSEN)));
        format!("({wanted} - {there}) > 0")
    };
    let phase = |number: u8| {
        format!(
            "count({} == {number}) or vector(0)",
            max(POD, &of(seen::POD_PHASE, CHOSEN))
        )
    };
    Row {
        title: "Workloads",
        panels: vec![
            Panel::graph(
                "Missing Pods",
                Unit::Count,
                "How many more are wanted than are ready.",
            )
            .ask(
                "{{k8s_namespace_name}} {{k8s_deployment_name}}",
                missing(
                    seen::DEPLOYMENT_DESIRED,
                    seen::DEPLOYMENT_AVAILABLE,
                    "k8s_namespace_name, k8s_deployment_name",
                ),
            )
            .ask(
                "{{k8s_namespace_name}} {{k8s_statefulset_name}}",
                missing(
                    seen::STATEFULSET_DESIRED,
                    seen::STATEFULSET_READY,
                    "k8s_namespace_name, k8s_statefulset_name",
                ),
            )
            .ask(
                "{{k8s_namespace_name}} {{k8s_daemonset_name}}",
                missing(
                    seen::DAEMONSET_DESIRED,
                    seen::DAEMONSET_READY,
                    "k8s_namespace_name, k8s_daemonset_name",
                ),
            )
            .bad(1.0),
            Panel::graph(
                "Pods by phase",
                Unit::Count,
                "How many wait, run, have ended, have failed.",
            )
            .ask("pending", phase(1))
            .ask("running", phase(2))
            .ask("succeeded", phase(3))
            .ask("failed", phase(4))
            .ask("unknown", phase(5)),
        ],
    }
}

pub(super) fn restarts() -> Row {
    let counted = of(seen::CONTAINER_RESTARTS, CHOSEN);
    let within = format!("max_over_time({counted}[1h]) - min_over_time({counted}[1h])");
    let unready = format!(
        "{} == 0",
        max(CONTAINER, &of(seen::CONTAINER_READY, CHOSEN))
    );
    Row {
        title: "Containers",
        panels: vec![
            Panel::graph("Restarts", Unit::Count, "How often each restarted within an hour.")
                .ask(
                    "{{k8s_namespace_name}} {{k8s_pod_name}} {{k8s_container_name}}",
                    highest(&format!("{} > 0", max(CONTAINER, &within))),
                )
                .worrying(1.0)
                .bad(3.0),
            Panel::graph(
                "Not ready",
                Unit::Count,
                "Containers that are not ready, by namespace; those of a Job that has ended among them.",
            )
            .ask(
                "{{k8s_namespace_name}}",
                format!("count by (k8s_namespace_name) ({unready})"),
            ),
        ],
    }
}

pub(super) fn usage() -> Row {
    let of_pod = |metric| max(POD, &of(metric, CHOSEN));
    let network = format!(
        "sum by ({POD}, direction) (rate({}[{RANGE}]))",
        of(seen::POD_NETWORK, CHOSEN)
    );
    Row {
        title: "What Pods use",
        panels: vec![
            Panel::graph(
                "CPU by Pod",
                Unit::Cores,
                "How many processors each keeps busy.",
            )
            .ask(
                "{{k8s_namespace_name}} {{k8s_pod_name}}",
                highest(&of_pod(seen::POD_CPU)),
            ),
            Panel::graph(
                "Memory by Pod",
                Unit::Bytes,
                "What is in use and cannot be given back at once.",
            )
            .ask(
                "{{k8s_namespace_name}} {{k8s_pod_name}}",
                highest(&of_pod(seen::POD_MEMORY)),
            ),
            Panel::graph(
                "Network by Pod",
                Unit::BytesPerSecond,
                "What each sends and receives.",
            )
            .ask(
                "{{k8s_namespace_name}} {{k8s_pod_name}} {{direction}}",
                highest(&network),
            ),
        ],
    }
}

pub(super) fn requests() -> Row {
    let of_container = |metric| max(CONTAINER, &of(metric, CHOSEN));
    let legend = "{{k8s_namespace_name}} {{k8s_pod_name}} {{k8s_container_name}}";
    let panel = |title, about, used, of| {
        let share = share(&of_container(used), &of_container(of));
        Panel::graph(title, Unit::Times, about).ask(legend, highest(&share))
    };
    Row {
        title: "What containers use of what they asked for",
        panels: vec![
            panel(
                "CPU of the request",
                "Above 1, a container uses what nobody has kept for it.",
                seen::CONTAINER_CPU,
                seen::CPU_REQUEST,
            )
            .worrying(1.0),
            panel(
                "Memory of the request",
                "Above 1, its Pod is among the first to be evicted when a node is short of memory.",
                seen::CONTAINER_MEMORY,
                seen::MEMORY_REQUEST,
            )
            .worrying(1.0),
            panel(
                "Memory of the limit",
                "At 1 it is killed.",
                seen::CONTAINER_MEMORY,
                seen::MEMORY_LIMIT,
            )
            .worrying(0.8)
            .bad(0.9),
        ],
    }
}

pub(super) fn volumes() -> Row {
    let of_volume = |metric| max(VOLUME, &of(metric, CHOSEN));
    let free = share(
        &of_volume(seen::VOLUME_AVAILABLE),
        &of_volume(seen::VOLUME_CAPACITY),
    );
    let files = share(
        &of_volume(seen::VOLUME_FILES_FREE),
        &of_volume(seen::VOLUME_FILES),
    );
    let legend = "{{k8s_namespace_name}} {{k8s_pod_name}} {{k8s_volume_name}}";
    let about =
        "How full the fullest are. Those that lie on a node's own disk are as full as that.";
    Row {
        title: "Volumes",
        panels: vec![
            Panel::graph("Full", Unit::Share, about)
                .ask(legend, highest(&format!("1 - {free}")))
                .worrying(0.8)
                .bad(0.9),
            Panel::graph(
                "Files",
                Unit::Share,
                "How many of the files are there that a volume can have.",
            )
            .ask(legend, highest(&format!("1 - {files}")))
            .worrying(0.8)
            .bad(0.9),
        ],
    }
}
