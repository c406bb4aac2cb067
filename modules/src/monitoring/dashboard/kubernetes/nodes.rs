//! Are nodes well, and how much of them is used?

use super::{NODES, RANGE, highest, max, of, share};
use crate::monitoring::{
    cluster::{machine::Machines, seen},
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

pub(super) fn machines() -> Row {
    let asked = Machines {
        chosen: NODES,
        range: RANGE,
    };
    Row {
        title: "What nodes use",
        panels: vec![
            Panel::graph("CPU busy", Unit::Share, "Of the time of all processors.")
                .ask("{{k8s_node_name}}", asked.busy())
                .worrying(0.8)
                .bad(0.95),
            Panel::graph(
                "Memory used",
                Unit::Share,
                "What no program that starts could have. What only makes files quicker is not used.",
            )
            .ask("{{k8s_node_name}}", format!("1 - {}", asked.memory_left()))
            .worrying(0.8)
            .bad(0.95),
            Panel::graph(
                "Disks used",
                Unit::Share,
                "How full each file system is that is written to, of bytes and of files.",
            )
            .ask("{{k8s_node_name}} {{device}}", highest(&asked.disk_used()))
            .ask("{{k8s_node_name}} {{device}} files", highest(&asked.files_used()))
            .worrying(0.8)
            .bad(0.85),
            Panel::graph(
                "Disk traffic",
                Unit::BytesPerSecond,
                "What is read and written. Parts of a disk are shown beside the whole.",
            )
            .ask("{{k8s_node_name}} {{device}} {{direction}}", highest(&asked.traffic())),
            Panel::graph(
                "Busiest disk",
                Unit::Share,
                "Of the time, how much it has something to do. What takes many things at once is not full at 100 %.",
            )
            .ask("{{k8s_node_name}}", asked.busiest_disk())
            .worrying(0.9),
            Panel::graph(
                "Load",
                Unit::Times,
                "How many want to run, or wait for a disk, for each processor: the mean of five minutes.",
            )
            .ask("{{k8s_node_name}}", asked.load())
            .worrying(1.5),
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
