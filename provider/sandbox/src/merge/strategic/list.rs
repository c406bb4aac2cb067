//! How the lists of a strategic merge patch merge, and in which order their elements come out.

use std::cmp::Ordering;

use fields::{PatchStrategy, Schema};
use serde_json::{Map, Value};

use super::{DIRECTIVE, ELEMENT_ORDER, StrategicError, merge_map, new_value, strategy};

/// What a list in a patch does to the list of the object.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Merge,
    /// Its members are taken out.
    Delete,
}

/// What is published about a list.
pub(super) struct Facts {
    strategy: PatchStrategy,
    element: Schema,
}

impl Facts {
    pub(super) fn of(field: &str, schema: &Schema) -> Self {
        let element = schema
            .field(field)
            .and_then(|list| list.element())
            .unwrap_or_else(Schema::untyped);
        Self {
            strategy: strategy(field, schema),
            element,
        }
    }

    pub(super) fn merge(
        &self,
        original: Vec<Value>,
        patch: Vec<Value>,
        mode: Mode,
    ) -> Result<Vec<Value>, StrategicError> {
        match mode {
            Mode::Merge if !self.strategy.merge => Ok(patch),
            _ if original.is_empty() && patch.is_empty() => Ok(original),
            _ if !holds_objects(&original, &patch)? => Ok(match mode {
                Mode::Delete => original
                    .into_iter()
                    .filter(|element| !patch.contains(element))
                    .collect(),
                Mode::Merge => {
                    let mut merged = original.clone();
                    let is_new = |element: &&Value| !original.contains(element);
                    merged.extend(patch.iter().filter(is_new).cloned());
                    self.in_order(merged, &patch, &original)?
                }
            }),
            _ => self.merge_objects(original, patch),
        }
    }

    fn merge_objects(
        &self,
        mut original: Vec<Value>,
        patch: Vec<Value>,
    ) -> Result<Vec<Value>, StrategicError> {
        let key = self
            .strategy
            .key
            .as_ref()
            .ok_or(StrategicError::NoKeyDeclared)?;
        let (special, patch): (Vec<_>, Vec<_>) = patch
            .into_iter()
            .partition(|element| element.get(DIRECTIVE).is_some());
        let mut is_replaced = false;
        for element in &special {
            match element[DIRECTIVE].as_str() {
                Some("delete") => {
                    let value = merge_key(element, key)?;
                    original.retain(|element| element.get(key) != Some(value));
                }
                Some("replace") => is_replaced = true,
                _ => {
                    return Err(StrategicError::UnknownDirective(
                        element[DIRECTIVE].to_string(),
                    ));
                }
            }
        }
        if is_replaced {
            return Ok(patch);
        }
        let mut merged = original.clone();
        for element in &patch {
            let value = merge_key(element, key)?;
            match merged
                .iter_mut()
                .find(|candidate| candidate.get(key) == Some(value))
            {
                Some(Value::Object(found)) => {
                    let patch = element.as_object().cloned().unwrap_or_default();
                    *found = merge_map(std::mem::take(found), patch, &self.element)?;
                }
                _ => merged.extend(new_value(element.clone())),
            }
        }
        self.in_order(merged, &patch, &original)
    }

    /// What the patch names in its order, the rest in the order of the object; where both are old, who was
    /// first comes first.
    fn in_order(
        &self,
        merged: Vec<Value>,
        patch: &[Value],
        original: &[Value],
    ) -> Result<Vec<Value>, StrategicError> {
        if let Some(key) = &self.strategy.key {
            merged
                .iter()
                .chain(patch)
                .chain(original)
                .try_for_each(|element| merge_key(element, key).map(|_| ()))?;
        }
        let (mut named, mut rest): (Vec<_>, Vec<_>) = merged
            .into_iter()
            .partition(|element| self.position(patch, element).is_some());
        named.sort_by_key(|element| self.position(patch, element));
        rest.sort_by(|left, right| {
            match (
                self.position(original, left),
                self.position(original, right),
            ) {
                (Some(left), Some(right)) => left.cmp(&right),
                _ => Ordering::Equal,
            }
        });
        let mut ordered = Vec::with_capacity(named.len() + rest.len());
        let (mut named, mut rest) = (named.into_iter().peekable(), rest.into_iter().peekable());
        while let Some(other) = rest.peek() {
            let first = named.peek().is_none_or(|named| {
                let (other, named) = (
                    self.position(original, other),
                    self.position(original, named),
                );
                other.is_some() && named.is_some() && other < named
            });
            ordered.extend(if first { rest.next() } else { named.next() });
        }
        ordered.extend(named);
        Ok(ordered)
    }

    fn position(&self, list: &[Value], element: &Value) -> Option<usize> {
        list.iter().position(|other| match &self.strategy.key {
            Some(key) => other.get(key).is_some() && other.get(key) == element.get(key),
            None => other == element,
        })
    }

    /// The elements that a patch sets must come in the order that it asks for.
    fn check_order(&self, patch: &[Value], order: &[Value]) -> Result<(), StrategicError> {
        if order.is_empty() {
            return Ok(());
        }
        let mut order = order.iter();
        let plain = patch
            .iter()
            .filter(|element| element.get(DIRECTIVE).is_none());
        for element in plain {
            if !order.any(|other| {
                self.position(std::slice::from_ref(other), element)
                    .is_some()
            }) {
                return Err(StrategicError::OrderMismatch);
            }
        }
        Ok(())
    }
}

/// Merges the lists for which the patch asks for an order, and takes them out of it.
pub(super) fn merge_in_order(
    original: &mut Map<String, Value>,
    patch: &mut Map<String, Value>,
    schema: &Schema,
) -> Result<(), StrategicError> {
    let directives: Vec<_> = patch
        .keys()
        .filter(|key| key.starts_with(ELEMENT_ORDER))
        .cloned()
        .collect();
    for directive in directives {
        let order = patch.remove(&directive).unwrap_or_default();
        let order = order.as_array().ok_or(StrategicError::ElementOrder)?;
        let field = directive
            .strip_prefix(ELEMENT_ORDER)
            .and_then(|name| name.strip_prefix('/'));
        let field = field.ok_or(StrategicError::ElementOrder)?;
        if schema.field(field).is_none() {
            return Err(StrategicError::UnknownField(field.to_owned()));
        }
        let facts = Facts::of(field, schema);
        let before = take_list(original, field)?;
        let patched = take_list(patch, field)?;
        facts.check_order(patched.as_deref().unwrap_or_default(), order)?;
        let old = before.clone().unwrap_or_default();
        let merged = match (before, patched) {
            (None, None) => continue,
            (Some(before), None) => before,
            (None, Some(patched)) => patched.into_iter().filter_map(new_value).collect(),
            (Some(before), Some(patched)) => facts.merge(before, patched, Mode::Merge)?,
        };
        original.insert(
            field.to_owned(),
            Value::Array(facts.in_order(merged, order, &old)?),
        );
    }
    Ok(())
}

fn take_list(
    map: &mut Map<String, Value>,
    field: &str,
) -> Result<Option<Vec<Value>>, StrategicError> {
    match map.remove(field) {
        None => Ok(None),
        Some(Value::Array(list)) => Ok(Some(list)),
        Some(_) => Err(StrategicError::ElementOrder),
    }
}

fn merge_key<'a>(element: &'a Value, key: &str) -> Result<&'a Value, StrategicError> {
    element
        .get(key)
        .ok_or_else(|| StrategicError::NoMergeKey(key.to_owned()))
}

/// Whether these are lists of objects rather than of scalars.
fn holds_objects(original: &[Value], patch: &[Value]) -> Result<bool, StrategicError> {
    let mut elements = original.iter().chain(patch);
    let Some(first) = elements.next() else {
        return Ok(false);
    };
    if first.is_array() {
        return Err(StrategicError::ListOfLists);
    }
    if elements.all(|element| std::mem::discriminant(element) == std::mem::discriminant(first)) {
        Ok(first.is_object())
    } else {
        Err(StrategicError::MixedElements)
    }
}
