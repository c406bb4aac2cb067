//! What did the user allow by name, and which resources are meant?

use std::{collections::BTreeSet, str::FromStr};

use fields::{FieldPath, ParsePathError};

use crate::id::ResourceId;

/// What the user said beside the definition: nothing here is ever guessed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    /// Fields to take from another manager although they never were ours.
    pub take: BTreeSet<Take>,
    /// Objects that may be deleted and created again although that loses data or takes others along.
    pub replace: Selection,
    /// Objects that exist, were made by other means, and shall be this stack's from now on: every conflict on them
    /// is taken, and what `kubectl apply` left behind on them is cleaned up.
    pub adopt: Selection,
    /// Only these, and what they depend on; everything where it is empty.
    pub only: Selection,
    /// Not these.
    pub exclude: Selection,
}

/// Fields that are to be taken from another manager: `kubectl-edit:spec.replicas`, and for one object only
/// `kubectl-edit:spec.replicas@Deployment/shop/api`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Take {
    /// The other manager's name; `*` stands for any letters.
    pub manager: String,
    /// The field, or what lies above the fields.
    pub path: FieldPath,
    /// The objects that are meant; all where it is empty.
    pub objects: Selection,
}

/// Resources by name: each pattern is a name, `Kind/name`, `Kind/namespace/name` or `Kind/*`; `*` stands for
/// any letters, and the case of letters does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Selection(BTreeSet<String>);

/// Why a text is no [`Take`].
#[derive(Debug, thiserror::Error)]
pub enum ParseTakeError {
    /// No colon.
    #[error("`{0}` is not MANAGER:PATH")]
    NoColon(String),
    /// No path behind the colon.
    #[error("`{text}` is not MANAGER:PATH")]
    Path {
        /// What was given.
        text: String,
        /// What is wrong with the path.
        source: ParsePathError,
    },
}

impl Take {
    /// Whether this names a field of an object that a manager owns.
    #[must_use]
    pub fn covers(&self, id: &ResourceId, manager: &str, path: &FieldPath) -> bool {
        (self.objects.is_empty() || self.objects.contains(id))
            && glob(&self.manager, manager)
            && path.starts_with(&self.path)
    }
}

impl FromStr for Take {
    type Err = ParseTakeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (rest, objects) = match text.rsplit_once('@') {
            Some((rest, object)) if !object.contains(']') => (rest, Selection::of([object])),
            _ => (text, Selection::default()),
        };
        // A manager's name may hold colons, and so may a quoted key inside brackets.
        let names = rest.split('[').next().unwrap_or(rest);
        let Some(colon) = names.rfind(':') else {
            return Err(ParseTakeError::NoColon(text.to_owned()));
        };
        let path = rest[colon + 1..].parse();
        let path = path.map_err(|source| ParseTakeError::Path {
            text: text.to_owned(),
            source,
        })?;
        Ok(Self {
            manager: rest[..colon].to_owned(),
            path,
            objects,
        })
    }
}

impl Selection {
    /// What matches any of the patterns.
    pub fn of<S: Into<String>>(patterns: impl IntoIterator<Item = S>) -> Self {
        Self(patterns.into_iter().map(Into::into).collect())
    }

    /// Whether nothing was selected.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this resource is meant.
    pub fn contains(&self, id: &ResourceId) -> bool {
        let spellings = spellings(id);
        self.0.iter().any(|pattern| {
            spellings
                .iter()
                .any(|name| glob(&pattern.to_lowercase(), name))
        })
    }

    /// The patterns that mean none of these resources: most likely typing mistakes.
    pub fn unmatched<'a>(&self, ids: impl IntoIterator<Item = &'a ResourceId>) -> Vec<&str> {
        let names: Vec<_> = ids.into_iter().flat_map(spellings).collect();
        let misses = |pattern: &&String| {
            let pattern = pattern.to_lowercase();
            !names.iter().any(|name| glob(&pattern, name))
        };
        self.0.iter().filter(misses).map(String::as_str).collect()
    }
}

impl<S: Into<String>> FromIterator<S> for Selection {
    fn from_iter<I: IntoIterator<Item = S>>(patterns: I) -> Self {
        Self::of(patterns)
    }
}

/// The ways in which people write an id, in lower case.
fn spellings(id: &ResourceId) -> [String; 3] {
    [
        id.to_string(),
        format!("{}/{}", id.kind, id.name),
        id.name.clone(),
    ]
    .map(|spelling| spelling.to_lowercase())
}

/// Whether a text matches a pattern in which `*` stands for any letters.
fn glob(pattern: &str, text: &str) -> bool {
    let Some((head, mut rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(head) else {
        return false;
    };
    while let Some((part, tail)) = rest.split_once('*') {
        match text.find(part) {
            Some(at) => text = &text[at + part.len()..],
            None => return false,
        }
        rest = tail;
    }
    text.ends_with(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(kind: &str, namespace: Option<&str>, name: &str) -> ResourceId {
        ResourceId {
            group: String::new(),
            kind: kind.into(),
            namespace: namespace.map(Into::into),
            name: name.into(),
        }
    }

    #[test]
    fn a_star_stands_for_any_letters() {
        let cases = [
            ("*", "anything", true),
            ("kubectl*", "kubectl-edit", true),
            ("kubectl*", "helm", false),
            ("*edit", "kubectl-edit", true),
            ("k*e*t", "kubectl-edit", true),
            ("k*z*t", "kubectl-edit", false),
            ("helm", "helm", true),
            ("ab*ba", "aba", false),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(glob(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_resource_is_meant_by_its_name_its_kind_or_both() {
        let api = id("Deployment", Some("shop"), "api");
        for (pattern, expected) in [
            ("api", true),
            ("deployment/api", true),
            ("Deployment/shop/api", true),
            ("Deployment/*", true),
            ("Service/*", false),
            ("shop", false),
            ("*/shop/*", true),
        ] {
            assert_eq!(
                Selection::of([pattern]).contains(&api),
                expected,
                "{pattern}"
            );
        }
        assert_eq!(Selection::of(["api", "apo"]).unmatched([&api]), ["apo"]);
    }

    #[test]
    fn what_to_take_is_a_manager_a_path_and_perhaps_an_object() {
        let take: Take = "kubectl-*:spec.replicas".parse().unwrap();
        let api = id("Deployment", Some("shop"), "api");
        let path = "spec.replicas".parse().unwrap();
        assert!(take.covers(&api, "kubectl-edit", &path));
        assert!(!take.covers(&api, "helm", &path));
        let take: Take = "helm:spec@Deployment/other".parse().unwrap();
        assert!(!take.covers(&api, "helm", &path));
        let take: Take = r#"a:b:metadata.labels["x/y:z"]"#.parse().unwrap();
        assert_eq!(take.manager, "a:b");
        assert!("spec.replicas".parse::<Take>().is_err());
        assert!("helm:spec[".parse::<Take>().is_err());
    }
}
