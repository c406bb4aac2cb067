//! Do the processors of each pipeline stand in an order in which they work?

use super::{
    Found, Lint, Severity,
    look::{Look, SAMPLERS},
};
use crate::{ComponentId, Signal, component::Class};

pub(super) const LINTS: &[Lint] = &[
    Lint {
        id: "limiter-missing",
        severity: Severity::Error,
        why: "nothing stops a burst before the kernel ends the process, and all that waited is lost",
        items: &[],
        find: limiter_missing,
    },
    Lint {
        id: "limiter-first",
        severity: Severity::Error,
        why: "what was worked on before it is refused has used the memory already, and senders are told too late",
        items: &[],
        find: limiter_first,
    },
    Lint {
        id: "context-lost",
        severity: Severity::Error,
        why: "the address that data came from is gone by then, so no Pod is found by it",
        items: &["M19"],
        find: context_lost,
    },
    Lint {
        id: "batch-last",
        severity: Severity::Warning,
        why: "batches are made for sending; what follows takes them apart or leaves them half empty",
        items: &["M19"],
        find: batch_last,
    },
    Lint {
        id: "sampling-after-batch",
        severity: Severity::Warning,
        why: "memory and time are spent on batches of which most is thrown away, and what is left is small",
        items: &[],
        find: sampling_after_batch,
    },
    Lint {
        id: "probabilistic-before-tail",
        severity: Severity::Error,
        why: "the errors and slow traces that the tail sampler was to keep are thrown away before it sees them",
        items: &["M30"],
        find: probabilistic_before_tail,
    },
    Lint {
        id: "span-metrics-after-sampling",
        severity: Severity::Error,
        why: "rates, errors and durations are counted of the traces that were kept, and are wrong by the share",
        items: &["M31"],
        find: span_metrics_after_sampling,
    },
];

/// What forgets where data came from.
const CONTEXT_LOSERS: [&str; 3] = ["batch", "groupbytrace", "tail_sampling"];
/// What comes after which every batch is as it is sent.
const AFTER_BATCH: [&str; 2] = ["batch", "queuebatch"];

fn limiter_missing(look: &Look<'_>) -> Vec<Found> {
    let without = look.pipelines().filter(|(_, pipeline)| {
        let limits = |id: &ComponentId| id.kind() == "memory_limiter";
        let from_outside =
            |id: &ComponentId| !look.config.defines(Class::Connector, id) && id.kind() != "nop";
        !pipeline.processors.iter().any(limits) && pipeline.receivers.iter().any(from_outside)
    });
    without
        .map(|(id, _)| {
            Found::new(
                format!("service.pipelines.{id}.processors"),
                "there is no `memory_limiter`",
                "put `memory_limiter` with `check_interval: 1s`, `limit_percentage: 80` and `spike_limit_percentage: 20` first",
            )
        })
        .collect()
}

fn limiter_first(look: &Look<'_>) -> Vec<Found> {
    let late = look.pipelines().filter_map(|(id, pipeline)| {
        let mut processors = pipeline.processors.iter();
        let at = processors.position(|id| id.kind() == "memory_limiter")?;
        (at > 0).then(|| (id, &pipeline.processors[0]))
    });
    late.map(|(id, first)| {
        Found::new(
            format!("service.pipelines.{id}.processors"),
            format!("`{first}` stands before `memory_limiter`"),
            "put `memory_limiter` first",
        )
    })
    .collect()
}

/// Each pair of processors of one pipeline, the first of which stands before the second.
fn pairs<'a>(look: &Look<'a>) -> impl Iterator<Item = (String, &'a ComponentId, &'a ComponentId)> {
    look.pipelines().flat_map(|(id, pipeline)| {
        let all = pipeline.processors.iter().enumerate();
        all.flat_map(move |(n, first)| {
            let rest = pipeline.processors[n + 1..].iter();
            rest.map(move |second| (format!("service.pipelines.{id}.processors"), first, second))
        })
    })
}

fn context_lost(look: &Look<'_>) -> Vec<Found> {
    let lost = pairs(look).filter(|(_, first, second)| {
        CONTEXT_LOSERS.contains(&first.kind()) && uses_connection(look, second)
    });
    lost.map(|(place, first, second)| {
        Found::new(
            place,
            format!("`{second}` stands after `{first}`, and finds Pods by where data comes from"),
            format!("put `{second}` before `{first}`"),
        )
    })
    .collect()
}

/// Without a word about it, a Pod is found by the address that data comes from.
fn uses_connection(look: &Look<'_>, id: &ComponentId) -> bool {
    if id.kind() != "k8s_attributes" {
        return false;
    }
    let Some(part) = look.part(Class::Processor, id) else {
        return false;
    };
    let sources = part.texts_named("from");
    let by_connection = |(path, from): &(String, &str)| {
        path.starts_with("pod_association") && *from == "connection"
    };
    !part.has("pod_association") || sources.iter().any(by_connection)
}

fn batch_last(look: &Look<'_>) -> Vec<Found> {
    let early = pairs(look).filter(|(_, first, second)| {
        let harmless = AFTER_BATCH.contains(&second.kind()) || SAMPLERS.contains(&second.kind());
        // Said already, and worse.
        let lost = uses_connection(look, second);
        first.kind() == "batch" && !harmless && !lost
    });
    early
        .map(|(place, first, second)| {
            Found::new(
                place,
                format!("`{second}` stands after `{first}`"),
                format!("put `{first}` last, or leave it out and set `sending_queue.batch` at the exporters"),
            )
        })
        .collect()
}

fn sampling_after_batch(look: &Look<'_>) -> Vec<Found> {
    let late = pairs(look)
        .filter(|(_, first, second)| first.kind() == "batch" && SAMPLERS.contains(&second.kind()));
    late.map(|(place, first, second)| {
        Found::new(
            place,
            format!("`{second}` stands after `{first}`"),
            format!("put `{second}` before `{first}`"),
        )
    })
    .collect()
}

fn probabilistic_before_tail(look: &Look<'_>) -> Vec<Found> {
    let sampled = look.downstream_of(&["probabilistic_sampler"]);
    let mut found = Vec::new();
    for (id, pipeline) in look.pipelines() {
        let position = |kind: &str| pipeline.processors.iter().position(|id| id.kind() == kind);
        let Some(tail) = position("tail_sampling") else {
            continue;
        };
        let own = position("probabilistic_sampler");
        let before = own.map_or_else(|| sampled.contains(id), |own| own < tail);
        if before {
            found.push(Found::new(
                format!("service.pipelines.{id}.processors"),
                "a `probabilistic_sampler` throws traces away before `tail_sampling`",
                "leave it out, and give `tail_sampling` a policy of type `probabilistic`",
            ));
        }
    }
    found
}

fn span_metrics_after_sampling(look: &Look<'_>) -> Vec<Found> {
    const COUNTERS: [&str; 3] = ["span_metrics", "service_graph", "count"];
    let sampled = look.downstream_of(&SAMPLERS);
    let mut found = Vec::new();
    for (id, pipeline) in look.pipelines() {
        if id.signal != Signal::Traces || !sampled.contains(id) {
            continue;
        }
        for counter in &pipeline.exporters {
            let counts = look.config.defines(Class::Connector, counter);
            if counts && COUNTERS.contains(&counter.kind()) {
                found.push(Found::new(
                    format!("service.pipelines.{id}.exporters"),
                    format!("`{counter}` counts what sampling has left"),
                    format!("put `{counter}` behind a pipeline of its own that does not sample"),
                ));
            }
        }
    }
    found
}
