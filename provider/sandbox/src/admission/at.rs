//! A value together with the path that error messages call it by.

use serde_json::{Map, Value};

static ABSENT: Value = Value::Null;

/// A place in an object. What is absent is a place too, and reads as nothing.
#[derive(Debug, Clone)]
pub(crate) struct At<'a> {
    path: String,
    value: &'a Value,
}

impl<'a> At<'a> {
    /// The object itself.
    pub(crate) fn root(value: &'a Value) -> Self {
        Self {
            path: String::new(),
            value,
        }
    }

    /// The same value under another name.
    pub(crate) fn renamed(&self, path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            value: self.value,
        }
    }

    /// A field of this object.
    pub(crate) fn field(&self, name: &str) -> Self {
        let path = if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        };
        Self {
            path,
            value: self.value.get(name).unwrap_or(&ABSENT),
        }
    }

    /// A field some levels down, by names joined with dots (for fixed paths, not for map keys).
    pub(crate) fn at(&self, path: &str) -> Self {
        path.split('.')
            .fold(self.clone(), |at, name| at.field(name))
    }

    /// The value of a map under `key`, written `path[key]`.
    pub(crate) fn key(&self, key: &str) -> Self {
        Self {
            path: format!("{}[{key}]", self.path),
            value: self.value.get(key).unwrap_or(&ABSENT),
        }
    }

    /// The element of a list at `index`.
    pub(crate) fn index(&self, index: usize) -> Self {
        Self {
            path: format!("{}[{index}]", self.path),
            value: self.value.get(index).unwrap_or(&ABSENT),
        }
    }

    /// All elements of a list.
    pub(crate) fn items(&self) -> Vec<Self> {
        (0..self.len()).map(|index| self.index(index)).collect()
    }

    /// All entries of a map, with the path `path[key]`.
    pub(crate) fn entries(&self) -> Vec<(&'a str, Self)> {
        self.map()
            .map(|map| {
                map.keys()
                    .map(|key| (key.as_str(), self.key(key)))
                    .collect()
            })
            .unwrap_or_default()
    }

    /// How messages call this place.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// What stands here; null where nothing does.
    pub(crate) fn value(&self) -> &'a Value {
        self.value
    }

    /// Whether nothing stands here.
    pub(crate) fn is_absent(&self) -> bool {
        self.value.is_null()
    }

    /// Whether something stands here.
    pub(crate) fn is_set(&self) -> bool {
        !self.value.is_null()
    }

    /// Whether nothing stands here, or an empty text, list or map.
    pub(crate) fn is_empty(&self) -> bool {
        match self.value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(list) => list.is_empty(),
            Value::Object(map) => map.is_empty(),
            _ => false,
        }
    }

    /// The text here, empty where there is none.
    pub(crate) fn text(&self) -> &'a str {
        self.value.as_str().unwrap_or_default()
    }

    /// The whole number here.
    pub(crate) fn int(&self) -> Option<i64> {
        self.value.as_i64()
    }

    /// The whole number here, zero where there is none.
    pub(crate) fn int_or_zero(&self) -> i64 {
        self.int().unwrap_or_default()
    }

    /// Whether `true` stands here.
    pub(crate) fn is_true(&self) -> bool {
        self.value.as_bool().unwrap_or_default()
    }

    /// The map here.
    pub(crate) fn map(&self) -> Option<&'a Map<String, Value>> {
        self.value.as_object()
    }

    /// How many elements the list or map here has.
    pub(crate) fn len(&self) -> usize {
        match self.value {
            Value::Array(list) => list.len(),
            Value::Object(map) => map.len(),
            _ => 0,
        }
    }

    /// The texts of the list here.
    pub(crate) fn texts(&self) -> Vec<&'a str> {
        self.value
            .as_array()
            .map(|list| list.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default()
    }
}
