//! How a write changes an object and the record of who owns which of its fields.
//!
//! Pure functions over JSON values, as an API server merges them: no store, no clock, no defaults. The caller
//! decodes and defaults what comes out of here; an object that differs in nothing but the times of its owners was not changed.

mod apply;
mod cap;
mod combine;
mod compare;
mod conflict;
mod kubectl;
mod managers;
mod parts;
mod prune;
mod reset;
mod scale;
pub(crate) mod strategic;
#[cfg(test)]
mod tests;
mod track;
mod typecheck;
mod updater;

use fields::{Facts, FieldSet, Schema};
use serde_json::Value;

pub(crate) use apply::{Apply, ApplyError, Force, apply};
pub(crate) use conflict::Conflicts;
pub(crate) use reset::reset_fields;
pub(crate) use scale::{ReplicasPaths, from_scale, to_scale};
pub(crate) use track::{Update, default_manager, track_update};
pub(crate) use typecheck::TypeErrors;

/// What is written: a kind, in the version of the request, at an endpoint.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    /// The version of the request, as `apiVersion` has it.
    pub(crate) api_version: &'a str,
    /// The kind.
    pub(crate) kind: &'a str,
    /// The subresource, if one is written.
    pub(crate) subresource: Option<&'a str>,
    /// The versions that the kind is served in.
    pub(crate) versions: &'a dyn Versions,
    /// A new object of the kind before anything was set; its fields that are always there belong to nobody.
    pub(crate) empty: &'a Value,
    /// What this endpoint does not write, so that nobody comes to own it here; see [`reset_fields`].
    pub(crate) reset: &'a FieldSet,
}

/// The versions that one kind is served in.
pub(crate) trait Versions {
    /// The schema of the kind in a version; none where it is not served.
    fn schema(&self, api_version: &str) -> Option<Schema>;

    /// The object in another version that is served.
    fn convert(&self, object: &Value, api_version: &str) -> Value {
        let mut object = object.clone();
        if let Some(field) = object.get_mut("apiVersion") {
            *field = Value::from(api_version);
        }
        object
    }
}

/// The versions of a built-in kind.
pub(crate) struct BuiltIn<'a>(pub(crate) &'a str);

impl Versions for BuiltIn<'_> {
    fn schema(&self, api_version: &str) -> Option<Schema> {
        Facts::builtin().schema_of(api_version, self.0)
    }
}
