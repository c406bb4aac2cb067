//! What does a component ask of the Kubernetes API?

use std::{collections::BTreeSet, fmt};

/// One kind of object, or one path, and what is done with it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rule {
    /// Where.
    pub reach: Reach,
    /// With what.
    pub object: Object,
    /// What.
    pub verbs: BTreeSet<Verb>,
}

/// In which part of the cluster something is asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Everywhere.
    Cluster,
    /// In one namespace.
    Namespace(String),
    /// In the namespace that the collector runs in.
    Own,
}

/// What a rule is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Object {
    /// Objects of one kind.
    Kind {
        /// The API group; empty for the core.
        group: String,
        /// The resource, in the plural, perhaps with a subresource: `nodes/stats`.
        resource: String,
    },
    /// One object.
    One {
        /// The API group; empty for the core.
        group: String,
        /// The resource, in the plural.
        resource: String,
        /// Its name.
        name: String,
    },
    /// A path that is no object, such as `/metrics`.
    Path(String),
}

/// What is done with an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// Read one.
    Get,
    /// Read all.
    List,
    /// Be told of changes.
    Watch,
    /// Make one.
    Create,
    /// Write one anew.
    Update,
    /// Write a part of one.
    Patch,
    /// Remove one.
    Delete,
}

impl Verb {
    /// What it takes to know all objects of a kind at all times.
    pub const FOLLOW: [Self; 3] = [Self::Get, Self::List, Self::Watch];

    /// How Kubernetes spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::List => "list",
            Self::Watch => "watch",
            Self::Create => "create",
            Self::Update => "update",
            Self::Patch => "patch",
            Self::Delete => "delete",
        }
    }
}

impl Rule {
    /// Something that is done with all objects of a kind.
    pub fn new(
        reach: Reach,
        group: &str,
        resource: &str,
        verbs: impl IntoIterator<Item = Verb>,
    ) -> Self {
        let object = Object::Kind {
            group: group.to_owned(),
            resource: resource.to_owned(),
        };
        Self {
            reach,
            object,
            verbs: verbs.into_iter().collect(),
        }
    }

    /// To know all objects of a kind at all times.
    pub fn follow(reach: Reach, group: &str, resource: &str) -> Self {
        Self::new(reach, group, resource, Verb::FOLLOW)
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// `pods get,list,watch`, as people speak of rights.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.object {
            Object::Kind { group, resource } => write_kind(f, group, resource)?,
            Object::One {
                group,
                resource,
                name,
            } => {
                write_kind(f, group, resource)?;
                write!(f, " `{name}`")?;
            }
            Object::Path(path) => f.write_str(path)?,
        }
        for (n, verb) in self.verbs.iter().enumerate() {
            f.write_str(if n == 0 { " " } else { "," })?;
            verb.fmt(f)?;
        }
        Ok(())
    }
}

fn write_kind(f: &mut fmt::Formatter<'_>, group: &str, resource: &str) -> fmt::Result {
    f.write_str(resource)?;
    if group.is_empty() {
        Ok(())
    } else {
        write!(f, ".{group}")
    }
}
