//! What changes in an object whose new values will only be known when they are made?

use std::collections::{BTreeMap, BTreeSet};

use fields::FieldPath;
use serde_json::Value;

use super::{
    cause::Cause,
    digest::Digest,
    knowledge::Knowledge,
    later::path_of,
    ownership::Owners,
    step::{Action, Change, Step, Takeover},
};
use crate::{certificate::Making, resource::Resource};

/// Adds to the judged step of an object that exists what will be made of it, in words in the place of values.
pub(crate) fn foresee(knowledge: &Knowledge, resource: &Resource, live: &Value, step: &mut Step) {
    let owners = Owners::of(
        live,
        &knowledge.manager,
        &knowledge.schemas.get(&resource.kind),
    );
    let to_come = to_come(knowledge, resource, live, step);
    if to_come.is_empty() {
        return;
    }
    let said: BTreeMap<_, _> = step
        .changes
        .drain(..)
        .map(|change| (change.path.clone(), change))
        .collect();
    let mut changes = said;
    for change in to_come {
        let text = format!("{}\n{:?}", change.path, change.after);
        let digest = Digest::of_text(&knowledge.key, &text);
        step.approved.insert(change.path.clone(), digest);
        let others = owners.others_of(&change.path);
        let taken = others.map(|manager| Takeover {
            path: change.path.clone(),
            manager: manager.clone(),
        });
        step.takeovers.extend(taken);
        changes.insert(change.path.clone(), change);
    }
    step.changes = changes.into_values().collect();
    step.takeovers.sort();
    step.takeovers.dedup();
    if step.action == Action::Keep {
        step.action = Action::Update;
    }
}

/// The words that stand for values in a step.
pub(crate) fn descriptions(step: &Step) -> BTreeSet<String> {
    let certificate = step.certificate.iter();
    let certificate = certificate.flat_map(|certificate| {
        let makings = [Making::Introduce, Making::Promote, Making::Retire];
        let stages = makings.map(|making| making.to_string());
        stages.into_iter().chain([certificate.to_string()])
    });
    let borrowed = step.borrowed.values().map(ToString::to_string);
    certificate.chain(borrowed).collect()
}

fn to_come(
    knowledge: &Knowledge,
    resource: &Resource,
    live: &Value,
    step: &mut Step,
) -> Vec<Change> {
    let mut changes = Vec::new();
    let due = knowledge.due.get(&resource.id);
    if let Some((certificate, due)) = resource.certificate.as_ref().zip(due) {
        step.making = Some(due.making);
        let after = match due.making {
            Making::Whole => certificate.to_string(),
            stage => stage.to_string(),
        };
        let keys = certificate.moved_by(due.making).iter();
        changes.extend(keys.map(|key| Change {
            path: FieldPath::of(["data", key]),
            before: live.pointer(&format!("/data/{key}")).cloned(),
            after: Some(Value::String(after.clone())),
            cause: due.cause.clone(),
            immutable: false,
        }));
    }
    let schema = knowledge.schemas.get(&resource.kind);
    for pointer in &step.awaited {
        let borrowed = &resource.borrowed[pointer];
        let Some(path) = path_of(&resource.object, pointer, &schema) else {
            continue;
        };
        changes.push(Change {
            path,
            before: live.pointer(pointer).cloned(),
            after: Some(Value::String(borrowed.to_string())),
            cause: Cause::Follows {
                of: borrowed.from.clone(),
            },
            immutable: false,
        });
    }
    changes
}
