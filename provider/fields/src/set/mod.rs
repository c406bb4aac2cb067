//! Which places of an object someone owns, or changed: a set of paths, and its algebra.

mod fields_v1;

use std::collections::{BTreeMap, BTreeSet};

use crate::path::{FieldPath, PathElement};

pub use fields_v1::ParseFieldsError;

/// A set of paths, kept as a tree.
///
/// A path and its parent are two members: owning `.spec.replicas` says nothing about `.spec`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldSet {
    members: BTreeSet<PathElement>,
    // No child is empty, so that equal sets are equal trees.
    children: BTreeMap<PathElement, FieldSet>,
}

impl FieldSet {
    /// The set without a path.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a path. The root cannot be a member and is ignored.
    pub fn insert(&mut self, path: &FieldPath) {
        self.insert_at(path.elements());
    }

    pub(crate) fn insert_at(&mut self, path: &[PathElement]) {
        match path {
            [] => {}
            [last] => {
                self.members.insert(last.clone());
            }
            [first, rest @ ..] => self
                .children
                .entry(first.clone())
                .or_default()
                .insert_at(rest),
        }
    }

    /// Whether the path itself is a member.
    pub fn contains(&self, path: &FieldPath) -> bool {
        match path.elements() {
            [] => false,
            [parents @ .., last] => self
                .descend(parents)
                .is_some_and(|set| set.members.contains(last)),
        }
    }

    /// Whether the path, one above it or one below it is a member.
    pub fn touches(&self, path: &FieldPath) -> bool {
        let mut set = self;
        for element in path.elements() {
            if set.members.contains(element) {
                return true;
            }
            match set.children.get(element) {
                Some(child) => set = child,
                None => return false,
            }
        }
        !set.is_empty()
    }

    /// What lies below a path, with paths relative to it.
    pub fn below(&self, path: &FieldPath) -> Option<&Self> {
        self.descend(path.elements())
    }

    fn descend(&self, path: &[PathElement]) -> Option<&Self> {
        path.iter()
            .try_fold(self, |set, element| set.children.get(element))
    }

    /// What lies below the first step of a path.
    pub fn child(&self, element: &PathElement) -> Option<&Self> {
        self.children.get(element)
    }

    /// Whether a path of this one step is a member.
    pub fn has(&self, element: &PathElement) -> bool {
        self.members.contains(element)
    }

    /// The members of one step.
    pub fn members(&self) -> impl Iterator<Item = &PathElement> {
        self.members.iter()
    }

    /// The first steps below which there are members.
    pub fn children(&self) -> impl Iterator<Item = (&PathElement, &Self)> {
        self.children.iter()
    }

    /// Whether there is no path in it.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty() && self.children.is_empty()
    }

    /// How many paths there are.
    pub fn len(&self) -> usize {
        self.members.len() + self.children.values().map(Self::len).sum::<usize>()
    }

    /// Every path, parents before what is below them, in the order of the API server.
    pub fn paths(&self) -> Vec<FieldPath> {
        let mut paths = Vec::new();
        self.collect(&FieldPath::root(), &mut paths);
        paths
    }

    /// Every path, in the order of [`FieldSet::paths`].
    pub fn iter(&self) -> std::vec::IntoIter<FieldPath> {
        self.paths().into_iter()
    }

    fn collect(&self, prefix: &FieldPath, paths: &mut Vec<FieldPath>) {
        for element in self.steps() {
            let path = prefix.join(element.clone());
            let child = self.children.get(element);
            if self.members.contains(element) {
                paths.push(path.clone());
            }
            if let Some(child) = child {
                child.collect(&path, paths);
            }
        }
    }

    fn steps(&self) -> BTreeSet<&PathElement> {
        self.members.iter().chain(self.children.keys()).collect()
    }

    /// The members below which there is no other.
    #[must_use]
    pub fn leaves(&self) -> Self {
        Self {
            members: self
                .members
                .iter()
                .filter(|member| !self.children.contains_key(*member))
                .cloned()
                .collect(),
            children: self
                .children
                .iter()
                .map(|(element, child)| (element.clone(), child.leaves()))
                .collect(),
        }
    }

    /// Members of either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let mut children = self.children.clone();
        for (element, child) in &other.children {
            match children.get_mut(element) {
                Some(own) => *own = own.union(child),
                None => {
                    children.insert(element.clone(), child.clone());
                }
            }
        }
        Self {
            members: self.members.union(&other.members).cloned().collect(),
            children,
        }
    }

    /// Members of both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self {
            members: self.members.intersection(&other.members).cloned().collect(),
            children: self.map_children(|element, child| {
                other
                    .children
                    .get(element)
                    .map_or_else(Self::new, |theirs| child.intersection(theirs))
            }),
        }
    }

    /// Members of this set that are not members of the other.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        Self {
            members: self.members.difference(&other.members).cloned().collect(),
            children: self.map_children(|element, child| match other.children.get(element) {
                Some(theirs) => child.difference(theirs),
                None => child.clone(),
            }),
        }
    }

    /// Members of this set that neither are members of the other nor lie below one.
    #[must_use]
    pub fn recursive_difference(&self, other: &Self) -> Self {
        Self {
            members: self.members.difference(&other.members).cloned().collect(),
            children: self.map_children(|element, child| match other.children.get(element) {
                _ if other.members.contains(element) => Self::new(),
                Some(theirs) => child.recursive_difference(theirs),
                None => child.clone(),
            }),
        }
    }

    fn map_children(
        &self,
        map: impl Fn(&PathElement, &Self) -> Self,
    ) -> BTreeMap<PathElement, Self> {
        self.children
            .iter()
            .map(|(element, child)| (element.clone(), map(element, child)))
            .filter(|(_, child)| !child.is_empty())
            .collect()
    }

    /// Whether every path of this set is in the other.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.members.is_subset(&other.members)
            && self.children.iter().all(|(element, child)| {
                other
                    .children
                    .get(element)
                    .is_some_and(|theirs| child.is_subset(theirs))
            })
    }
}

impl FromIterator<FieldPath> for FieldSet {
    fn from_iter<I: IntoIterator<Item = FieldPath>>(paths: I) -> Self {
        let mut set = Self::new();
        set.extend(paths);
        set
    }
}

impl Extend<FieldPath> for FieldSet {
    fn extend<I: IntoIterator<Item = FieldPath>>(&mut self, paths: I) {
        for path in paths {
            self.insert(&path);
        }
    }
}

impl IntoIterator for &FieldSet {
    type Item = FieldPath;
    type IntoIter = std::vec::IntoIter<FieldPath>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
