//! What does a program use that is written in Go and shows the usual metrics of a process?

use super::{
    board::{Panel, Row, Unit},
    promql::{of, rate},
};

/// Whether it runs, and what it uses.
pub(super) fn row() -> Row {
    let age = format!("time() - {}", of("process_start_time_seconds"));
    Row {
        title: "Process",
        panels: vec![
            Panel::graph("Memory", Unit::Bytes, "What the system gave each.")
                .ask("{{pod}}", of("process_resident_memory_bytes")),
            Panel::graph("CPU", Unit::Cores, "How many processors each keeps busy.")
                .ask("{{pod}}", rate(&of("process_cpu_seconds_total"))),
            Panel::graph("Uptime", Unit::Seconds, "Since when each runs.").ask("{{pod}}", age),
        ],
    }
}
