//! How are attributes of resources, spans, data points and log records changed?
//!
//! As the collector's processors `resource` and `attributes` 0.159 do it.

mod change;
mod value;
mod which;

use bytes::Bytes;
use collector_config::{
    Signal,
    components::attributes::{AttributeAction, Attributes as OfItems},
};

pub(crate) use self::which::Properties;
use self::{
    change::Change,
    value::{Pair, pairs, put_pair},
    which::Which,
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
    which: Which,
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
            Ok(Self {
                of,
                changes,
                which: Which::default(),
            })
        } else {
            Err(wrong)
        }
    }

    /// What the processor does in pipelines of this signal.
    ///
    /// # Errors
    /// All that is not done here, and what makes no sense for this signal.
    pub fn of_items(settings: &OfItems, signal: Signal) -> Result<Self, Vec<String>> {
        let which = Which::new(signal, &settings.include, &settings.exclude);
        let changes = Self::new(Of::Items, &settings.actions);
        match (which, changes) {
            (Ok(which), Ok(changes)) => Ok(Self { which, ..changes }),
            (which, changes) => Err([which.err(), changes.err()]
                .into_iter()
                .flatten()
                .flatten()
                .collect()),
        }
    }

    /// What makes no sense for this signal.
    pub(crate) fn wrong_for(settings: &OfItems, signal: Signal) -> Vec<String> {
        let which = Which::new(signal, &settings.include, &settings.exclude);
        which.err().unwrap_or_default()
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
        let number = data.point_attributes();
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
            (Of::Items, signal) => edit::items(body, |resource, scope, item| {
                let message = item.message();
                if !self.which.has(signal, (resource, scope), message) {
                    return Edit::Keep;
                }
                match signal {
                    Signal::Traces => self.edit(message, 9),
                    Signal::Logs => self.edit(message, 6),
                    Signal::Metrics => self.metric(message),
                }
            }),
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
