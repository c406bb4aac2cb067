//! Server-side apply.

use fields::FieldSet;
use serde_json::Value;

use super::managers::{Manager, Managers, ManagersError, Owned, without_identity};
use super::{Conflicts, Target, TypeErrors, combine, kubectl, prune, track, typecheck, updater};

pub(crate) use super::updater::Force;

/// One server-side apply.
#[derive(Clone, Copy)]
pub(crate) struct Apply<'a> {
    /// The object as it is, in the version of the request; none where it is created.
    pub(crate) live: Option<&'a Value>,
    /// What is applied.
    pub(crate) configuration: &'a Value,
    /// Who applies.
    pub(crate) manager: &'a str,
    /// Whether fields of others are taken.
    pub(crate) force: Force,
    /// The time of the request, in RFC 3339 and whole seconds.
    pub(crate) now: &'a str,
}

/// Why a configuration cannot be applied.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApplyError {
    /// It has another version or kind than the endpoint: 400.
    #[error("invalid object type: {0}")]
    WrongType(String),
    /// It says who owns what, which only the server does: 400.
    #[error("metadata.managedFields must be nil")]
    ManagedFields,
    /// It does not fit the schema: 500 without a reason.
    #[error("failed to create typed patch object ({object}): {errors}")]
    Schema { object: String, errors: TypeErrors },
    /// The object's own record of owners cannot be read: 500.
    #[error("failed to decode managed fields: {0}")]
    Undecodable(#[from] ManagersError),
    /// Nothing is known of the version: 500.
    #[error("no corresponding type for {0}")]
    UnknownVersion(String),
    /// Others own some of the fields: 409 with causes.
    #[error(transparent)]
    Conflict(#[from] Conflicts),
}

/// Applies a configuration, and gives the object with its new `managedFields`.
///
/// Nothing is defaulted or canonical in it yet. Preconditions are the caller's: the object has the `uid` and
/// `resourceVersion` that the configuration has.
pub(crate) fn apply(target: &Target<'_>, apply: Apply<'_>) -> Result<Value, ApplyError> {
    check(target, apply.configuration)?;
    let live = without_managers(apply.live.unwrap_or(target.empty));
    let managers = Managers::of(apply.live.unwrap_or(target.empty))?;
    let managers = if managers.0.is_empty() {
        track::before_first_apply(target, &live, apply.now)
    } else {
        managers
    };
    let merge = |force| merge(target, &live, &Apply { force, ..apply }, managers.clone());
    let mut object = match merge(apply.force) {
        Err(ApplyError::Conflict(conflicts)) if apply.manager == kubectl::MANAGER => {
            match kubectl::without_own_conflicts(target, &live, conflicts) {
                None => merge(Force::Yes)?,
                Some(conflicts) => return Err(conflicts.into()),
            }
        }
        merged => merged?,
    };
    if apply.manager == kubectl::MANAGER {
        kubectl::refresh_last_applied(&mut object, apply.configuration);
    }
    Ok(object)
}

fn check(target: &Target<'_>, configuration: &Value) -> Result<(), ApplyError> {
    let text = |name: &str| {
        configuration
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    if text("apiVersion") != target.api_version || text("kind") != target.kind {
        return Err(ApplyError::WrongType(format!(
            "{}, Kind={}",
            slashed(text("apiVersion")),
            text("kind")
        )));
    }
    if configuration
        .pointer("/metadata/managedFields")
        .is_some_and(|fields| !fields.is_null())
    {
        return Err(ApplyError::ManagedFields);
    }
    let schema = target.versions.schema(target.api_version);
    let schema = schema.ok_or_else(|| ApplyError::UnknownVersion(target.api_version.to_owned()))?;
    typecheck::check(configuration, &schema).map_err(|errors| {
        let metadata = |name: &str| {
            configuration
                .pointer(&format!("/metadata/{name}"))
                .and_then(Value::as_str)
        };
        let (namespace, name) = (
            metadata("namespace").unwrap_or_default(),
            metadata("name").unwrap_or_default(),
        );
        let version = slashed(target.api_version);
        ApplyError::Schema {
            object: format!("{namespace}/{name}; {version}, Kind={}", target.kind),
            errors,
        }
    })
}

/// The version as Go prints one: the core group leaves its slash behind.
fn slashed(api_version: &str) -> String {
    if api_version.contains('/') {
        api_version.to_owned()
    } else {
        format!("/{api_version}")
    }
}

fn without_managers(object: &Value) -> Value {
    let mut object = object.clone();
    Managers::default().write(&mut object);
    object
}

fn merge(
    target: &Target<'_>,
    live: &Value,
    apply: &Apply<'_>,
    managers: Managers,
) -> Result<Value, ApplyError> {
    let schema = target.versions.schema(target.api_version);
    let schema = schema.ok_or_else(|| ApplyError::UnknownVersion(target.api_version.to_owned()))?;
    let applier = Manager::applier(apply.manager, target.subresource);
    let mut managers = updater::reconcile(managers, target);
    let fields = FieldSet::of(apply.configuration, &schema).recursive_difference(target.reset);
    let api_version = target.api_version.to_owned();
    let last = managers.0.insert(
        applier.clone(),
        Owned {
            api_version,
            fields,
            time: None,
        },
    );
    let merged = combine::combine(live, apply.configuration, &schema);
    let merged = prune::prune(merged, &schema, &managers, last.as_ref(), target);
    let mut managers =
        updater::transfer(live, &merged, managers, Some(&applier), apply.force, target)?;
    // Whoever only comes to share what is there already has changed nothing at any time.
    let is_changed = !fields::values_equal(live, &merged);
    let time = if is_changed {
        Some(apply.now.to_owned())
    } else {
        last.and_then(|last| last.time)
    };
    if let Some(owned) = managers.0.get_mut(&applier) {
        owned.fields = without_identity(&owned.fields);
        owned.time = time;
    }
    managers.0.retain(|_, owned| !owned.fields.is_empty());
    let mut object = if is_changed { merged } else { live.clone() };
    managers.write(&mut object);
    Ok(object)
}
