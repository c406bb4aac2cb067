//! Which spans and log records does the probabilistic sampler keep?
//!
//! As the collector's `probabilistic_sampler` 0.159 decides, so that both can work in one chain.

mod probability;
mod tracestate;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use collector_config::{
    Signal,
    components::processors::{AttributeSource, ProbabilisticSampler as Settings, SamplerMode},
};

use self::{
    probability::{Randomness, Threshold},
    tracestate::TraceState,
};
use crate::{
    Payload, Refusal,
    pipeline::Step,
    wire::{
        FieldValue, Fields, Value, attributes, bytes_of,
        edit::{self, Edit},
    },
};

/// What is known of earlier sampling, and travels with the item.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Carried {
    randomness: Option<Randomness>,
    threshold: Option<Threshold>,
}

/// What decided about an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Nothing: it has no id.
    Missing,
    /// A digest of the trace's id.
    TraceHash,
    /// A digest of an attribute.
    AttributeHash,
    /// The trace's id itself.
    TraceId,
    /// Random bits that came with it.
    Carried,
    /// How important somebody said it was.
    Priority,
}

impl Policy {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Missing,
        Self::TraceHash,
        Self::AttributeHash,
        Self::TraceId,
        Self::Carried,
        Self::Priority,
    ];
}

/// How many items were decided by what, and how.
#[derive(Debug, Default)]
pub struct Tally([[AtomicU64; 2]; Policy::ALL.len()]);

impl Tally {
    /// How many were kept (or not) by this.
    pub fn of(&self, policy: Policy, kept: bool) -> u64 {
        self.0[policy as usize][usize::from(kept)].load(Relaxed)
    }

    fn count(&self, outcome: &Outcome) {
        self.0[outcome.policy as usize][usize::from(outcome.kept)].fetch_add(1, Relaxed);
    }
}

/// What was decided about an item.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    kept: bool,
    policy: Policy,
    /// What is to travel with it from now on; none to leave it as it is.
    carried: Option<Carried>,
}

/// What somebody said of an item's importance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Priority {
    Unsaid,
    Said(Threshold),
}

/// How a share becomes a decision.
#[derive(Clone, Debug)]
enum Mode {
    /// Nothing is kept.
    Never,
    Hash {
        threshold: Threshold,
    },
    Equalizing {
        threshold: Threshold,
    },
    Proportional {
        share: f64,
    },
}

/// The sampler.
pub struct Sampler {
    mode: Mode,
    seed: u32,
    on_error: Threshold,
    precision: u32,
    /// Whether log records are decided by their trace.
    by_trace: bool,
    attribute: String,
    priority: String,
    tally: Tally,
}

impl Sampler {
    /// The sampler of these settings, which were checked.
    pub fn new(settings: &Settings) -> Self {
        let precision = settings.sampling_precision.unwrap_or(4);
        Self {
            mode: Mode::of(settings, precision),
            seed: settings.hash_seed,
            on_error: match settings.fail_closed {
                Some(false) => Threshold::ALWAYS,
                None | Some(true) => Threshold::NEVER,
            },
            precision,
            by_trace: settings.attribute_source != Some(AttributeSource::Record),
            attribute: settings.from_attribute.clone(),
            priority: settings.sampling_priority.clone(),
            tally: Tally::default(),
        }
    }

    /// How many items were decided by what.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    fn span(&self, message: &[u8]) -> Edit {
        let (id, state) = (bytes_of(message, 1), bytes_of(message, 3));
        let state = TraceState::read(std::str::from_utf8(state).unwrap_or_default());
        let carried = state.as_ref().map(|state| state.carried.clone());
        let source = id
            .iter()
            .any(|byte| *byte != 0)
            .then_some(())
            .and_then(|()| self.of_trace(id));
        let outcome = self.outcome(source, carried, Absent::Marked, span_priority(message));
        self.tally.count(&outcome);
        match (outcome, state) {
            (Outcome { kept: false, .. }, _) => Edit::Drop,
            (
                Outcome {
                    carried: Some(carried),
                    ..
                },
                Some(state),
            ) => {
                let text = state.text(&carried);
                if text.as_bytes() == bytes_of(message, 3) {
                    return Edit::Keep;
                }
                Edit::Replace(edit::replace(message, 3, |out| {
                    edit::put_message(out, 3, text.as_bytes());
                }))
            }
            _ => Edit::Keep,
        }
    }

    fn record(&self, message: &[u8]) -> Edit {
        let id = bytes_of(message, 9);
        let has_trace = id.iter().any(|byte| *byte != 0);
        let hash = matches!(self.mode, Mode::Hash { .. });
        let by_trace = has_trace && (self.by_trace || !hash);
        let source = match by_trace.then(|| self.of_trace(id)).flatten() {
            Some(source) => Some(source),
            None if hash => self.of_attribute(message),
            None => None,
        };
        let carried = record_carried(message);
        let outcome = self.outcome(
            source,
            carried,
            Absent::Unmarked,
            self.record_priority(message),
        );
        self.tally.count(&outcome);
        match outcome {
            Outcome { kept: false, .. } => Edit::Drop,
            Outcome {
                carried: Some(carried),
                ..
            } => Edit::Replace(with_carried(message, &carried)),
            Outcome { carried: None, .. } => Edit::Keep,
        }
    }

    fn of_trace(&self, id: &[u8]) -> Option<(Randomness, Policy)> {
        match self.mode {
            Mode::Hash { .. } => Some((Randomness::hashed(id, self.seed), Policy::TraceHash)),
            _ => Some((Randomness::of_trace(id)?, Policy::TraceId)),
        }
    }

    fn of_attribute(&self, message: &[u8]) -> Option<(Randomness, Policy)> {
        let mut found = attributes(message, 6).filter(|attribute| attribute.key == self.attribute);
        let value = found.next().filter(|_| !self.attribute.is_empty())?.value;
        let bytes = match value {
            Value::Bytes(bytes) => bytes.to_vec(),
            value => crate::text::text(&value).into_bytes(),
        };
        (!bytes.is_empty()).then(|| (Randomness::hashed(&bytes, self.seed), Policy::AttributeHash))
    }

    fn record_priority(&self, message: &[u8]) -> Priority {
        let mut found = attributes(message, 6).filter(|attribute| attribute.key == self.priority);
        #[expect(clippy::cast_precision_loss, reason = "a percentage")]
        let percent = match found
            .next()
            .filter(|_| !self.priority.is_empty())
            .map(|attribute| attribute.value)
        {
            Some(Value::Int(number)) => number as f64,
            Some(Value::Double(number)) => number,
            _ => return Priority::Unsaid,
        };
        Threshold::of_share(percent / 100.0, self.precision)
            .map_or(Priority::Unsaid, Priority::Said)
    }

    /// Decides. `source` is what the item itself offers to decide by, `carried` what came with it (none if that is
    /// broken).
    fn outcome(
        &self,
        source: Option<(Randomness, Policy)>,
        carried: Option<Carried>,
        absent: Absent,
        priority: Priority,
    ) -> Outcome {
        let mut broken = carried.is_none();
        let (randomness, mut policy, mut carried) = match (&self.mode, carried) {
            (Mode::Never, carried) => (Randomness::LARGEST, Policy::Priority, carried),
            (Mode::Hash { .. }, carried) => {
                let (randomness, policy) = source.unwrap_or((Randomness::LARGEST, Policy::Missing));
                // Whoever sampled before by other rules is not to be overruled by a hash.
                let mut untouched = carried.filter(|carried| *carried == Carried::default());
                broken |= untouched.is_none();
                if let Some(carried) = &mut untouched
                    && (policy != Policy::Missing || absent == Absent::Marked)
                {
                    carried.randomness = Some(randomness);
                }
                (randomness, policy, untouched)
            }
            (_, Some(carried)) => {
                let own = source.unwrap_or((Randomness::LARGEST, Policy::Missing));
                let came = carried
                    .randomness
                    .map(|randomness| (randomness, Policy::Carried));
                let (randomness, policy) = came.unwrap_or(own);
                (randomness, policy, Some(carried))
            }
            (_, None) => (Randomness::LARGEST, Policy::Missing, None),
        };
        broken |= policy == Policy::Missing;
        if !broken
            && let Some(carried) = &mut carried
            && carried
                .threshold
                .is_some_and(|threshold| !threshold.keeps(randomness))
        {
            // It says that it was left out, and is here.
            carried.threshold = None;
            broken = true;
        }
        let mut threshold = if broken {
            self.on_error
        } else {
            self.threshold(carried.as_ref())
        };
        if let Priority::Said(said) = priority {
            (threshold, policy) = (said, Policy::Priority);
        }
        let kept = threshold.keeps(randomness);
        if let Some(carried) = &mut carried {
            // A share can only get smaller.
            carried.threshold = Some(
                carried
                    .threshold
                    .map_or(threshold, |before| before.max(threshold)),
            );
        }
        Outcome {
            kept,
            policy,
            carried,
        }
    }

    fn threshold(&self, carried: Option<&Carried>) -> Threshold {
        let before = carried.and_then(|carried| carried.threshold);
        match self.mode {
            Mode::Never => Threshold::NEVER,
            Mode::Hash { threshold } => threshold,
            Mode::Equalizing { threshold } => {
                before.map_or(threshold, |before| before.max(threshold))
            }
            Mode::Proportional { share } => {
                let share = before.map_or(1.0, Threshold::share) * share;
                Threshold::of_share(share, self.precision).unwrap_or(Threshold::NEVER)
            }
        }
    }
}

/// What happens to an item without anything to decide by, if it is kept all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Absent {
    /// It gets the largest random number.
    Marked,
    Unmarked,
}

impl Mode {
    fn of(settings: &Settings, precision: u32) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the collector computes with 32 bits"
        )]
        let percent = settings.sampling_percentage.min(100.0) as f32;
        let share = (f64::from(percent) / 100.0).max(f64::from_bits(1));
        let of_share = || Threshold::of_share(share, precision).unwrap_or(Threshold::NEVER);
        match settings.mode {
            _ if percent <= 0.0 => Self::Never,
            Some(SamplerMode::Equalizing) => Self::Equalizing {
                threshold: of_share(),
            },
            Some(SamplerMode::Proportional) => Self::Proportional { share },
            Some(SamplerMode::HashSeed) | None => match Threshold::of_buckets(percent) {
                Threshold::NEVER => Self::Never,
                threshold => Self::Hash { threshold },
            },
        }
    }
}

impl Step for Sampler {
    fn apply(&self, payload: Payload) -> Result<Option<Payload>, Refusal> {
        let body = payload.body.joined();
        let mut kept = 0;
        let edited = edit::items(&body, |_, _, item| {
            let edit = match payload.signal {
                Signal::Traces => self.span(item.message()),
                Signal::Logs => self.record(item.message()),
                Signal::Metrics => Edit::Keep,
            };
            kept += u64::from(edit != Edit::Drop);
            edit
        });
        Ok(match edited {
            None => Some(payload),
            Some(_) if kept == 0 => None,
            Some(body) => Some(Payload {
                body,
                items: kept,
                ..payload
            }),
        })
    }
}

/// `sampling.priority` of a span: zero leaves it out, more keeps it.
fn span_priority(message: &[u8]) -> Priority {
    let mut found = attributes(message, 9).filter(|attribute| attribute.key == "sampling.priority");
    #[expect(clippy::cast_precision_loss, reason = "only its sign counts")]
    let number = match found.next().map(|attribute| attribute.value) {
        Some(Value::Int(number)) => number as f64,
        Some(Value::Double(number)) => number,
        Some(Value::Text(text)) => match text.parse() {
            Ok(number) => number,
            Err(_) => return Priority::Unsaid,
        },
        _ => return Priority::Unsaid,
    };
    match number {
        0.0 => Priority::Said(Threshold::NEVER),
        number if number > 0.0 => Priority::Said(Threshold::ALWAYS),
        _ => Priority::Unsaid,
    }
}

const RANDOMNESS: &str = "sampling.randomness";
const THRESHOLD: &str = "sampling.threshold";

/// What a log record carries in its attributes; none if that cannot be read.
fn record_carried(message: &[u8]) -> Option<Carried> {
    let mut carried = Carried::default();
    for attribute in attributes(message, 6) {
        match (attribute.key, attribute.value) {
            (_, Value::Text("")) => {}
            (RANDOMNESS, Value::Text(text)) => carried.randomness = Some(Randomness::parse(text)?),
            (THRESHOLD, Value::Text(text)) => carried.threshold = Some(Threshold::parse(text)?),
            _ => {}
        }
    }
    Some(carried)
}

/// A log record with what it carries in its attributes.
fn with_carried(message: &[u8], carried: &Carried) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + 96);
    for field in Fields::of(message) {
        let stale = field.number == 6
            && matches!(field.value, FieldValue::Length(pair)
                if matches!(crate::wire::Attribute::read(pair).key, RANDOMNESS | THRESHOLD));
        if !stale {
            out.extend_from_slice(&message[field.range]);
        }
    }
    if let Some(randomness) = carried.randomness {
        edit::put_attribute(&mut out, 6, RANDOMNESS, &Value::Text(&randomness.text()));
    }
    if let Some(threshold) = carried.threshold {
        edit::put_attribute(&mut out, 6, THRESHOLD, &Value::Text(&threshold.text()));
    }
    out
}

#[cfg(test)]
mod tests;
