//! Can the tail sampler decide about whole traces, and hold them for as long as it takes?

use super::{
    Found, Lint, Senders, Severity, Tier,
    look::{Look, Part},
};
use crate::component::Class;

pub(super) const LINTS: &[Lint] = &[
    Lint {
        id: "tail-unrouted",
        severity: Severity::Error,
        why: "each replica decides about the part of a trace that it happened to get, so traces are kept in pieces",
        items: &["0.2", "M31"],
        find: unrouted,
    },
    Lint {
        id: "tail-before-the-network",
        severity: Severity::Error,
        why: "the rest of each trace is in other Pods, so what is decided about is one service's part of it",
        items: &["M9"],
        find: before_the_network,
    },
    Lint {
        id: "tail-no-headroom",
        severity: Severity::Error,
        why: "at the first burst traces are thrown out undecided to make room",
        items: &["M31"],
        find: no_headroom,
    },
    Lint {
        id: "tail-forgets",
        severity: Severity::Hint,
        why: "a span that comes after the decision, for example because its sender tried again, is decided about anew",
        items: &["M31"],
        find: forgets,
    },
];

fn samplers<'a>(look: &Look<'a>) -> impl Iterator<Item = Part<'a>> {
    look.of_kind(Class::Processor, "tail_sampling")
}

/// In the Pod of an application or on its node.
fn is_near(look: &Look<'_>) -> bool {
    matches!(look.setting.tier, Tier::Sidecar | Tier::Agent)
}

fn unrouted(look: &Look<'_>) -> Vec<Found> {
    let setting = look.setting;
    let spread = setting.replicas.several() && setting.senders == Senders::Any;
    if !spread || is_near(look) {
        return Vec::new();
    }
    let found = samplers(look).map(|part| {
        Found::new(
            part.place(),
            "there are several replicas, and the spans of a trace go to any of them",
            "put a layer before it whose `load_balancing` exporter has `routing_key: traceID`, and sample behind it",
        )
    });
    found.collect()
}

fn before_the_network(look: &Look<'_>) -> Vec<Found> {
    if !is_near(look) {
        return Vec::new();
    }
    let tier = look.setting.tier.as_str();
    let found = samplers(look).map(|part| {
        Found::new(
            part.place(),
            format!("a collector that is a {tier} sees the spans of its own applications alone"),
            "sample in a gateway, behind trace-aware routing",
        )
    });
    found.collect()
}

fn no_headroom(look: &Look<'_>) -> Vec<Found> {
    let tight = samplers(look).filter_map(|part| {
        let rate = part.number("expected_new_traces_per_sec")?;
        let wait = part.time("decision_wait").map_or(30, |wait| wait.as_secs());
        let held = part.number("num_traces").unwrap_or(50_000);
        let waiting = rate.saturating_mul(wait);
        (held < waiting.saturating_mul(2)).then(|| {
            Found::new(
                part.place_of("num_traces"),
                format!("{rate} new traces a second wait {wait} s, which are {waiting}, and {held} are held"),
                format!("hold at least {}, twice as many as wait", waiting.saturating_mul(2)),
            )
        })
    });
    tight.collect()
}

fn forgets(look: &Look<'_>) -> Vec<Found> {
    let without = samplers(look).filter(|part| {
        let remembers = |name| part.number(name).is_some_and(|size| size > 0);
        !remembers("decision_cache.sampled_cache_size")
            && !remembers("decision_cache.non_sampled_cache_size")
    });
    let found = without.map(|part| {
        Found::new(
            part.place_of("decision_cache"),
            "decisions are not remembered",
            "set `sampled_cache_size` and `non_sampled_cache_size` to some ten times `num_traces`",
        )
    });
    found.collect()
}
