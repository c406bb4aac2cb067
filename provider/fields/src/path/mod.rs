//! How one place inside an object is named.

mod print;
mod read;

use std::cmp::Ordering;

use serde_json::Value;

use crate::order::compare_values;

pub use print::ShortPath;
pub use read::ParsePathError;

/// The way from the root of an object to one of its values.
///
/// Printed as the API server prints it: `.spec.template.spec.containers[name="app"].image`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldPath(Vec<PathElement>);

/// One step of a path.
#[derive(Clone, Debug)]
pub enum PathElement {
    /// The field of a struct or the key of a map.
    Field(String),
    /// The element of an associative list whose key fields have these values, sorted by name.
    Key(Vec<(String, Value)>),
    /// The member of a set.
    Value(Value),
    /// The element of any other list.
    Index(usize),
}

impl FieldPath {
    /// The path of the object itself.
    pub fn root() -> Self {
        Self::default()
    }

    /// A path of field names only.
    pub fn of<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        Self(
            names
                .into_iter()
                .map(|name| PathElement::Field(name.into()))
                .collect(),
        )
    }

    /// The steps, from the root.
    pub fn elements(&self) -> &[PathElement] {
        &self.0
    }

    /// Whether this is the path of the object itself.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The path without its last step; the root has none.
    pub fn parent(&self) -> Option<Self> {
        let (_, parent) = self.0.split_last()?;
        Some(Self(parent.to_vec()))
    }

    /// The last step.
    pub fn last(&self) -> Option<&PathElement> {
        self.0.last()
    }

    /// Adds a step.
    pub fn push(&mut self, element: PathElement) {
        self.0.push(element);
    }

    /// Takes the last step off.
    pub fn pop(&mut self) -> Option<PathElement> {
        self.0.pop()
    }

    /// This path and one more step.
    #[must_use]
    pub fn join(&self, element: PathElement) -> Self {
        let mut path = self.clone();
        path.push(element);
        path
    }

    /// This path and one more field.
    #[must_use]
    pub fn field(&self, name: impl Into<String>) -> Self {
        self.join(PathElement::Field(name.into()))
    }

    /// Whether `prefix` is this path or leads to it.
    pub fn starts_with(&self, prefix: &Self) -> bool {
        self.0.starts_with(&prefix.0)
    }

    /// The path as people write it: `spec.template.spec.containers[app].image`.
    pub fn short(&self) -> ShortPath<'_> {
        ShortPath(self)
    }
}

impl PathElement {
    /// The field of a struct or the key of a map.
    pub fn field(name: impl Into<String>) -> Self {
        Self::Field(name.into())
    }

    /// The element of an associative list with these key fields.
    pub fn key<S: Into<String>>(fields: impl IntoIterator<Item = (S, Value)>) -> Self {
        let mut fields: Vec<_> = fields
            .into_iter()
            .map(|(name, value)| (name.into(), value))
            .collect();
        fields.sort_by(|left, right| left.0.cmp(&right.0));
        Self::Key(fields)
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Field(_) => 0,
            Self::Key(_) => 1,
            Self::Value(_) => 2,
            Self::Index(_) => 3,
        }
    }
}

impl From<Vec<PathElement>> for FieldPath {
    fn from(elements: Vec<PathElement>) -> Self {
        Self(elements)
    }
}

impl FromIterator<PathElement> for FieldPath {
    fn from_iter<I: IntoIterator<Item = PathElement>>(elements: I) -> Self {
        Self(elements.into_iter().collect())
    }
}

impl Ord for PathElement {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Field(left), Self::Field(right)) => left.cmp(right),
            (Self::Key(left), Self::Key(right)) => compare_keys(left, right),
            (Self::Value(left), Self::Value(right)) => compare_values(left, right),
            (Self::Index(left), Self::Index(right)) => left.cmp(right),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

fn compare_keys(left: &[(String, Value)], right: &[(String, Value)]) -> Ordering {
    left.iter()
        .zip(right)
        .map(|(l, r)| l.0.cmp(&r.0).then_with(|| compare_values(&l.1, &r.1)))
        .find(|order| order.is_ne())
        .unwrap_or_else(|| left.len().cmp(&right.len()))
}

impl PartialOrd for PathElement {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for PathElement {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for PathElement {}

impl std::hash::Hash for PathElement {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.rank().hash(state);
        match self {
            Self::Field(name) => name.hash(state),
            // Values compare across number types, so only what equal elements surely share is hashed.
            Self::Key(fields) => fields.iter().for_each(|(name, _)| name.hash(state)),
            Self::Value(_) => {}
            Self::Index(index) => index.hash(state),
        }
    }
}
