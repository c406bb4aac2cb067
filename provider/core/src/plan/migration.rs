//! How do fields that were written by other means become ours to change and to remove?
//!
//! The API server keeps one owner entry for each manager *and operation*. Two histories leave fields in an entry
//! that an apply never looks at, so that a field which leaves the definition would stay for ever:
//!
//! * **Our own creates.** A create is a POST, and what it wrote belongs to an `Update` entry of our manager,
//!   together with every default. So right after the POST the entry is turned into the `Apply` entry that an apply
//!   of the same object would have made: [`claim`] gives the JSON patch. It costs one small write per created
//!   object and changes nothing but ownership: no generation moves, no controller acts. Where a run ended between
//!   the two, the next plan sees the `Update` entry and carries a [`Migration`].
//! * **`kubectl apply` (client side).** Its entries are those that own the last-applied annotation. Where the user
//!   adopts such an object, its entries, as far as they hold what was applied then or is wanted now, become ours.
//! * **A field that is handed over.** Where a workload gets an autoscaler, `replicas` leaves the definition; an apply
//!   without it would drop it, and the server would fall back to one replica until the autoscaler notices. So our
//!   entry lets go of it, and the value stays as it is, owned by nobody until the autoscaler writes it.
//!
//! A migration is a JSON patch of `managedFields` under the object's `resourceVersion`, sent before the step's
//! apply. Afterwards the apply removes what it no longer mentions, by the ordinary rule, and the answer's
//! `resourceVersion` is the one to send it under. A 409 means that someone wrote in between: read the object again,
//! compute the patch again. After [`claim`] failed for good nothing is wrong, only unfinished: the next plan
//! migrates. Proven by the transcripts `managers/managedfields-edit-transfer`, `managers/managedfields-edit-json-patch`,
//! `ssa-conflicts/create-owner-is-update-manager` and `ssa-conflicts/same-name-apply-and-update`.

use std::collections::BTreeSet;

use fields::{FieldPath, FieldSet, PathElement, Schema, Shape};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    cause::{FieldManager, Operation},
    memory::Remembered,
    normal,
    ownership::{Entry, LAST_APPLIED, Owners},
    schema,
};

/// Entries of `managedFields` that become ours before a step applies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Migration {
    /// Whose entries.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub from: BTreeSet<FieldManager>,
    /// What of them becomes ours; what else they hold is nobody's afterwards.
    #[serde(skip)]
    pub(crate) fields: FieldSet,
    /// What is ours and is left to others, as it is.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub lets_go: BTreeSet<FieldPath>,
}

/// What the definition says about the fields of one object.
#[derive(Clone, Copy)]
pub(crate) struct Wishes<'a> {
    /// What it wants, as the API server would own it.
    pub(crate) wanted: &'a FieldSet,
    /// What it wanted last time.
    pub(crate) remembered: Option<&'a Remembered>,
    /// Whether the object is adopted.
    pub(crate) adoption: Adoption,
    /// What it leaves to others.
    pub(crate) yielded: &'a [FieldPath],
}

impl Migration {
    /// How many fields become ours.
    pub fn len(&self) -> usize {
        self.fields.leaves().len()
    }

    /// Whether no field becomes ours: the entries only go.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The JSON patch (RFC 6902) that does it to an object as it is now; none where nothing is left to do.
    pub fn patch(&self, live: &Value, manager: &str) -> Option<Value> {
        let folded = |entry: &FieldManager| {
            self.from.iter().any(|from| {
                from.name == entry.name
                    && from.operation == entry.operation
                    && from.subresource == entry.subresource
            })
        };
        let released = self.lets_go.iter().cloned().collect();
        patch(live, manager, folded, &self.fields, &released)
    }

    /// What an object needs before it is applied: our own `Update` entry always, those of `kubectl apply` where the
    /// object is adopted.
    pub(crate) fn of(
        owners: &Owners,
        live: &Value,
        wishes: Wishes<'_>,
        schema: &Schema,
    ) -> Option<Self> {
        let mut from = BTreeSet::new();
        let mut fields = FieldSet::new();
        let mut ours = wishes.ours();
        if let Some(Entry {
            manager,
            fields: written,
        }) = &owners.written
        {
            from.insert(manager.clone());
            fields = fields.union(&share(written, &ours, schema));
        }
        if wishes.adoption == Adoption::Asked {
            ours = ours.union(&last_applied(live, schema));
            let mark = FieldPath::of(["metadata", "annotations", LAST_APPLIED]);
            let theirs = owners
                .others
                .iter()
                .filter(|entry| entry.fields.contains(&mark));
            for entry in theirs {
                from.insert(entry.manager.clone());
                fields = fields.union(&share(&entry.fields, &ours, schema));
                fields.insert(&mark);
            }
        }
        let yielded = wishes.yielded.iter().filter(|path| {
            owners.is_ours(path)
                && !wishes.wanted.contains(path)
                && owners.others_of(path).next().is_none()
        });
        let lets_go: BTreeSet<_> = yielded.cloned().collect();
        let fields = fields.difference(&lets_go.iter().cloned().collect());
        (!from.is_empty() || !lets_go.is_empty()).then_some(Self {
            from,
            fields,
            lets_go,
        })
    }
}

impl Wishes<'_> {
    /// What is or was wanted.
    fn ours(&self) -> FieldSet {
        let mut ours = self.wanted.clone();
        if let Some(remembered) = self.remembered {
            let paths = remembered.leaves.keys().chain(remembered.pending.keys());
            ours.extend(paths.flat_map(with_elements));
        }
        ours
    }
}

/// What of an entry becomes ours. Without a schema our paths are not the server's, so that all of it does: what was
/// only defaulted falls back to its default with the next apply.
fn share(entry: &FieldSet, ours: &FieldSet, schema: &Schema) -> FieldSet {
    match schema.shape() {
        Shape::Untyped => entry.clone(),
        _ => entry.intersection(ours),
    }
}

/// Whether an object is adopted on request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Adoption {
    /// By name.
    Asked,
    /// Nobody said so.
    NotAsked,
}

/// The JSON patch that makes an object which was just created ours, as if it had been applied: `created` is the
/// answer to the POST (or a newer reading of the object), `sent` is what was posted. None where nothing is to do.
pub fn claim(created: &Value, sent: &Value, manager: &str) -> Option<Value> {
    let schema = schema::builtin(sent);
    let owners = Owners::of(created, manager, &schema);
    let wanted = FieldSet::of(&normal::comparable(sent, &schema), &schema);
    let written = owners.written?.fields;
    let ours = |entry: &FieldManager| {
        entry.name == manager
            && entry.operation == Operation::Update
            && entry.subresource.is_empty()
    };
    let fields = share(&written, &wanted, &schema);
    patch(created, manager, ours, &fields, &FieldSet::new())
}

/// Folds the chosen entries into the `Apply` entry of a manager, and takes what it lets go out of it.
fn patch(
    live: &Value,
    manager: &str,
    folded: impl Fn(&FieldManager) -> bool,
    fields: &FieldSet,
    released: &FieldSet,
) -> Option<Value> {
    let metadata = &live["metadata"];
    let entries = metadata["managedFields"].as_array()?;
    let owner = |entry: &Value| super::ownership::read(entry).map(|entry| entry.manager);
    let goes = |entry: &&Value| owner(entry).is_some_and(|owner| folded(&owner));
    let applies = |entry: &&Value| {
        entry["manager"] == manager
            && entry["operation"] == "Apply"
            && entry.get("subresource").is_none()
    };
    let existing = entries.iter().find(applies);
    let first = existing.or_else(|| entries.iter().find(goes))?;
    let held = existing.and_then(|entry| FieldSet::from_fields_v1(&entry["fieldsV1"]).ok());
    let held = held.unwrap_or_default();
    let fields = held.union(fields).difference(released);
    if !entries.iter().any(|entry| goes(&entry)) && fields == held {
        return None;
    }
    let mut kept: Vec<Value> = entries
        .iter()
        .filter(|entry| !goes(entry) && !applies(entry))
        .cloned()
        .collect();
    if !fields.is_empty() {
        let mut ours = first.clone();
        ours["manager"] = manager.into();
        ours["operation"] = "Apply".into();
        ours["fieldsV1"] = fields.to_fields_v1();
        kept.insert(0, ours);
    }
    // An empty list would make the server forget every owner.
    (!kept.is_empty()).then(|| {
        json!([
            {"op": "test", "path": "/metadata/uid", "value": metadata["uid"]},
            {"op": "replace", "path": "/metadata/resourceVersion", "value": metadata["resourceVersion"]},
            {"op": "replace", "path": "/metadata/managedFields", "value": kept},
        ])
    })
}

/// A leaf, and the list elements around it: an element goes only with whoever owns it.
fn with_elements(leaf: &FieldPath) -> Vec<FieldPath> {
    let steps = leaf.elements();
    let ends = steps
        .iter()
        .enumerate()
        .filter(|(_, step)| matches!(step, PathElement::Key(_)));
    let elements = ends.map(|(at, _)| steps[..=at].iter().cloned().collect());
    elements.chain([leaf.clone()]).collect()
}

/// What `kubectl apply` noted that it applied.
fn last_applied(live: &Value, schema: &Schema) -> FieldSet {
    let note = live["metadata"]["annotations"][LAST_APPLIED].as_str();
    let applied: Option<Value> = note.and_then(|note| serde_json::from_str(note).ok());
    applied.map_or_else(FieldSet::new, |applied| {
        FieldSet::of(&normal::comparable(&applied, schema), schema)
    })
}
