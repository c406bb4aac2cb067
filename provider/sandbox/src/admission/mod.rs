//! What happens to an object between its request and the store.
//!
//! The steps, in the API server's order; `merge` and the stores stand between them:
//!
//! 1. [`decode`]: the body as the server's own types would write it, with what was unknown and dropped. A merged
//!    object (apply, patch) is read the same way, with [`Numbers::Wrapping`].
//! 2. [`default`]: what nobody said is filled in.
//! 3. Whoever keeps `managedFields` does so here: what follows is not counted as the caller's.
//! 4. [`admit_create`] or [`admit_update`]: plugins, what the server sets itself, addresses, and the rules. The
//!    answer is what goes into the store and back to the caller, or a [`Refusal`].
//!
//! Everything here is a function of its arguments. What admission must know of other objects it asks a [`Cluster`].

mod allocate;
mod at;
mod cause;
mod decode;
mod defaults;
mod edit;
mod plugins;
mod prepare;
mod same;
mod types;
mod validate;
mod warnings;

pub(crate) use cause::{Cause, Reason};
pub(crate) use decode::{
    DecodeError, Decoded, Numbers, cannot_be_handled, canonical, json_duplicates, strict,
};
pub(crate) use prepare::Part;
pub(crate) use validate::Scope;

use serde_json::Value;

/// What admission may ask about other objects.
pub(crate) trait Cluster {
    /// One object; cluster-wide ones have the empty namespace.
    fn get(&self, group: &str, kind: &str, namespace: &str, name: &str) -> Option<Value>;

    /// All objects of a kind, of one namespace or of all.
    fn list(&self, group: &str, kind: &str, namespace: Option<&str>) -> Vec<Value>;
}

/// Why a request does not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// 422: rules are broken.
    Invalid(Vec<Cause>),
    /// 403: an admission plugin says no; the message follows `NAME is forbidden: `.
    Forbidden(String),
}

/// An object that passed, and what the caller should hear of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Admitted {
    /// What goes into the store and into the answer.
    pub(crate) object: Value,
    /// Texts for Warning headers.
    pub(crate) warnings: Vec<String>,
}

/// Reads an object as its kind; what is not built in is kept as it is.
pub(crate) fn decode(raw: &Value, numbers: Numbers) -> Result<Decoded, DecodeError> {
    match type_of(raw) {
        "" => Ok(Decoded {
            object: raw.clone(),
            unknown: Vec::new(),
        }),
        name => decode::decode(name, raw, numbers),
    }
}

/// Fills in what nobody said.
pub(crate) fn default(object: &mut Value) {
    let name = type_of(object);
    if !name.is_empty() {
        defaults::default(name, object);
        *object = decode::complete(object);
    }
}

/// What a stored object is shown with, though it was not stored so: the API server fills in once more when it
/// reads. The first write after that stores it, which is why an equal apply can be a change.
pub(crate) fn on_read(object: &mut Value) {
    match type_of(object) {
        "core.v1.PersistentVolumeClaim" => defaults::claim_phase(object),
        "batch.v1.Job" => defaults::job_labels(object),
        _ => {}
    }
}

/// Checks and completes an object that is to be created; its metadata already has name, namespace, uid and time.
pub(crate) fn admit_create(
    mut object: Value,
    scope: Scope,
    cluster: &dyn Cluster,
) -> Result<Admitted, Refusal> {
    let name = type_of(&object);
    plugins::complete(name, &mut object, cluster)?;
    if name == "core.v1.Service" {
        allocate::service(&mut object, None, cluster).map_err(Refusal::Invalid)?;
    }
    prepare::create(name, &mut object);
    refuse(validate::create(name, scope, &object))?;
    let mut warnings = warnings::warnings(name, &object, None, Part::Main);
    warnings.extend(plugins::judge_new(name, &object, cluster)?);
    object = canonical(&object);
    Ok(Admitted { object, warnings })
}

/// Checks and completes an object that is to replace `old`; it already has `old`'s resourceVersion.
pub(crate) fn admit_update(
    mut new: Value,
    old: &Value,
    part: Part,
    scope: Scope,
    cluster: &dyn Cluster,
) -> Result<Admitted, Refusal> {
    let name = type_of(&new);
    prepare::update(name, &mut new, old, part);
    if name == "core.v1.Service" && part == Part::Main {
        allocate::service(&mut new, Some(old), cluster).map_err(Refusal::Invalid)?;
    }
    // What means the same is the same to every rule.
    let meant = same::aligned(name, &new, old);
    refuse(validate::update(name, scope, part, &meant, old))?;
    let mut warnings = warnings::warnings(name, &new, Some(old), part);
    warnings.extend(plugins::judge_change(name, &new, old, cluster)?);
    new = canonical(&new);
    Ok(Admitted {
        object: new,
        warnings,
    })
}

fn refuse(causes: Vec<Cause>) -> Result<(), Refusal> {
    if causes.is_empty() {
        Ok(())
    } else {
        Err(Refusal::Invalid(causes))
    }
}

/// The name of the built-in type, empty for custom resources.
fn type_of(object: &Value) -> &'static str {
    types::of_kind(edit::text(object, "apiVersion"), edit::text(object, "kind")).unwrap_or_default()
}
