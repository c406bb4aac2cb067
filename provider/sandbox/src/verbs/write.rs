//! How does an object get into the store, and how does it change there?

use serde_json::{Value, json};

use super::admit;
use super::call::{Call, DryRun};
use super::owners;
use super::read::in_version;
use crate::random;
use crate::status::{Refusal, Subject};
use crate::store::ObjectName;
use crate::world::{World, now};

/// What a write left behind.
pub(super) struct Written {
    /// The object, as the asked version shows it.
    pub(super) object: Value,
}

/// Which words of a manager are tracked, and how.
pub(super) enum Tracking<'a> {
    /// The request is a POST, PUT or patch by this manager.
    Update(&'a str),
    /// `managedFields` are in the object already.
    Done,
}

/// Puts a new object, decoded and with its defaults, into the store.
pub(super) fn insert(
    world: &mut World,
    call: &Call<'_>,
    mut object: Value,
    tracking: &Tracking<'_>,
) -> Result<Written, Refusal> {
    let resource = &call.resource;
    let dry_run = call.dry_run()?;
    let echoed = object["metadata"]["resourceVersion"].clone();
    check_namespace(world, call, &object)?;
    if let Tracking::Update(manager) = tracking {
        object = owners::track(world, call, None, &object, manager);
    }
    fill_metadata(&mut object);
    let object = admit::create(world, call, object)?;
    let name = object["metadata"]["name"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let key = ObjectName::new(call.namespace(), &name);
    let collection = resource.collection();
    if world.store.get(&collection, &key).is_some() {
        return Err(Refusal::already_exists(call.subject_named(&name)));
    }
    let object = match dry_run {
        DryRun::All => with_version(object, &echoed),
        DryRun::No => Value::clone(&world.store.put(&collection, &key, object)),
    };
    Ok(Written {
        object: in_version(resource, &object),
    })
}

/// A dry run has no version of its own, and echoes the one that it was sent.
fn with_version(mut object: Value, version: &Value) -> Value {
    if version.is_string() {
        object["metadata"]["resourceVersion"] = version.clone();
    }
    object
}

/// Fills in what only the server says about a new object.
fn fill_metadata(object: &mut Value) {
    let metadata = &mut object["metadata"];
    let prefix = metadata["generateName"].as_str().unwrap_or_default();
    if metadata["name"].as_str().unwrap_or_default().is_empty() && !prefix.is_empty() {
        // The longest name is 63 letters; the prefix gives way to the suffix.
        let prefix: String = prefix.chars().take(58).collect();
        metadata["name"] = json!(format!("{prefix}{}", random::suffix()));
    }
    metadata["uid"] = json!(random::uuid());
    metadata["creationTimestamp"] = json!(now());
    if let Some(metadata) = metadata.as_object_mut() {
        for field in [
            "resourceVersion",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "selfLink",
        ] {
            metadata.remove(field);
        }
    }
}

/// Refuses objects in namespaces that are absent or going.
fn check_namespace(world: &World, call: &Call<'_>, object: &Value) -> Result<(), Refusal> {
    let Some(name) = &call.target.namespace else {
        return Ok(());
    };
    let Some(namespace) = world.namespace(name) else {
        return Err(Refusal::not_found(Subject {
            group: "",
            kind: "namespaces",
            name,
        }));
    };
    if !namespace["metadata"]["deletionTimestamp"].is_string() {
        return Ok(());
    }
    let object_name = object["metadata"]["name"].as_str().unwrap_or_default();
    let why =
        format!("unable to create new content in namespace {name} because it is being terminated");
    let cause = format!("namespace {name} is being terminated");
    Err(
        Refusal::forbidden(call.subject_named(object_name), &why).with_cause(
            "NamespaceTerminating",
            "metadata.namespace",
            &cause,
        ),
    )
}

/// Replaces an object by a new state of it, decoded and with its defaults.
pub(super) fn update(
    world: &mut World,
    call: &Call<'_>,
    live: &Value,
    object: Value,
    tracking: &Tracking<'_>,
) -> Result<Written, Refusal> {
    update_with(world, call, live, object, tracking, |_| ())
}

/// The same, with a last touch to what admission has made of the object.
pub(super) fn update_with(
    world: &mut World,
    call: &Call<'_>,
    live: &Value,
    mut object: Value,
    tracking: &Tracking<'_>,
    touch: impl FnOnce(&mut Value),
) -> Result<Written, Refusal> {
    let dry_run = call.dry_run()?;
    // As it was stored, which can be less than what is shown.
    let stored = live;
    let live = &in_version(&call.resource, live);
    if let Tracking::Update(manager) = tracking {
        object = owners::track(world, call, Some(live), &object, manager);
    }
    check_version(call, &object, live)?;
    object["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"].clone();
    let mut object = admit::update(world, call, object, live)?;
    touch(&mut object);
    Ok(finish_update(world, call, stored, object, dry_run))
}

/// Stores a checked new state, unless it is the old one, or the last finalizer has gone.
fn finish_update(
    world: &mut World,
    call: &Call<'_>,
    live: &Value,
    object: Value,
    dry_run: DryRun,
) -> Written {
    let resource = &call.resource;
    let collection = resource.collection();
    let key = call.object_name();
    let is_gone = object["metadata"]["deletionTimestamp"].is_string()
        && !has_finalizers(&object)
        && object["metadata"]["deletionGracePeriodSeconds"]
            .as_i64()
            .unwrap_or_default()
            == 0;
    let stored = if same(live, &object) {
        live.clone()
    } else if dry_run == DryRun::All {
        object
    } else if is_gone {
        world.store.remove(&collection, &key);
        object
    } else {
        Value::clone(&world.store.put(&collection, &key, object))
    };
    Written {
        object: in_version(resource, &stored),
    }
}

/// Whether anything holds the object back from going.
pub(super) fn has_finalizers(object: &Value) -> bool {
    let some = |list: &Value| list.as_array().is_some_and(|list| !list.is_empty());
    // Only Namespaces have finalizers in their spec, too.
    some(&object["metadata"]["finalizers"])
        || (object["kind"] == json!("Namespace") && some(&object["spec"]["finalizers"]))
}

/// Whether two states differ in more than when managers last wrote.
fn same(one: &Value, other: &Value) -> bool {
    let timeless = |object: &Value| {
        let mut object = object.clone();
        if let Some(object) = object.as_object_mut() {
            object.remove("apiVersion");
        }
        for entry in object["metadata"]["managedFields"]
            .as_array_mut()
            .into_iter()
            .flatten()
        {
            if let Some(entry) = entry.as_object_mut() {
                entry.remove("time");
            }
        }
        object
    };
    timeless(one) == timeless(other)
}

/// Refuses a change of another version than the current one.
pub(super) fn check_version(call: &Call<'_>, object: &Value, live: &Value) -> Result<(), Refusal> {
    let text = object["metadata"]["resourceVersion"]
        .as_str()
        .unwrap_or_default();
    if text.is_empty() {
        return Ok(());
    }
    let version: u64 = text.parse().map_err(|_| {
        Refusal::internal(format!(
            "Internal error occurred: strconv.ParseUint: parsing \"{text}\": invalid syntax"
        ))
    })?;
    if version != 0 && live["metadata"]["resourceVersion"] != json!(text) {
        return Err(Refusal::modified(call.subject()));
    }
    Ok(())
}
