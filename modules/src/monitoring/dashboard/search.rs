//! Is the Elasticsearch cluster whole, and has it room?

use super::{
    board::{Board, Panel, Row, Unit},
    model::Variable,
    promql::{flow, matching, of, sum},
};
use crate::{grafana::Folder, monitoring::program::Programs, watch::Role};

/// What an Elasticsearch cluster says of itself and of its members.
pub(super) fn elasticsearch(programs: Programs<'_>) -> Option<Board> {
    Some(Board {
        folder: Folder::Backends,
        uid: "otelier-elasticsearch",
        title: "Elasticsearch",
        about: "Whether all shards have a place, how much room members have, and what they do.",
        variables: vec![Variable::jobs(&programs.names(&[Role::Elasticsearch])?)],
        rows: vec![whole(), room(), work()],
    })
}

/// A number of the cluster's own health.
fn health(metric: &str) -> String {
    sum(
        "job",
        &of(&format!("elasticsearch_cluster_health_{metric}")),
    )
}

fn whole() -> Row {
    let is = |color: &str| {
        let selector = format!("color=\"{color}\"");
        sum(
            "job",
            &matching("elasticsearch_cluster_health_status", &selector),
        )
    };
    Row {
        title: "Whole",
        panels: vec![
            Panel::number(
                "Red",
                Unit::Count,
                "1 where a shard has no place at all: some data cannot be reached.",
            )
            .ask("{{job}}", is("red"))
            .bad(1.0),
            Panel::number(
                "Yellow",
                Unit::Count,
                "1 where a copy of a shard has no place: one more loss would be felt.",
            )
            .ask("{{job}}", is("yellow"))
            .worrying(1.0),
            Panel::number("Members", Unit::Count, "Those that are in the cluster.")
                .ask("{{job}}", health("number_of_nodes")),
            Panel::number(
                "Pending",
                Unit::Count,
                "Changes of the cluster that wait to be made.",
            )
            .ask("{{job}}", health("number_of_pending_tasks")),
            Panel::graph(
                "Shards without a place",
                Unit::Count,
                "Shards that no member has, or has not yet.",
            )
            .ask("{{job}} no place", health("unassigned_shards"))
            .ask("{{job}} begins", health("initializing_shards"))
            .ask("{{job}} moves", health("relocating_shards"))
            .bad(1.0),
            Panel::graph(
                "Shards",
                Unit::Count,
                "Shards that are in use. A member should not have more than a thousand.",
            )
            .ask("{{job}}", health("active_shards")),
        ],
    }
}

fn room() -> Row {
    let full = format!(
        "1 - {} / {}",
        of("elasticsearch_filesystem_data_available_bytes"),
        of("elasticsearch_filesystem_data_size_bytes")
    );
    let heap = format!(
        "{} / {}",
        matching("elasticsearch_jvm_memory_used_bytes", "area=\"heap\""),
        matching("elasticsearch_jvm_memory_max_bytes", "area=\"heap\"")
    );
    Row {
        title: "Room",
        panels: vec![
            Panel::graph("Volume", Unit::Share, "How full each is. From 85 % on a member takes no more shards, from 95 % on it takes nothing.")
                .ask("{{name}}", full)
                .worrying(0.8)
                .bad(0.85),
            Panel::graph("Heap", Unit::Share, "How much of its heap each member uses.")
                .ask("{{name}}", heap)
                .worrying(0.75)
                .bad(0.9),
            Panel::graph("CPU", Unit::Percent, "How busy the process of each member is.")
                .ask("{{name}}", of("elasticsearch_process_cpu_percent")),
        ],
    }
}

fn work() -> Row {
    let took = format!(
        "{} / ({} > 0)",
        flow("name", "elasticsearch_indices_search_query_time_seconds"),
        flow("name", "elasticsearch_indices_search_query_total")
    );
    Row {
        title: "Work",
        panels: vec![
            Panel::graph("Written", Unit::PerSecond, "Documents that are indexed.").ask(
                "{{name}}",
                flow("name", "elasticsearch_indices_indexing_index_total"),
            ),
            Panel::graph("Searches", Unit::PerSecond, "Searches of a shard.").ask(
                "{{name}}",
                flow("name", "elasticsearch_indices_search_query_total"),
            ),
            Panel::graph(
                "Duration of searches",
                Unit::Seconds,
                "How long one takes on average.",
            )
            .ask("{{name}}", took),
            Panel::graph(
                "Turned down",
                Unit::PerSecond,
                "Work that found its queue full; who asked must try again.",
            )
            .ask(
                "{{name}} {{type}}",
                format!(
                    "{} > 0",
                    flow("name, type", "elasticsearch_thread_pool_rejected_count")
                ),
            )
            .bad(0.001),
            Panel::graph(
                "Collecting garbage",
                Unit::Share,
                "The part of its time in which a member does nothing else.",
            )
            .ask(
                "{{name}} {{gc}}",
                flow("name, gc", "elasticsearch_jvm_gc_collection_seconds_sum"),
            )
            .bad(0.2),
            Panel::graph(
                "Breakers",
                Unit::PerSecond,
                "Requests that were stopped because they would have taken too much memory.",
            )
            .ask(
                "{{name}} {{breaker}}",
                format!(
                    "{} > 0",
                    flow("name, breaker", "elasticsearch_breakers_tripped")
                ),
            )
            .bad(0.001),
        ],
    }
}
