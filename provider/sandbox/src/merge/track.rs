//! Who comes to own what by a create, an update, or any patch that is no apply.

use fields::FieldSet;
use serde_json::{Map, Value};

use super::managers::{Manager, Managers, Owned, without_identity};
use super::{Target, cap, updater};
use crate::merge::updater::Force;

/// A write that is no apply, already carried out on the object.
#[derive(Clone, Copy)]
pub(crate) struct Update<'a> {
    /// The object as it was, in the version of the request; none where it is created.
    pub(crate) live: Option<&'a Value>,
    /// The object as it is to be, decoded and defaulted, with the `managedFields` that the request sent.
    pub(crate) new: &'a Value,
    /// Who writes.
    pub(crate) manager: &'a str,
    /// The time of the request, in RFC 3339 and whole seconds.
    pub(crate) now: &'a str,
}

/// The longest name that a manager can have.
const LONGEST_NAME: usize = 128;
const BEFORE_FIRST_APPLY: &str = "before-first-apply";

/// Who writes when the request does not say: the program, as its User-Agent names it.
pub(crate) fn default_manager(user_agent: &str) -> String {
    let program = user_agent.split('/').next().unwrap_or_default();
    let mut name = String::new();
    for character in program.chars().filter(|character| !character.is_control()) {
        if name.len() + character.len_utf8() > LONGEST_NAME {
            break;
        }
        name.push(character);
    }
    name
}

/// The new object with its new `managedFields`.
///
/// What the request sends as `managedFields` counts where it can be read: an empty list, or one empty entry,
/// resets them, and what is left out or broken leaves them as they were. A subresource never changes them so.
pub(crate) fn track_update(target: &Target<'_>, update: Update<'_>) -> Value {
    let managers = managers_of(target, &update);
    let live = update.live.unwrap_or(target.empty);
    let mut new = update.new.clone();
    Managers::default().write(&mut new);
    // Whose owners were reset is not tracked before the next apply.
    let managers = if managers.0.is_empty() && update.live.is_some() {
        managers
    } else {
        tracked(target, live, &new, managers, update.manager, update.now)
    };
    managers.write(&mut new);
    new
}

/// What an object without any owners has belongs to whoever was there before.
pub(super) fn before_first_apply(target: &Target<'_>, live: &Value, now: &str) -> Managers {
    tracked(
        target,
        target.empty,
        live,
        Managers::default(),
        BEFORE_FIRST_APPLY,
        now,
    )
}

fn managers_of(target: &Target<'_>, update: &Update<'_>) -> Managers {
    let of_live = || {
        update
            .live
            .and_then(|live| Managers::of(live).ok())
            .unwrap_or_default()
    };
    if target.subresource.is_some() {
        return of_live();
    }
    if is_reset(update.new) {
        return Managers::default();
    }
    match Managers::of(update.new) {
        Ok(managers) if !managers.0.is_empty() => managers,
        _ => of_live(),
    }
}

fn is_reset(object: &Value) -> bool {
    match object
        .pointer("/metadata/managedFields")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
    {
        Some([]) => true,
        Some([entry]) => entry.as_object().is_some_and(Map::is_empty),
        _ => false,
    }
}

fn tracked(
    target: &Target<'_>,
    live: &Value,
    new: &Value,
    managers: Managers,
    name: &str,
    now: &str,
) -> Managers {
    let managers = updater::reconcile(managers, target);
    let Ok(mut managers) = updater::transfer(live, new, managers, None, Force::Yes, target) else {
        // Taking by force meets no conflict.
        return Managers::default();
    };
    let comparison = updater::compare_in(live, new, target.api_version, target).unwrap_or_default();
    let fields = without_identity(&comparison.set().recursive_difference(target.reset));
    if !fields.is_empty() {
        let manager = Manager::updater(name, target.subresource, target.api_version);
        let fields = managers
            .0
            .get(&manager)
            .map_or_else(FieldSet::new, |owned| owned.fields.clone())
            .union(&fields);
        let owned = Owned {
            api_version: target.api_version.to_owned(),
            fields,
            time: Some(now.to_owned()),
        };
        managers.0.insert(manager, owned);
    }
    cap::cap(managers)
}
