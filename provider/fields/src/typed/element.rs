//! What identifies an element of a list.

use serde_json::Value;

use crate::path::PathElement;
use crate::schema::{ListShape, ListType};

/// Why a list element cannot be identified.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ElementError {
    /// The list is owned as a whole.
    #[error("invalid indexing of non-associative list")]
    Atomic,
    /// Null in a list whose elements have keys.
    #[error("associative list with keys may not have a null element")]
    NullElement,
    /// A scalar or list in a list whose elements have keys.
    #[error("associative list with keys may not have non-map elements")]
    NotAMap,
    /// None of the key fields.
    #[error(
        "associative list with keys has an element that omits all key fields {0:?} (and doesn't have default values for any key fields)"
    )]
    NoKey(Vec<String>),
    /// A map in a set.
    #[error("associative list without keys has an element that's a map type")]
    MapInSet,
    /// A list in a set.
    #[error("not supported: associative list with lists as elements")]
    ListInSet,
    /// Null in a set.
    #[error("associative list without keys has an element that's an explicit null")]
    NullInSet,
}

/// What identifies an element: its value in a set, its key fields elsewhere.
///
/// A key field that the element leaves out has its default, and without one is no part of the key.
pub fn element_key(element: &Value, list: &ListShape) -> Result<PathElement, ElementError> {
    match &list.list_type {
        ListType::Atomic => Err(ElementError::Atomic),
        ListType::Set => match element {
            Value::Object(_) => Err(ElementError::MapInSet),
            Value::Array(_) => Err(ElementError::ListInSet),
            Value::Null => Err(ElementError::NullInSet),
            scalar => Ok(PathElement::Value(scalar.clone())),
        },
        ListType::Map(keys) => match element {
            Value::Null => Err(ElementError::NullElement),
            Value::Object(fields) => {
                let value_of = |key: &String| fields.get(key).or_else(|| list.key_default(key));
                let found: Vec<_> = keys
                    .iter()
                    .filter_map(|key| Some((key.clone(), value_of(key)?.clone())))
                    .collect();
                if found.is_empty() {
                    return Err(ElementError::NoKey(keys.clone()));
                }
                Ok(PathElement::key(found))
            }
            _ => Err(ElementError::NotAMap),
        },
    }
}

/// What identifies each element of a list, in order.
pub fn element_keys(
    elements: &[Value],
    list: &ListShape,
) -> Vec<Result<PathElement, ElementError>> {
    elements
        .iter()
        .map(|element| element_key(element, list))
        .collect()
}
