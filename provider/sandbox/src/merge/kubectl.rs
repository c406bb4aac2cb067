//! How `kubectl apply` moves from the client to the server without conflicts with itself.

use fields::FieldSet;
use serde_json::Value;

use super::compare::Comparison;
use super::{Conflicts, Target, typecheck};

/// The manager for which all this holds; others conflict.
pub(super) const MANAGER: &str = "kubectl";
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
const LONGEST_ANNOTATIONS: usize = 256 * 1024;

/// The conflicts about fields that client-side apply did not set, or that were changed since; none are left
/// where the annotation accounts for all.
pub(super) fn without_own_conflicts(
    target: &Target<'_>,
    live: &Value,
    conflicts: Conflicts,
) -> Option<Conflicts> {
    let Some(own) = set_by_client(target, live) else {
        return Some(conflicts);
    };
    let theirs: Vec<_> = conflicts
        .0
        .into_iter()
        .filter(|conflict| !own.contains(&conflict.path))
        .collect();
    (!theirs.is_empty()).then_some(Conflicts(theirs))
}

fn set_by_client(target: &Target<'_>, live: &Value) -> Option<FieldSet> {
    let schema = target.versions.schema(target.api_version)?;
    let configuration: Value = serde_json::from_str(last_applied(live)?).ok()?;
    if configuration.get("apiVersion")?.as_str()? != target.api_version {
        return None;
    }
    typecheck::check(&configuration, &schema).ok()?;
    typecheck::check(live, &schema).ok()?;
    let comparison = Comparison::of(&configuration, live, &schema);
    let fields = FieldSet::of(&configuration, &schema);
    Some(
        fields
            .difference(&comparison.set())
            .difference(&comparison.removed),
    )
}

/// Writes what is applied into the annotation, where there is one.
pub(super) fn refresh_last_applied(object: &mut Value, configuration: &Value) {
    if last_applied(object).is_none() {
        return;
    }
    let mut configuration = configuration.clone();
    let annotations = configuration
        .pointer_mut("/metadata/annotations")
        .and_then(Value::as_object_mut);
    if let Some(annotations) = annotations {
        annotations.remove(LAST_APPLIED);
    }
    let annotations = object
        .pointer_mut("/metadata/annotations")
        .and_then(Value::as_object_mut);
    let Some(annotations) = annotations else {
        return;
    };
    annotations.insert(
        LAST_APPLIED.to_owned(),
        Value::from(go_json(&configuration)),
    );
    let length = |(name, value): (&String, &Value)| name.len() + value.as_str().map_or(0, str::len);
    if annotations.iter().map(length).sum::<usize>() > LONGEST_ANNOTATIONS {
        annotations.remove(LAST_APPLIED);
    }
}

/// JSON as Go writes a document: with a line break behind it, and without what HTML would take for markup.
fn go_json(document: &Value) -> String {
    let escape = |character: char| match character {
        '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => format!("\\u{:04x}", u32::from(character)),
        other => other.to_string(),
    };
    document
        .to_string()
        .chars()
        .map(escape)
        .chain(["\n".to_owned()])
        .collect()
}

fn last_applied(object: &Value) -> Option<&str> {
    let annotations = object.pointer("/metadata/annotations")?;
    annotations
        .get(LAST_APPLIED)?
        .as_str()
        .filter(|text| !text.is_empty())
}
