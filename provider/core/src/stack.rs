//! What is planned and applied as one?

use std::{collections::BTreeMap, fmt, panic::Location, sync::Arc};

use serde::Serialize;

use crate::{
    graph::{Connection, Finding, Findings, Graph},
    origin::Origin,
    resource::Resource,
    scope::{Acceptance, Announcements, Existing, Network, Scope},
};

/// A named set of resources that is planned and applied as one: a name, a namespace and a definition.
#[derive(Clone)]
pub struct Stack {
    name: String,
    namespace: String,
    pod_security: PodSecurity,
    origin: Origin,
    definition: Arc<dyn Fn(&mut Scope<'_>) + Send + Sync>,
}

impl PodSecurity {
    /// The level as the label of a namespace says it.
    pub const fn as_str(self) -> &'static str {
        match self {
            PodSecurity::Restricted => "restricted",
            PodSecurity::Baseline => "baseline",
            PodSecurity::Privileged => "privileged",
        }
    }
}

/// What Pods of a namespace may do (Pod Security Standards).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PodSecurity {
    /// Hardened: no root, no capabilities, no host access.
    #[default]
    Restricted,
    /// Known escalations are refused.
    Baseline,
    /// Anything goes: for what must see the node.
    Privileged,
}

/// A namespace that a stack describes things in.
#[derive(Clone, Debug)]
pub(crate) struct OwnNamespace {
    pub(crate) level: PodSecurity,
    pub(crate) origin: Origin,
}

/// What a definition has written so far.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) stack: String,
    pub(crate) namespace: String,
    pub(crate) namespaces: BTreeMap<String, OwnNamespace>,
    pub(crate) existing: Existing,
    /// The namespaces of others, as long as the stack does not describe them too.
    pub(crate) foreign: BTreeMap<String, Origin>,
    pub(crate) network: Network,
    pub(crate) resources: Vec<Resource>,
    pub(crate) connections: Vec<Connection>,
    pub(crate) acceptances: Vec<Acceptance>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) notes: Vec<Finding>,
    pub(crate) announcements: Announcements,
}

impl Stack {
    /// A stack of that name, described by `definition`, in a namespace of the same name.
    #[track_caller]
    pub fn new(
        name: impl Into<String>,
        definition: impl Fn(&mut Scope<'_>) + Send + Sync + 'static,
    ) -> Self {
        let name = name.into();
        Self {
            namespace: name.clone(),
            name,
            pod_security: PodSecurity::default(),
            origin: Origin::at(Location::caller()),
            definition: Arc::new(definition),
        }
    }

    /// Puts it in a namespace of another name.
    #[must_use]
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = namespace.into();
        self
    }

    /// Says what the Pods of its namespace may do; *restricted* where nothing is said.
    #[must_use]
    pub fn pod_security(mut self, level: PodSecurity) -> Self {
        self.pod_security = level;
        self
    }

    /// The stack's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The stack's own namespace, where its inventory and its lock live.
    pub fn own_namespace(&self) -> &str {
        &self.namespace
    }

    /// Runs the definition and checks what it wrote.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the definition, all at once.
    pub fn graph(&self) -> Result<Graph, Findings> {
        let own = OwnNamespace {
            level: self.pod_security,
            origin: self.origin.clone(),
        };
        let mut draft = Draft {
            stack: self.name.clone(),
            namespace: self.namespace.clone(),
            namespaces: BTreeMap::from([(self.namespace.clone(), own)]),
            existing: Existing::new(),
            foreign: BTreeMap::new(),
            network: Network::default(),
            resources: Vec::new(),
            connections: Vec::new(),
            acceptances: Vec::new(),
            findings: Vec::new(),
            notes: Vec::new(),
            announcements: Announcements::default(),
        };
        let mut scope = Scope::new(&mut draft);
        (self.definition)(&mut scope);
        scope.end();
        draft.finish()
    }
}

impl fmt::Debug for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stack")
            .field("name", &self.name)
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}

impl Draft {
    /// Checks and orders what was written.
    pub(crate) fn finish(self) -> Result<Graph, Findings> {
        crate::graph::finish(self).map(crate::applyset::mark)
    }
}
