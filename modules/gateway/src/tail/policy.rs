//! What does a policy say about a trace?

use std::{collections::BTreeSet, time::Duration};

use collector_config::components::tail_sampling::{
    Composite, Policy as Setting, Rule, StatusCode, StringAttribute, TailSampling,
};

use super::{
    conditions::Conditions,
    error::SettingsError,
    limiter::{Bucket, Second, float},
    probability::Share,
    spans::{Check, Found, Test, Tests},
};

/// A policy with its name.
#[derive(Debug)]
pub(super) struct Policy {
    pub(super) name: String,
    rule: Node,
}

/// What it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Vote {
    Sampled,
    NotSampled,
    Dropped,
    /// It cannot be told: as if the policy were not there.
    Untold,
}

/// A trace as far as policies look at it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case<'a> {
    pub(super) trace_id: &'a [u8; 16],
    pub(super) found: Found,
    pub(super) spans: u64,
    pub(super) bytes: u64,
}

#[derive(Debug)]
enum Node {
    Always,
    /// Something was found in a span.
    Has(Found),
    /// It was found in none.
    HasNot(Found),
    /// Conditions of OTTL held, or could not be told before any did.
    Conditions {
        held: Found,
        untold: Found,
    },
    Share(Share),
    Spans {
        least: u64,
        most: u64,
    },
    SpanRate(Bucket),
    ByteRate(Bucket),
    And(Vec<Node>),
    Drop(Vec<Node>),
    Not(Box<Node>),
    Composite {
        second: Second,
        parts: Vec<Part>,
    },
}

#[derive(Debug)]
struct Part {
    rule: Node,
    limit: u64,
    count: u64,
}

/// The policies in the order in which they are asked: those that drop come first.
pub(super) fn policies(
    settings: &TailSampling,
    tests: &mut Tests,
) -> Result<Vec<Policy>, SettingsError> {
    let mut names = BTreeSet::new();
    let (mut dropping, mut others) = (Vec::new(), Vec::new());
    for setting in &settings.policies {
        if !names.insert(&setting.name) {
            return Err(SettingsError::Twice(setting.name.clone()));
        }
        let list = if matches!(setting.rule, Rule::Drop { .. }) {
            &mut dropping
        } else {
            &mut others
        };
        list.push(Policy {
            name: setting.name.clone(),
            rule: node(setting, tests)?,
        });
    }
    dropping.append(&mut others);
    Ok(dropping)
}

fn node(policy: &Setting, tests: &mut Tests) -> Result<Node, SettingsError> {
    Ok(match &policy.rule {
        Rule::AlwaysSample => Node::Always,
        Rule::Probabilistic { probabilistic } => Node::Share(Share::new(
            probabilistic.sampling_percentage,
            probabilistic.hash_salt.as_deref(),
        )),
        Rule::SpanCount { span_count } => Node::Spans {
            least: span_count.min_spans.into(),
            most: match span_count.max_spans {
                0 => u64::MAX,
                most => most.into(),
            },
        },
        Rule::RateLimiting { rate_limiting } => Node::SpanRate(Bucket::new(
            rate_limiting.spans_per_second,
            rate_limiting.burst_capacity,
        )),
        Rule::BytesLimiting { bytes_limiting } => Node::ByteRate(Bucket::new(
            bytes_limiting.bytes_per_second,
            bytes_limiting.burst_capacity,
        )),
        Rule::And { and } => Node::And(nodes(&and.and_sub_policy, tests)?),
        Rule::Drop { drop } => Node::Drop(nodes(&drop.drop_sub_policy, tests)?),
        Rule::Not { not } => Node::Not(Box::new(node(&not.not_sub_policy, tests)?)),
        Rule::Composite { composite } => shared(composite, tests)?,
        Rule::OttlCondition { ottl_condition } => {
            let conditions =
                Conditions::new(ottl_condition).map_err(|why| SettingsError::Policy {
                    policy: policy.name.clone(),
                    why: why.join("; "),
                })?;
            let bits = tests.conditions(conditions);
            let (held, untold) = bits.ok_or(SettingsError::TooMany(Tests::MOST))?;
            Node::Conditions { held, untold }
        }
        _ => {
            let (test, sense) = test(policy)?;
            let bit = tests.bit(test).ok_or(SettingsError::TooMany(Tests::MOST))?;
            match sense {
                Sense::Has => Node::Has(bit),
                Sense::HasNot => Node::HasNot(bit),
            }
        }
    })
}

fn nodes(policies: &[Setting], tests: &mut Tests) -> Result<Vec<Node>, SettingsError> {
    policies.iter().map(|policy| node(policy, tests)).collect()
}

/// Whether a test has to be passed by a span, or by none.
#[derive(Clone, Copy)]
enum Sense {
    Has,
    HasNot,
}

impl From<bool> for Sense {
    fn from(inverted: bool) -> Self {
        if inverted { Self::HasNot } else { Self::Has }
    }
}

fn test(policy: &Setting) -> Result<(Test, Sense), SettingsError> {
    let wrong = |why: &str| SettingsError::Policy {
        policy: policy.name.clone(),
        why: why.to_owned(),
    };
    let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    Ok(match &policy.rule {
        Rule::Latency { latency } => {
            let upto = Some(signed(latency.upper_threshold_ms)).filter(|upto| *upto > 0);
            let over = signed(latency.threshold_ms);
            (Test::Slow { over, upto }, Sense::Has)
        }
        Rule::StatusCode { status_code } => {
            let codes = status_code.status_codes.iter().copied().map(code).collect();
            (Test::Status(codes), Sense::Has)
        }
        Rule::TraceFlags => (Test::Flagged, Sense::Has),
        Rule::TraceState { trace_state } => {
            let key = trace_state.key.clone();
            let fits = |value: &&String| !value.is_empty() && key.len() + value.len() < 256;
            let values = trace_state.values.iter().filter(fits).cloned().collect();
            (Test::State { key, values }, Sense::Has)
        }
        Rule::StringAttribute { string_attribute } => {
            let check = text(policy, string_attribute)?;
            let key = string_attribute.key.clone();
            (
                Test::Attribute { key, check },
                string_attribute.invert_match.into(),
            )
        }
        Rule::NumericAttribute { numeric_attribute } => {
            let (least, most) = match (numeric_attribute.min_value, numeric_attribute.max_value) {
                (0, 0) => return Err(wrong("`min_value` or `max_value` is needed")),
                (0, most) => (i64::MIN, most),
                (least, 0) => (least, i64::MAX),
                both => both,
            };
            let key = numeric_attribute.key.clone();
            let check = Check::Number { least, most };
            (
                Test::Attribute { key, check },
                numeric_attribute.invert_match.into(),
            )
        }
        Rule::BooleanAttribute { boolean_attribute } => {
            let key = boolean_attribute.key.clone();
            let check = Check::Bool(boolean_attribute.value);
            (
                Test::Attribute { key, check },
                boolean_attribute.invert_match.into(),
            )
        }
        _ => return Err(wrong("it tests no span")),
    })
}

fn code(status: StatusCode) -> i32 {
    match status {
        StatusCode::Unset => 0,
        StatusCode::Ok => 1,
        StatusCode::Error => 2,
    }
}

fn text(policy: &Setting, setting: &StringAttribute) -> Result<Check, SettingsError> {
    let values = setting.values.iter();
    if !setting.enabled_regex_matching {
        let values = values.filter(|value| !value.is_empty());
        return Ok(Check::Text(values.cloned().collect()));
    }
    let compile = |pattern: &String| {
        crate::re2::compile(pattern).map_err(|source| SettingsError::Pattern {
            policy: policy.name.clone(),
            pattern: pattern.clone(),
            source,
        })
    };
    values
        .map(compile)
        .collect::<Result<_, _>>()
        .map(Check::Matches)
}

/// The order of the parts decides; `policy_order` is not looked at: so it is in contrib.
fn shared(composite: &Composite, tests: &mut Tests) -> Result<Node, SettingsError> {
    let total = composite.max_total_spans_per_second;
    let all = composite.composite_sub_policy.len();
    let mut parts = Vec::new();
    for part in &composite.composite_sub_policy {
        let allocated = composite.rate_allocation.iter();
        let percent = allocated.rev().find(|share| share.policy == part.name);
        let limit = match percent {
            Some(share) if share.percent > 0 => f64::from(share.percent) / 100.0 * float(total),
            _ => float(total) / float(all as u64),
        };
        parts.push(Part {
            rule: node(part, tests)?,
            limit: whole(limit),
            count: 0,
        });
    }
    Ok(Node::Composite {
        second: Second::new(total),
        parts,
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "limits are positive, and are cut as Go cuts them"
)]
fn whole(limit: f64) -> u64 {
    limit as u64
}

impl Policy {
    pub(super) fn vote(&mut self, case: Case<'_>, now: Duration) -> Vote {
        self.rule.vote(case, now)
    }
}

impl Node {
    fn vote(&mut self, case: Case<'_>, now: Duration) -> Vote {
        let sampled = match self {
            Self::Always => true,
            Self::Has(bit) => case.found & *bit != 0,
            Self::HasNot(bit) => case.found & *bit == 0,
            Self::Conditions { untold, .. } if case.found & *untold != 0 => return Vote::Untold,
            Self::Conditions { held, .. } => case.found & *held != 0,
            Self::Share(share) => share.has(case.trace_id),
            Self::Spans { least, most } => (*least..=*most).contains(&case.spans),
            Self::SpanRate(bucket) => bucket.allow(case.spans, now),
            Self::ByteRate(bucket) => bucket.allow(case.bytes, now),
            Self::And(parts) => return all(parts, case, now),
            Self::Drop(parts) => {
                return match all(parts, case, now) {
                    Vote::Sampled => Vote::Dropped,
                    vote => vote,
                };
            }
            Self::Not(part) => match part.vote(case, now) {
                Vote::Untold => return Vote::Untold,
                vote => vote == Vote::NotSampled,
            },
            Self::Composite { second, parts } => {
                second.begin(now, parts.iter_mut().map(|part| &mut part.count));
                for Part { rule, limit, count } in parts {
                    // The first part that would keep it decides.
                    match rule.vote(case, now) {
                        Vote::Untold => return Vote::Untold,
                        Vote::Sampled if second.allow(case.spans, count, *limit) => {
                            return Vote::Sampled;
                        }
                        Vote::Sampled => return Vote::NotSampled,
                        Vote::NotSampled | Vote::Dropped => {}
                    }
                }
                false
            }
        };
        if sampled {
            Vote::Sampled
        } else {
            Vote::NotSampled
        }
    }
}

/// The first that says no, or cannot tell, ends it: those after it use nothing of their rates.
fn all(parts: &mut [Node], case: Case<'_>, now: Duration) -> Vote {
    for part in parts {
        match part.vote(case, now) {
            vote @ (Vote::NotSampled | Vote::Untold) => return vote,
            Vote::Sampled | Vote::Dropped => {}
        }
    }
    Vote::Sampled
}
