//! The parts of a value that may be absent or of another type.

use fields::{ListShape, PathElement, element_key};
use serde_json::{Map, Value};

/// A list element with what identifies it.
pub(super) type Keyed<'a> = (PathElement, &'a Value);

/// The elements of a list; none of anything else.
pub(super) fn elements(value: Option<&Value>) -> &[Value] {
    value
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

/// The entries of a map; none of anything else.
pub(super) fn entries(value: Option<&Value>) -> Option<&Map<String, Value>> {
    value.and_then(Value::as_object)
}

/// Every name in either map, those of the first one first.
pub(super) fn names<'a>(
    first: Option<&'a Map<String, Value>>,
    second: Option<&'a Map<String, Value>>,
) -> impl Iterator<Item = &'a String> {
    let is_new = move |name: &&String| first.is_none_or(|first| !first.contains_key(*name));
    let first = first.into_iter().flat_map(Map::keys);
    first.chain(second.into_iter().flat_map(Map::keys).filter(is_new))
}

/// The value of an entry.
pub(super) fn entry<'a>(map: Option<&'a Map<String, Value>>, name: &str) -> Option<&'a Value> {
    map.and_then(|map| map.get(name))
}

/// The elements that can be identified.
pub(super) fn keyed<'a>(elements: &'a [Value], list: &ListShape) -> Vec<Keyed<'a>> {
    elements
        .iter()
        .filter_map(|element| Some((element_key(element, list).ok()?, element)))
        .collect()
}

/// The elements with one key.
pub(super) fn with_key<'a>(elements: &[Keyed<'a>], key: &PathElement) -> Vec<&'a Value> {
    elements
        .iter()
        .filter(|(other, _)| other == key)
        .map(|(_, element)| *element)
        .collect()
}
