//! Which spans and log records does the probabilistic sampler keep?
//!
//! As the collector's `probabilistic_sampler` 0.159 decides, so that both can work in one chain.

mod items;
mod probability;
mod rule;
mod tally;
mod tracestate;

use collector_config::{
    Signal,
    components::processors::{AttributeSource, ProbabilisticSampler as Settings},
};

pub use self::tally::{Policy, Tally};
use self::{
    items::{record_carried, span_priority, with_carried},
    probability::Randomness,
    rule::{Absent, Outcome, Priority, Rule},
    tracestate::TraceState,
};
use crate::{
    Payload, Refusal,
    pipeline::Step,
    wire::{
        Value, attributes, bytes_of,
        edit::{self, Edit},
    },
};

/// The sampler.
pub struct Sampler {
    rule: Rule,
    seed: u32,
    /// Whether log records are decided by their trace.
    by_trace: bool,
    attribute: String,
    priority: String,
    tally: Tally,
}

impl Sampler {
    /// The sampler of these settings, which were checked.
    pub fn new(settings: &Settings) -> Self {
        Self {
            rule: Rule::of(settings),
            seed: settings.hash_seed,
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
        let has_trace = id.iter().any(|byte| *byte != 0);
        let source = has_trace.then(|| self.of_trace(id)).flatten();
        let outcome = self
            .rule
            .decide(source, carried, Absent::Marked, span_priority(message));
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
        let hash = self.rule.hashes();
        let by_trace = has_trace && (self.by_trace || !hash);
        let source = match by_trace.then(|| self.of_trace(id)).flatten() {
            Some(source) => Some(source),
            None if hash => self.of_attribute(message),
            None => None,
        };
        let carried = record_carried(message);
        let outcome = self.rule.decide(
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
        if self.rule.hashes() {
            return Some((Randomness::hashed(id, self.seed), Policy::TraceHash));
        }
        Some((Randomness::of_trace(id)?, Policy::TraceId))
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
        let said = self.rule.percent(percent);
        said.map_or(Priority::Unsaid, Priority::Said)
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

#[cfg(test)]
mod tests;
