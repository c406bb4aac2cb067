//! Who owns the fields of an object after a write?

use fields::{Facts, FieldPath, FieldSet, Schema};
use serde_json::{Value, json};

use super::call::Call;
use super::read::in_version;
use crate::admission;
use crate::merge::{self, Apply, ApplyError, Force, ReplicasPaths, Target, Update, Versions};
use crate::registry::{Registry, Resource};
use crate::status::Refusal;
use crate::world::{World, now};

/// The versions that a kind is served in.
struct Served<'a> {
    registry: &'a Registry,
    resource: &'a Resource,
}

impl Versions for Served<'_> {
    fn schema(&self, api_version: &str) -> Option<Schema> {
        let same = |other: &&std::sync::Arc<Resource>| {
            other.group() == self.resource.group()
                && other.plural == self.resource.plural
                && other.api_version() == api_version
        };
        let resource = self.registry.all().find(same)?;
        match resource.custom() {
            Some(custom) => {
                Some(Schema::from_definition(&custom.schema).unwrap_or_else(|_| Schema::untyped()))
            }
            None => Facts::builtin().schema_of(api_version, &resource.kind),
        }
    }
}

/// The schema of the kind that is written, in the version of the request.
pub(super) fn schema(world: &World, call: &Call<'_>) -> Schema {
    let served = Served {
        registry: &world.registry,
        resource: &call.resource,
    };
    served
        .schema(&call.resource.api_version())
        .unwrap_or_else(Schema::untyped)
}

/// The configuration laid over the object, with the owners that come of it.
pub(super) fn apply(
    world: &World,
    call: &Call<'_>,
    live: Option<&Value>,
    configuration: &Value,
    manager: &str,
) -> Result<Value, Refusal> {
    let live = live.map(|live| in_version(&call.resource, live));
    let force = force(call);
    let apply = Apply {
        live: live.as_ref(),
        configuration,
        manager,
        force,
        now: &now(),
    };
    with_target(world, call, |target| merge::apply(target, apply)).map_err(refusal)
}

/// The written object with its owners. It is decoded and defaulted, and has the `managedFields` of the request.
pub(super) fn track(
    world: &World,
    call: &Call<'_>,
    live: Option<&Value>,
    new: &Value,
    manager: &str,
) -> Value {
    let live = live.map(|live| in_version(&call.resource, live));
    let update = Update {
        live: live.as_ref(),
        new,
        manager,
        now: &now(),
    };
    with_target(world, call, |target| merge::track_update(target, update))
}

/// A write to the `Scale` of an object.
pub(super) enum ScaleWrite<'a> {
    /// An apply of this configuration.
    Apply(&'a Value),
    /// Anything else, already carried out.
    Update(&'a Value),
}

/// The `Scale` after a write, and the object with the owners that come of it.
pub(super) fn scale(
    call: &Call<'_>,
    live: &Value,
    before: &Value,
    write: &ScaleWrite<'_>,
    replicas: &str,
) -> Result<(Value, Value), Refusal> {
    let path = FieldPath::of(replicas.trim_start_matches('/').split('/'));
    let paths = ReplicasPaths::from([(call.resource.api_version(), Some(path))]);
    let mut before = before.clone();
    merge::to_scale(live, &mut before, &paths);
    let target = Target {
        api_version: "autoscaling/v1",
        kind: "Scale",
        subresource: Some("scale"),
        versions: &merge::BuiltIn("Scale"),
        empty: &json!({}),
        reset: &FieldSet::new(),
    };
    let (live_scale, manager, now) = (Some(&before), &call.manager(), &now());
    let after = match *write {
        ScaleWrite::Update(new) => merge::track_update(
            &target,
            Update {
                live: live_scale,
                new,
                manager,
                now,
            },
        ),
        ScaleWrite::Apply(configuration) => {
            let apply = Apply {
                live: live_scale,
                configuration,
                manager,
                force: force(call),
                now,
            };
            merge::apply(&target, apply).map_err(refusal)?
        }
    };
    let mut scaled = live.clone();
    merge::from_scale(&after, &mut scaled, &call.resource.api_version(), &paths);
    Ok((after, scaled))
}

fn force(call: &Call<'_>) -> Force {
    if call.query.flag("force") {
        Force::Yes
    } else {
        Force::No
    }
}

fn with_target<T>(world: &World, call: &Call<'_>, work: impl FnOnce(&Target<'_>) -> T) -> T {
    let resource = &call.resource;
    let api_version = resource.api_version();
    let has_status = resource.custom().is_none() || resource.subresource("status").is_some();
    let reset = if has_status {
        merge::reset_fields(resource.group(), &resource.kind, call.subresource())
    } else {
        FieldSet::new()
    };
    work(&Target {
        api_version: &api_version,
        kind: &resource.kind,
        subresource: call.subresource(),
        versions: &Served {
            registry: &world.registry,
            resource,
        },
        empty: &empty(resource),
        reset: &reset,
    })
}

/// A new object of the kind before anything was set.
fn empty(resource: &Resource) -> Value {
    let object =
        json!({ "apiVersion": resource.api_version(), "kind": resource.kind, "metadata": {} });
    if resource.custom().is_some() {
        object
    } else {
        admission::canonical(&object)
    }
}

fn refusal(error: ApplyError) -> Refusal {
    match error {
        ApplyError::Conflict(conflicts) => conflicts.iter().fold(
            Refusal::new(409, "Conflict", conflicts.to_string()),
            |refusal, conflict| {
                refusal.with_cause(
                    "FieldManagerConflict",
                    &conflict.field(),
                    &conflict.message(),
                )
            },
        ),
        ApplyError::WrongType(_) | ApplyError::ManagedFields => {
            Refusal::bad_request(error.to_string())
        }
        ApplyError::Schema { .. } | ApplyError::Undecodable(_) | ApplyError::UnknownVersion(_) => {
            Refusal::internal(error.to_string())
        }
    }
}
