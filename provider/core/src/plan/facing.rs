//! What differs between an object as it is and as it would be, and why?

use std::collections::BTreeSet;

use fields::{FieldPath, FieldSet, Schema, get, get_mut, remove, same};
use serde_json::Value;

use super::{
    cause::{Cause, FieldManager},
    diff::{self, Difference, What},
    digest::{Digest, canonical},
    knowledge::Knowledge,
    later,
    memory::Remembered,
    merge,
    migration::{Adoption, Migration, Wishes},
    normal,
    ownership::{Owners, owns},
    step::{Action, Change, Conflict, Step, Takeover},
};
use crate::resource::Resource;

/// One object that exists and is wanted, from both sides.
pub(crate) struct Facing<'a> {
    knowledge: &'a Knowledge,
    resource: &'a Resource,
    schema: Schema,
    desired: Value,
    live: Value,
    /// What the definition wants, as the API server would own it.
    wanted: FieldSet,
    owners: Owners,
    remembered: Option<&'a Remembered>,
    adoption: Adoption,
    migration: Option<Migration>,
    /// Where values stand that no memory holds, since they were not known when it was planned.
    to_come: Vec<FieldPath>,
}

impl<'a> Facing<'a> {
    pub(crate) fn new(knowledge: &'a Knowledge, resource: &'a Resource, live: &Value) -> Self {
        let schema = knowledge.schemas.get(&resource.kind);
        let desired = normal::comparable(&resource.object, &schema);
        let wanted = FieldSet::of(&desired, &schema);
        let owners = Owners::of(live, &knowledge.manager, &schema);
        let remembered = knowledge.remembered(&resource.id);
        let adoption = if knowledge.choices.adopt.contains(&resource.id) {
            Adoption::Asked
        } else {
            Adoption::NotAsked
        };
        let yielded = knowledge.yielded(&resource.id);
        let wishes = Wishes {
            wanted: &wanted,
            remembered,
            adoption,
            yielded,
        };
        Self {
            migration: Migration::of(&owners, live, wishes, &schema),
            live: normal::comparable(live, &schema),
            to_come: later::paths(resource, &schema),
            knowledge,
            resource,
            schema,
            desired,
            wanted,
            owners,
            remembered,
            adoption,
        }
    }

    /// The object as the server says it would be. It was asked before the migration, so what the migration does is
    /// done here.
    pub(crate) fn answered(&self, answer: &Value) -> Value {
        let mut answer = normal::comparable(answer, &self.schema);
        let Some(migration) = &self.migration else {
            return answer;
        };
        for path in &migration.lets_go {
            let stays = get(&self.live, path, &self.schema);
            if let (Some(stays), Some(place)) = (stays, get_mut(&mut answer, path, &self.schema)) {
                place.clone_from(stays);
            }
        }
        remove(&answer, &self.released(&migration.fields), &self.schema)
    }

    /// The object as it would be by the rules of merging, where the server could not be asked.
    pub(crate) fn predicted(&self) -> Value {
        let merged = merge::overlay(&self.live, &self.desired, &self.schema);
        let ours = match &self.migration {
            Some(migration) => {
                let stays = migration.lets_go.iter().cloned().collect();
                self.owners
                    .applied
                    .union(&migration.fields)
                    .difference(&stays)
            }
            None => self.owners.applied.clone(),
        };
        remove(&merged, &self.released(&ours), &self.schema)
    }

    /// What goes with our next apply: ours, no longer wanted, and held by nobody else.
    fn released(&self, ours: &FieldSet) -> FieldSet {
        let folded = self.migration.as_ref().map(|migration| &migration.from);
        let others = self.owners.others.iter();
        let others: Vec<_> = others
            .filter(|entry| folded.is_none_or(|folded| !folded.contains(&entry.manager)))
            .collect();
        let mut released = FieldSet::new();
        for path in &ours.difference(&self.wanted) {
            let is_held = others.iter().any(|entry| owns(&entry.fields, &path));
            if !is_held && !owns(&self.wanted, &path) {
                released.insert(&path);
            }
        }
        released
    }

    /// Writes the verdict into a step: what changes and why, what is taken from whom, and what may not be.
    pub(crate) fn judge(&self, answer: &Value, step: &mut Step) {
        let mut defaults = 0;
        for difference in diff::between(&self.live, answer, &self.schema) {
            match self.cause(&difference) {
                Some(cause) => step.changes.push(change(difference, cause)),
                None => defaults += 1,
            }
        }
        let remembers = step
            .changes
            .iter()
            .map(|change| (change.path.clone(), self.fingerprint(change)));
        step.approved = remembers.collect();
        step.held = self.held(answer);
        // Nothing of it is ours although we want something: others made it, or made it anew.
        let is_unowned = self.owners.applied.is_empty() && self.owners.written.is_none();
        step.adopted = self.remembered.is_none() && is_unowned;
        step.vanished = self.was_made_anew(step.uid.as_deref());
        step.migration.clone_from(&self.migration);
        let must_own = step.adopted || (is_unowned && !self.wanted.is_empty());
        if step.changes.is_empty() && step.migration.is_none() && !must_own {
            return;
        }
        step.action = Action::Update;
        step.defaults = defaults;
        self.contend(step);
    }

    /// What we applied last time, no longer want, and leave behind because others own it.
    fn held(&self, answer: &Value) -> Vec<Conflict> {
        let remembered = self
            .remembered
            .into_iter()
            .flat_map(|remembered| remembered.leaves.keys());
        let left = remembered.filter(|path| {
            get(&self.desired, path, &self.schema).is_none()
                && get(answer, path, &self.schema).is_some()
        });
        let owners = left.flat_map(|path| {
            let manager = |manager: &FieldManager| Conflict {
                path: path.clone(),
                manager: manager.clone(),
            };
            self.owners.others_of(path).map(manager).collect::<Vec<_>>()
        });
        owners.collect()
    }

    /// Whether the object is another than the one that we know: someone deleted ours and made one of its name.
    fn was_made_anew(&self, uid: Option<&str>) -> bool {
        let known = self
            .remembered
            .and_then(|remembered| remembered.uid.as_deref());
        known.is_some_and(|known| uid != Some(known))
    }

    fn fingerprint(&self, change: &Change) -> Digest {
        let side = |value: &Option<Value>| value.as_ref().map(canonical);
        let text = format!(
            "{}\n{:?}\n{:?}",
            change.path,
            side(&change.before),
            side(&change.after)
        );
        Digest::of_text(&self.knowledge.key, &text)
    }

    /// Why a place differs; none where nobody asked for the difference: a default, or a server's own business.
    fn cause(&self, difference: &Difference) -> Option<Cause> {
        let Difference {
            path,
            owned,
            before: _,
            after,
            what,
        } = difference;
        if *what == What::Order {
            return self.order_cause(path);
        }
        let Some(wanted) = get(&self.desired, owned, &self.schema).filter(|value| !value.is_null())
        else {
            return self.was_ours(owned).then_some(Cause::Definition);
        };
        let asked = get(&self.desired, path, &self.schema).filter(|value| !value.is_null());
        let schema = self.schema.at(path).unwrap_or_else(Schema::untyped);
        match (asked, after) {
            // A default inside of what is owned as a whole.
            (None, Some(_)) => None,
            (Some(asked), Some(after)) if !covers(after, asked, &schema) => Some(Cause::Rewritten),
            (Some(asked), None) if !is_nothing(asked) => Some(Cause::Rewritten),
            _ => Some(self.moved_or_drifted(owned, wanted)),
        }
    }

    /// A field that we ask for and get, and that is otherwise now.
    fn moved_or_drifted(&self, path: &FieldPath, wanted: &Value) -> Cause {
        if self.to_come.contains(path) {
            let by = self.owners.blame(path);
            return by.map_or(Cause::Definition, |by| Cause::Drift { by: Some(by) });
        }
        if self.applied_before(path, wanted) {
            Cause::Drift {
                by: self.owners.blame(path),
            }
        } else {
            Cause::Definition
        }
    }

    /// Whether we applied this very value last time, for sure.
    fn applied_before(&self, path: &FieldPath, wanted: &Value) -> bool {
        let digest = Digest::of(&self.knowledge.key, path, wanted);
        self.remembered.is_some_and(|remembered| {
            remembered.leaves.get(path) == Some(&digest) && !remembered.pending.contains_key(path)
        })
    }

    /// The order of a list is in no memory. It drifted where nothing else about the list can have moved.
    fn order_cause(&self, list: &FieldPath) -> Option<Cause> {
        let leaves = diff::leaves(&self.desired, &self.schema).into_iter();
        let below: Vec<_> = leaves.filter(|(path, _)| path.starts_with(list)).collect();
        if below.is_empty() {
            return None;
        }
        let drifted = below
            .iter()
            .all(|(path, value)| self.applied_before(path, value));
        Some(if drifted {
            Cause::Drift { by: None }
        } else {
            Cause::Definition
        })
    }

    /// Whether a path was ours before: by our own memory, or by that of the API server.
    fn was_ours(&self, path: &FieldPath) -> bool {
        self.remembered
            .is_some_and(|remembered| remembered.holds(path) || self.to_come.contains(path))
            || owns(&self.owners.applied, path)
            || self
                .migration
                .as_ref()
                .is_some_and(|migration| owns(&migration.fields, path))
    }

    /// The fields that others own and the definition wants with another value: the server would call each a
    /// conflict. Those that were ours, and those that were asked for by name, are taken; the rest is not.
    fn contend(&self, step: &mut Step) {
        let mut taken = BTreeSet::new();
        let mut refused = BTreeSet::new();
        for (path, manager) in self
            .owners
            .contested(&self.desired, &self.live, &self.schema)
        {
            if self.may_take(&path, &manager.name) {
                taken.insert(Takeover { path, manager });
            } else {
                refused.insert(Conflict { path, manager });
            }
        }
        step.takeovers = taken.into_iter().collect();
        step.conflicts = refused.into_iter().collect();
    }

    fn may_take(&self, path: &FieldPath, manager: &str) -> bool {
        let id = &self.resource.id;
        self.adoption == Adoption::Asked
            || self.was_ours(path)
            || self.owners.is_ours(path)
            || self
                .knowledge
                .choices
                .take
                .iter()
                .any(|take| take.covers(id, manager, path))
    }
}

fn change(difference: Difference, cause: Cause) -> Change {
    let Difference {
        path,
        owned: _,
        before,
        after,
        what: _,
    } = difference;
    Change {
        path,
        before,
        after,
        cause,
        immutable: false,
    }
}

/// Whether a value holds everything that another asks for; more may be in its maps.
fn covers(value: &Value, asked: &Value, schema: &Schema) -> bool {
    match (value, asked) {
        (Value::Object(value), Value::Object(asked)) => asked.iter().all(|(name, asked)| {
            let schema = schema.field(name).unwrap_or_else(Schema::untyped);
            match value.get(name) {
                Some(value) => covers(value, asked, &schema),
                None => is_nothing(asked),
            }
        }),
        (Value::Array(value), Value::Array(asked)) => {
            let schema = schema.element().unwrap_or_else(Schema::untyped);
            value.len() == asked.len()
                && value
                    .iter()
                    .zip(asked)
                    .all(|(value, asked)| covers(value, asked, &schema))
        }
        _ => same(value, asked, schema),
    }
}

/// Null and empty containers: a server may keep them or leave them out.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(fields) => fields.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}
