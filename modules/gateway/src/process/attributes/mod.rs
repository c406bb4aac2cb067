//! How are attributes of resources, spans, data points and log records changed?
//!
//! As the collector's processors `resource` and `attributes` 0.159 do it.

mod change;
mod value;

use bytes::Bytes;
use collector_config::{Signal, components::attributes::AttributeAction};

use self::{
    change::Change,
    value::{Pair, pairs, put_pair},
};
use crate::{
    Chunks, Payload, Refusal, ottl,
    pipeline::Step,
    put,
    wire::{
        Fields,
        edit::{self, Edit},
    },
};

/// Changes attributes.
pub struct Attributes {
    of: Of,
    changes: Vec<Change>,
}

/// Whose attributes are changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Those of resources.
    Resources,
    /// Those of spans, data points and log records.
    Items,
}

impl Attributes {
    /// These changes in this order.
    ///
    /// # Errors
    /// All that is not done here, and patterns that are none.
    pub fn new(of: Of, actions: &[AttributeAction]) -> Result<Self, Vec<String>> {
        let (mut changes, mut wrong) = (Vec::new(), Vec::new());
        for action in actions {
            match Change::of(action) {
                Ok(change) => changes.push(change),
                Err(why) => wrong.push(format!("attribute `{}`: {why}", action.key)),
            }
        }
        if wrong.is_empty() {
            Ok(Self { of, changes })
        } else {
            Err(wrong)
        }
    }

    /// A message whose attributes are in this field, changed; none if nothing changed.
    fn changed(&self, message: &[u8], number: u32) -> Option<Vec<u8>> {
        let before: Vec<Pair<'_>> = pairs(message, number).collect();
        let mut after = before.clone();
        for change in &self.changes {
            change.apply(&mut after);
        }
        (before != after).then(|| {
            edit::replace(message, number, |out| {
                for (key, value) in &after {
                    put_pair(out, number, key, value);
                }
            })
        })
    }

    fn edit(&self, message: &[u8], number: u32) -> Edit {
        self.changed(message, number)
            .map_or(Edit::Keep, Edit::Replace)
    }

    /// A metric with the attributes of its points changed.
    fn metric(&self, message: &[u8]) -> Edit {
        let Some(data) = ottl::data(message) else {
            return Edit::Keep;
        };
        let number = match data.field {
            9 => 9,
            10 => 1,
            _ => 7,
        };
        let mut changed = false;
        let mut content = Vec::with_capacity(data.content.len() + 64);
        for field in Fields::of(data.content) {
            let point = field.value.bytes().filter(|_| field.number == 1);
            match point.and_then(|point| self.changed(point, number)) {
                Some(point) => {
                    changed = true;
                    put::bytes(&mut content, 1, &point);
                }
                None => content.extend_from_slice(&data.content[field.range]),
            }
        }
        if !changed {
            return Edit::Keep;
        }
        Edit::Replace(edit::replace(message, data.field, |out| {
            put::bytes(out, data.field, &content);
        }))
    }

    fn edited(&self, signal: Signal, body: &Bytes) -> Option<Chunks> {
        match (self.of, signal) {
            (Of::Resources, _) => edit::descriptions(body, |resource| self.edit(resource, 1)),
            (Of::Items, Signal::Traces) => {
                edit::items(body, |_, _, span| self.edit(span.message(), 9))
            }
            (Of::Items, Signal::Logs) => {
                edit::items(body, |_, _, record| self.edit(record.message(), 6))
            }
            (Of::Items, Signal::Metrics) => {
                edit::items(body, |_, _, metric| self.metric(metric.message()))
            }
        }
    }
}

impl Step for Attributes {
    fn apply(&self, payload: Payload) -> Result<Option<Payload>, Refusal> {
        let edited = self.edited(payload.signal, &payload.body.joined());
        Ok(Some(match edited {
            Some(body) => Payload { body, ..payload },
            None => payload,
        }))
    }
}

#[cfg(test)]
mod tests;
