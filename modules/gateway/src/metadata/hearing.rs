//! How is kept what is asked for, field by field?

use std::sync::Arc;

use http::request::Parts;

use super::{EACH, Keys, Metadata, OWN};
use crate::{Budget, Charge, Refusal};

/// Whom a request is for, over HTTP/2.
const AUTHORITY: &[u8] = b":authority";
/// The same over HTTP/1.1; under this name the collector knows both.
const HOST: &[u8] = b"host";

/// The fields of one request, as they are read. Nothing is kept that was not charged.
#[derive(Debug)]
pub(crate) struct Hearing {
    metadata: Metadata,
    /// There was no memory for something.
    short: bool,
}

impl Hearing {
    /// Listens for these.
    pub(crate) fn new(keys: &Keys, budget: &Arc<Budget>) -> Self {
        Self {
            metadata: Metadata {
                keys: keys.clone(),
                values: Vec::new(),
                charge: Charge::none(budget),
            },
            short: false,
        }
    }

    /// Everything that a head says of these.
    pub(crate) fn parts(mut self, head: &Parts) -> Result<Option<Arc<Metadata>>, Refusal> {
        if let Some(authority) = head.uri.authority() {
            self.field(AUTHORITY, authority.as_str().as_bytes());
        }
        for (name, value) in &head.headers {
            self.field(name.as_str().as_bytes(), value.as_bytes());
        }
        self.heard()
    }

    /// Takes one field, whose name is in lower case; pseudo-headers come first.
    pub(crate) fn field(&mut self, name: &[u8], value: &[u8]) {
        if let Some(place) = self.metadata.keys.place(name)
            // The authority was there before.
            && !(name == HOST && self.metadata.values.iter().any(|(at, _)| *at == place))
        {
            self.keep(place, value);
        }
        if name == AUTHORITY
            && let Some(place) = self.metadata.keys.place(HOST)
        {
            self.keep(place, value);
        }
    }

    /// Keeps one value, if there is memory for it.
    pub(super) fn keep(&mut self, place: usize, value: &[u8]) {
        let first = self.metadata.charge.bytes() == 0;
        let bytes = EACH + value.len() as u64 + if first { OWN } else { 0 };
        if self.metadata.charge.grow(bytes) {
            self.metadata.values.push((place, value.into()));
        } else {
            self.short = true;
        }
    }

    /// What was heard, if anything was: who says nothing of what is asked for is like all others who do not.
    pub(crate) fn heard(self) -> Result<Option<Arc<Metadata>>, Refusal> {
        if self.short {
            return Err(Refusal::used_up());
        }
        let said = !self.metadata.values.is_empty();
        Ok(said.then(|| Arc::new(self.metadata)))
    }
}
