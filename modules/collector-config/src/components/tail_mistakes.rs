//! What would the processor refuse, or never do, of the reasons that it is given?

use std::collections::BTreeSet;

use super::tail_rules::{Composite, Ottl, Rule};
use super::tail_sampling::{Policy, Strategy, TailSampling};

/// Everything that is wrong.
pub(crate) fn of(sampling: &TailSampling) -> Vec<String> {
    let mut found = Vec::new();
    if sampling.policies.is_empty() {
        found.push("`policies` are missing: no trace would be kept".to_owned());
    }
    let mut names = BTreeSet::new();
    for policy in &sampling.policies {
        if policy.name.is_empty() {
            found.push("policies: a `name` is missing".to_owned());
        } else if !names.insert(&policy.name) {
            found.push(format!("policies.{0}: `{0}` is there twice", policy.name));
        }
        inside(policy, &mut found);
        if sampling.sampling_strategy == Some(Strategy::SpanIngest) && remembers(&policy.rule) {
            let why = "what remembers earlier traces cannot decide with each span";
            found.push(format!("policies.{}: {why}", policy.name));
        }
    }
    let shards = sampling.num_shards.unwrap_or(1);
    if shards > 256 {
        found.push("`num_shards` must not exceed 256".to_owned());
    }
    if shards > 1 && sampling.tail_storage.is_some() {
        found.push("`tail_storage` cannot be had with more than one of `num_shards`".to_owned());
    }
    found
}

/// What is wrong with a reason and the reasons that it is made of.
fn inside(policy: &Policy, found: &mut Vec<String>) {
    if let Some(wrong) = wrong(&policy.rule) {
        found.push(format!("policies.{}: {wrong}", policy.name));
    }
    for part in policy.rule.parts() {
        if !may_hold(&policy.rule, &part.rule) {
            let why = "cannot stand inside of it";
            found.push(format!("policies.{}: `{}` {why}", policy.name, part.name));
        }
        inside(part, found);
    }
}

/// Which reasons may be made of which.
fn may_hold(outer: &Rule, inner: &Rule) -> bool {
    match inner {
        Rule::Not { .. } => matches!(outer, Rule::And { .. } | Rule::Drop { .. }),
        Rule::And { .. } => matches!(outer, Rule::Composite { .. }),
        Rule::Drop { .. } | Rule::Composite { .. } => false,
        _ => true,
    }
}

/// Whether a decision depends on the traces before.
fn remembers(rule: &Rule) -> bool {
    match rule {
        Rule::RateLimiting { .. } | Rule::BytesLimiting { .. } => true,
        Rule::Latency { latency } => latency.upper_threshold_ms > 0,
        Rule::SpanCount { span_count } => span_count.max_spans > 0,
        _ => rule.parts().iter().any(|part| remembers(&part.rule)),
    }
}

fn wrong(rule: &Rule) -> Option<&'static str> {
    let (right, rule) = match rule {
        Rule::AlwaysSample | Rule::TraceFlags | Rule::TraceState { .. } | Rule::Not { .. } => {
            return None;
        }
        Rule::StatusCode { status_code } => {
            (!status_code.status_codes.is_empty(), "no status is named")
        }
        Rule::Latency { latency } => {
            let (low, high) = (latency.threshold_ms, latency.upper_threshold_ms);
            (
                high == 0 || high > low,
                "the upper threshold is not above the lower",
            )
        }
        Rule::Probabilistic { probabilistic } => (
            (0.0..=100.0).contains(&probabilistic.sampling_percentage),
            "a percentage lies between 0 and 100",
        ),
        Rule::StringAttribute { string_attribute } => {
            (!string_attribute.key.is_empty(), "`key` is missing")
        }
        Rule::BooleanAttribute { boolean_attribute } => {
            (!boolean_attribute.key.is_empty(), "`key` is missing")
        }
        Rule::NumericAttribute { numeric_attribute } => {
            let (low, high) = (numeric_attribute.min_value, numeric_attribute.max_value);
            let keyed = !numeric_attribute.key.is_empty();
            (
                keyed && (high == 0 || low == 0 || low <= high),
                "a `key` is needed, and `max_value` not below `min_value`",
            )
        }
        Rule::RateLimiting { rate_limiting } => (
            rate_limiting.spans_per_second > 0,
            "no trace passes a rate of 0",
        ),
        Rule::BytesLimiting { bytes_limiting } => (
            bytes_limiting.bytes_per_second > 0,
            "no trace passes a rate of 0",
        ),
        Rule::SpanCount { span_count } => {
            let (low, high) = (span_count.min_spans, span_count.max_spans);
            (high == 0 || low <= high, "`max_spans` is below `min_spans`")
        }
        Rule::OttlCondition { ottl_condition } => {
            let Ottl {
                span, spanevent, ..
            } = ottl_condition;
            (
                !span.is_empty() || !spanevent.is_empty(),
                "no condition is named",
            )
        }
        Rule::And { .. } | Rule::Drop { .. } => (!rule.parts().is_empty(), "it is made of nothing"),
        Rule::Composite { composite } => return shared(composite),
    };
    (!right).then_some(rule)
}

/// What is wrong with reasons that share a rate.
fn shared(composite: &Composite) -> Option<&'static str> {
    let parts = &composite.composite_sub_policy;
    let known = |name: &String| parts.iter().any(|part| part.name == *name);
    let shares = &composite.rate_allocation;
    if parts.is_empty() {
        Some("it is made of nothing")
    } else if composite.max_total_spans_per_second == 0 {
        Some("`max_total_spans_per_second` is missing")
    } else if !composite.policy_order.iter().all(known) {
        Some("`policy_order` names a policy that is not there")
    } else {
        // More than 100 percent in all is nothing wrong: what one does not use, another may.
        let named = shares.iter().all(|share| known(&share.policy));
        (!named).then_some("`rate_allocation` names a policy that is not there")
    }
}
