//! Does what may be held at once fit into the memory?

use super::{
    Found, Lint, Severity,
    delivery::{BATCH_SIZE, ITEM_BYTES},
    look::{Look, Part},
};
use crate::{Distribution, component::Class};

pub(super) const LINTS: &[Lint] = &[
    Lint {
        id: "queue-too-large",
        severity: Severity::Error,
        why: "a backend that is away for a while ends the process, and the queue was to prevent that",
        items: &["M6", "M21", "M32", "0.6"],
        find: queue_too_large,
    },
    Lint {
        id: "budget-exceeded",
        severity: Severity::Error,
        why: "the memory limiter refuses data long before the queues are full, so they never hold what they promise",
        items: &["0.6"],
        find: budget_exceeded,
    },
    Lint {
        id: "queue-in-requests",
        severity: Severity::Hint,
        why: "a request has any size, so nobody knows how much memory a full queue takes",
        items: &["0.6"],
        find: in_requests,
    },
    Lint {
        id: "limiter-too-late",
        severity: Severity::Error,
        why: "the kernel ends the process before the limiter begins to refuse",
        items: &["M7"],
        find: limiter_too_late,
    },
    Lint {
        id: "limiter-in-mib",
        severity: Severity::Hint,
        why: "the limit stays behind when the container's changes",
        items: &["M7"],
        find: limiter_in_mib,
    },
    Lint {
        id: "go-limit-missing",
        severity: Severity::Warning,
        why: "the runtime lets garbage grow up to the container's limit, because it does not know it",
        items: &["M7"],
        find: go_limit_missing,
    },
];

const MIB: u64 = 1 << 20;
/// How many items an SDK sends at once where nobody puts requests together.
const FROM_AN_SDK: u64 = 512;
/// What data takes in memory for each byte of its encoding.
const MEMORY_PER_BYTE: u64 = 2;
/// What a waiting trace takes: ten spans of 1.5 KiB.
const TRACE_BYTES: u64 = 15 * 1024;

/// A queue in memory.
struct Queue<'a> {
    part: Part<'a>,
    size: u64,
    unit: Unit,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Requests,
    Items,
    Bytes,
}

/// The queues that are said; what nobody wrote down nobody has to look for.
fn queues<'a>(look: &Look<'a>) -> impl Iterator<Item = Queue<'a>> {
    look.parts(Class::Exporter).filter_map(|part| {
        let on_disk = part.has("sending_queue.storage");
        let off = part.truth("sending_queue.enabled") == Some(false);
        let size = part.number("sending_queue.queue_size")?;
        let unit = match part.text("sending_queue.sizer") {
            Some("bytes") => Unit::Bytes,
            Some("items") => Unit::Items,
            _ => Unit::Requests,
        };
        (!on_disk && !off).then_some(Queue { part, size, unit })
    })
}

/// What the limiter lets be used, or what there is.
fn available(look: &Look<'_>) -> Option<u64> {
    let limiter = look.of_kind(Class::Processor, "memory_limiter").next();
    let limit = |part: Part<'_>| match part.number("limit_mib") {
        Some(mib) if mib > 0 => Some(mib * MIB),
        _ => Some(look.setting.memory? / 100 * part.number("limit_percentage")?),
    };
    limiter.and_then(limit).or(look.setting.memory)
}

/// How many items one request has on its way to an exporter, at most: what the batch processor before it makes.
fn items_per_request(look: &Look<'_>, queue: &Queue<'_>) -> u64 {
    let leading = look
        .pipelines()
        .filter(|(_, pipeline)| pipeline.exporters.contains(queue.part.id));
    let batches = leading.filter_map(|(_, pipeline)| {
        let batch = pipeline.processors.iter().find(|id| id.kind() == "batch")?;
        let part = look.part(Class::Processor, batch)?;
        Some(part.number("send_batch_size").unwrap_or(BATCH_SIZE))
    });
    batches.max().unwrap_or(FROM_AN_SDK)
}

/// What a queue takes when it is full, in bytes of the encoding.
fn full(look: &Look<'_>, queue: &Queue<'_>) -> u64 {
    match queue.unit {
        Unit::Bytes => queue.size,
        Unit::Items => queue.size.saturating_mul(ITEM_BYTES),
        Unit::Requests => queue
            .size
            .saturating_mul(items_per_request(look, queue))
            .saturating_mul(ITEM_BYTES),
    }
}

/// As people say it: `244 MiB`, `2.4 GiB`.
fn size(bytes: u64) -> String {
    let mib = bytes / MIB;
    if mib < 1024 {
        return format!("{mib} MiB");
    }
    let tenths = mib * 10 / 1024;
    format!("{}.{} GiB", tenths / 10, tenths % 10)
}

fn queue_too_large(look: &Look<'_>) -> Vec<Found> {
    let Some(available) = available(look) else {
        return Vec::new();
    };
    let large = queues(look).filter_map(|queue| {
        let full = full(look, &queue);
        (full > available).then(|| {
            let what = match queue.unit {
                Unit::Requests => format!(
                    "{} requests of {} items",
                    queue.size,
                    items_per_request(look, &queue)
                ),
                Unit::Items => format!("{} items", queue.size),
                Unit::Bytes => "it".to_owned(),
            };
            let fits = available / 4 / MEMORY_PER_BYTE / MIB * MIB;
            Found::new(
                queue.part.place_of("sending_queue.queue_size"),
                format!(
                    "the queue is full when {what} take about {}, and {} may be used",
                    size(full),
                    size(available)
                ),
                format!("set `sizer: bytes` and, for example, `queue_size: {fits}`"),
            )
        })
    });
    large.collect()
}

fn budget_exceeded(look: &Look<'_>) -> Vec<Found> {
    let Some(available) = available(look) else {
        return Vec::new();
    };
    let known: Vec<_> = queues(look)
        .filter(|queue| queue.unit != Unit::Requests)
        .collect();
    // One that is too large alone is said of itself.
    if known.iter().any(|queue| full(look, queue) > available) {
        return Vec::new();
    }
    let queued: u64 = known
        .iter()
        .map(|queue| full(look, queue) * MEMORY_PER_BYTE)
        .sum();
    let traces = look.of_kind(Class::Processor, "tail_sampling");
    let waiting: u64 = traces
        .map(|part| {
            part.number("num_traces")
                .unwrap_or(50_000)
                .saturating_mul(TRACE_BYTES)
        })
        .sum();
    let needed = queued.saturating_add(waiting);
    if needed <= available {
        return Vec::new();
    }
    let cause = format!(
        "full queues take {} and waiting traces {}, and {} may be used",
        size(queued),
        size(waiting),
        size(available)
    );
    let repair = format!("give it {} or hold less", size(needed / 6 * 10));
    vec![Found::new("processors.memory_limiter", cause, repair)]
}

fn in_requests(look: &Look<'_>) -> Vec<Found> {
    let counted = queues(look).filter(|queue| queue.unit == Unit::Requests);
    counted
        .map(|queue| {
            Found::new(
                queue.part.place_of("sending_queue.sizer"),
                format!("the queue counts requests, {} of them", queue.size),
                "set `sizer: bytes`, and `queue_size` to a share of the memory",
            )
        })
        .collect()
}

fn limiter_too_late(look: &Look<'_>) -> Vec<Found> {
    let memory = look.setting.memory;
    let late = look
        .of_kind(Class::Processor, "memory_limiter")
        .filter_map(|part| {
            let mib = part.number("limit_mib").filter(|mib| *mib > 0);
            let percent = part.number("limit_percentage").unwrap_or(0);
            let limit = mib.map(|mib| mib * MIB);
            let beyond = match (limit, memory) {
                (Some(limit), Some(memory)) => limit > memory / 100 * 90,
                (None, _) => percent > 90,
                (Some(_), None) => false,
            };
            beyond.then(|| {
                Found::new(
                    part.place(),
                    format!(
                        "it begins to collect garbage at {} of {}",
                        limit.map_or_else(|| format!("{percent} %"), size),
                        memory.map_or_else(|| "the memory".to_owned(), size)
                    ),
                    "set `limit_percentage: 80` and `spike_limit_percentage: 20`",
                )
            })
        });
    late.collect()
}

fn limiter_in_mib(look: &Look<'_>) -> Vec<Found> {
    let fixed = look
        .of_kind(Class::Processor, "memory_limiter")
        .filter(|part| part.number("limit_mib").is_some_and(|mib| mib > 0));
    fixed
        .map(|part| {
            Found::new(
                part.place_of("limit_mib"),
                "the limit is a number of its own",
                "set `limit_percentage: 80` and `spike_limit_percentage: 20`",
            )
        })
        .collect()
}

fn go_limit_missing(look: &Look<'_>) -> Vec<Found> {
    // The gateway is no Go program, and has no garbage.
    if look.setting.release.distribution == Distribution::Gateway {
        return Vec::new();
    }
    let known = look.setting.variables.as_ref();
    if known.is_none_or(|known| known.contains("GOMEMLIMIT")) {
        return Vec::new();
    }
    let value = look.setting.memory.map(|memory| memory / 100 * 80 / MIB);
    let value = value.map_or_else(String::new, |mib| format!(", here `{mib}MiB`"));
    let repair = format!("set the variable to 80 % of the container's limit{value}");
    vec![Found::new("service", "`GOMEMLIMIT` is not set", repair)]
}
