//! Does everything leave once, in requests of a good size?

use std::{collections::BTreeMap, time::Duration};

use super::{
    Found, Lint, Severity,
    look::{Look, Part},
};
use crate::{ComponentId, Signal, component::Class, needs::host_of};

pub(super) const LINTS: &[Lint] = &[
    Lint {
        id: "delivered-twice",
        severity: Severity::Error,
        why: "every series is stored twice, under two sets of labels, as soon as both are used",
        items: &["M20"],
        find: delivered_twice,
    },
    Lint {
        id: "debug-in-production",
        severity: Severity::Warning,
        why: "all data is written to the collector's own log, which costs as much as sending it, and is collected again",
        items: &["M35"],
        find: debug,
    },
    Lint {
        id: "batch-delays",
        severity: Severity::Warning,
        why: "what is rare waits so long in each collector on its way, and is lost if one ends meanwhile",
        items: &["M28"],
        find: delays,
    },
    Lint {
        id: "batch-too-large",
        severity: Severity::Warning,
        why: "a gRPC server refuses messages above 4 MiB unless it is told otherwise, and that is final",
        items: &["M28"],
        find: too_large,
    },
    Lint {
        id: "batch-too-small",
        severity: Severity::Hint,
        why: "the work for each request is then most of the work",
        items: &["1.6"],
        find: too_small,
    },
    Lint {
        id: "batch-processor",
        severity: Severity::Hint,
        why: "it answers senders before data is queued, and what it holds is lost at the end; exporters batch in their queue now",
        items: &["0.7"],
        find: processor,
    },
];

/// What a span, a data point or a log record takes when it is sent, roughly.
pub(super) const ITEM_BYTES: u64 = 512;
/// What a gRPC server accepts unless it is told otherwise.
const MESSAGE_BYTES: u64 = 4 << 20;
/// What the processor assumes.
pub(super) const BATCH_SIZE: u64 = 8192;

fn batches<'a>(look: &Look<'a>) -> impl Iterator<Item = Part<'a>> {
    look.of_kind(Class::Processor, "batch")
}

fn delivered_twice(look: &Look<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for (id, pipeline) in look.pipelines() {
        if id.signal == Signal::Metrics {
            let shown = pipeline
                .exporters
                .iter()
                .find(|id| id.kind() == "prometheus");
            let sent = pipeline.exporters.iter().find(|id| sends(look, id));
            if let (Some(shown), Some(sent)) = (shown, sent) {
                found.push(Found::new(
                    format!("service.pipelines.{id}.exporters"),
                    format!("the same metrics are shown by `{shown}` and sent by `{sent}`"),
                    format!("keep `{sent}`, and scrape only what is nowhere sent"),
                ));
            }
        }
        found.extend(same_store(look, &pipeline.exporters).map(|(one, other)| {
            Found::new(
                format!("service.pipelines.{id}.exporters"),
                format!("`{one}` and `{other}` send the same data to the same place"),
                format!("leave out `{other}`"),
            )
        }));
    }
    found
}

fn sends(look: &Look<'_>, id: &ComponentId) -> bool {
    let exporter = look.part(Class::Exporter, id);
    id.kind() != "prometheus" && exporter.is_some_and(|part| part.text("endpoint").is_some())
}

/// Two exporters of one list that lead to one host.
fn same_store<'a>(
    look: &Look<'a>,
    exporters: &'a [ComponentId],
) -> impl Iterator<Item = (&'a ComponentId, &'a ComponentId)> {
    let mut seen: BTreeMap<&str, &ComponentId> = BTreeMap::new();
    let mut found = Vec::new();
    for id in exporters.iter().filter(|id| sends(look, id)) {
        let endpoint = look
            .part(Class::Exporter, id)
            .and_then(|part| part.text("endpoint"));
        let host = endpoint.map(host_of).unwrap_or_default();
        // What stands in a variable may be anything.
        if !host.contains('$')
            && let Some(first) = seen.insert(host, id)
        {
            found.push((first, id));
        }
    }
    found.into_iter()
}

fn debug(look: &Look<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for (id, pipeline) in look.pipelines() {
        for exporter in &pipeline.exporters {
            if matches!(exporter.kind(), "debug" | "logging") {
                found.push(Found::new(
                    format!("service.pipelines.{id}.exporters"),
                    format!("`{exporter}` writes all {} to the log", id.signal),
                    "leave it out; the collector's own metrics say what flows",
                ));
            }
        }
    }
    found
}

fn delays(look: &Look<'_>) -> Vec<Found> {
    const LONG: Duration = Duration::from_secs(5);
    let slow = batches(look).filter_map(|part| {
        let wait = part.time("timeout").filter(|wait| *wait >= LONG)?;
        Some(Found::new(
            part.place_of("timeout"),
            format!(
                "what is sent waits up to {} s to become a batch",
                wait.as_secs()
            ),
            "leave it out: 200ms is assumed",
        ))
    });
    slow.collect()
}

fn too_large(look: &Look<'_>) -> Vec<Found> {
    let items = |part: Part<'_>, name| part.number(name).unwrap_or(0);
    let of_processors = batches(look).map(|part| {
        let most = items(part, "send_batch_max_size").max(items(part, "send_batch_size"));
        (part.place_of("send_batch_max_size"), most)
    });
    let of_queues = look.parts(Class::Exporter).filter_map(|part| {
        let in_items = part.text("sending_queue.batch.sizer") != Some("bytes");
        let name = "sending_queue.batch.max_size";
        in_items.then(|| (part.place_of(name), items(part, name)))
    });
    of_processors
        .chain(of_queues)
        .filter(|(_, items)| items * ITEM_BYTES > MESSAGE_BYTES)
        .map(|(place, items)| {
            let size = items * ITEM_BYTES * 10 / (1 << 20);
            Found::new(
                place,
                format!(
                    "a batch of {items} items takes about {}.{} MiB or more",
                    size / 10,
                    size % 10
                ),
                format!("send at most {BATCH_SIZE} items at once"),
            )
        })
        .collect()
}

fn too_small(look: &Look<'_>) -> Vec<Found> {
    const FEW: u64 = 256;
    let small = batches(look).filter_map(|part| {
        let size = part.number("send_batch_size")?;
        (1..FEW).contains(&size).then(|| {
            Found::new(
                part.place_of("send_batch_size"),
                format!("a batch is sent as soon as it has {size} items"),
                "leave it out: 8192 items or 200 ms are assumed",
            )
        })
    });
    small.collect()
}

fn processor(look: &Look<'_>) -> Vec<Found> {
    // Exporters of these types have no batches of their own.
    const WITHOUT: [&str; 2] = ["jaeger_storage_exporter", "prometheus_remote_write"];
    let needed = |batch: &ComponentId| {
        look.pipelines().any(|(_, pipeline)| {
            pipeline.processors.contains(batch)
                && pipeline
                    .exporters
                    .iter()
                    .any(|id| WITHOUT.contains(&id.kind()))
        })
    };
    batches(look)
        .filter(|part| !needed(part.id))
        .map(|part| {
            Found::new(
                part.place(),
                "requests are put together by a processor",
                "leave it out, and set `sending_queue.batch` at the exporters",
            )
        })
        .collect()
}
