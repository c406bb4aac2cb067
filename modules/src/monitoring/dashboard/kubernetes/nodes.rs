//! Are nodes well, and how much of them is used?

use super::{NODES, max, of, share};
use crate::monitoring::{
    cluster::seen,
    dashboard::board::{Panel, Row, Unit},
};

pub(super) fn conditions() -> Row {
    let pressure = |metric| max("k8s_node_name", &of(metric, NODES));
    let ready = max("k8s_node_name", &of(seen::NODE_READY, NODES));
    Row {
        title: "Nodes",
        panels: vec![
            Panel::number("Ready", Unit::Count, "Nodes that take Pods.")
                .ask("", format!("sum({ready} == bool 1)"))
                .bad_below(1.0),
            Panel::number("Not ready", Unit::Count, "Nodes that do not, or that nobody hears of.")
                .ask("", format!("sum({ready} != bool 1)"))
                .bad(1.0),
            Panel::graph(
                "Short of something",
                Unit::Count,
                "1 where a node is short of memory, of disk or of process numbers: it evicts Pods then.",
            )
            .ask("{{k8s_node_name}} memory", pressure(seen::NODE_MEMORY_PRESSURE))
            .ask("{{k8s_node_name}} disk", pressure(seen::NODE_DISK_PRESSURE))
            .ask("{{k8s_node_name}} processes", pressure(seen::NODE_PID_PRESSURE))
            .bad(1.0),
            Panel::graph("Ready by node", Unit::Count, "1 is ready, 0 is not, and nobody knows in between.")
                .ask("{{k8s_node_name}}", ready)
                .bad_below(1.0),
        ],
    }
}

pub(super) fn usage() -> Row {
    let of_node = |metric| max("k8s_node_name", &of(metric, NODES));
    Row {
        title: "What nodes use",
        panels: vec![
            Panel::graph("CPU by node", Unit::Cores, "How many processors are busy.")
                .ask("{{k8s_node_name}}", of_node(seen::NODE_CPU)),
            Panel::graph(
                "Memory by node",
                Unit::Bytes,
                "What is in use and cannot be given back at once.",
            )
            .ask("{{k8s_node_name}}", of_node(seen::NODE_MEMORY)),
            Panel::graph(
                "Disk by node",
                Unit::Share,
                "How full the disk is that Pods share.",
            )
            .ask(
                "{{k8s_node_name}}",
                share(&of_node(seen::NODE_DISK_USED), &of_node(seen::NODE_DISK)),
            )
            .worrying(0.8)
            .bad(0.9),
        ],
    }
}

pub(super) fn shares() -> Row {
    let of_node = |metric| max("k8s_node_name", &of(metric, NODES));
    Row {
        title: "What nodes use of what Pods may have",
        panels: vec![
            Panel::graph(
                "CPU share",
                Unit::Share,
                "Of the processors that Pods may have.",
            )
            .ask(
                "{{k8s_node_name}}",
                share(
                    &of_node(seen::NODE_CPU),
                    &of_node(seen::NODE_CPU_ALLOCATABLE),
                ),
            )
            .worrying(0.8)
            .bad(0.95),
            Panel::graph(
                "Memory share",
                Unit::Share,
                "Of the memory that Pods may have.",
            )
            .ask(
                "{{k8s_node_name}}",
                share(
                    &of_node(seen::NODE_MEMORY),
                    &of_node(seen::NODE_MEMORY_ALLOCATABLE),
                ),
            )
            .worrying(0.8)
            .bad(0.95),
        ],
    }
}
