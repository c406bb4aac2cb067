//! What did a cluster hold, and what did it answer, when we looked?

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use k8s_openapi::jiff::Timestamp;
use serde_json::Value;

use crate::{
    certificate::Certified,
    id::ResourceId,
    kind::{GroupKind, Kind},
    plan::memory::Memory,
};

/// What a cluster held when we looked, with the answers to dry runs. Reading is done elsewhere; this is the value.
#[derive(Clone, Default)]
pub struct Observation {
    /// For each resource of the graph, and each object of the inventory, what was seen.
    pub objects: BTreeMap<ResourceId, Observed>,
    /// What the stack applied last time; none where it never ran here.
    pub memory: Option<Memory>,
    /// When we looked: what ends is judged by it.
    pub now: Timestamp,
    /// The Secrets that hold certificates, and those that values of other objects stand in, as far as they exist.
    pub held: BTreeMap<ResourceId, Held>,
    /// The key that the memory's digests are made with.
    pub digest_key: Vec<u8>,
    /// Kinds that the cluster does not serve (yet).
    pub missing_kinds: BTreeSet<GroupKind>,
    /// What discovery says about kinds of which the definition only assumed how they are served.
    pub kinds: BTreeMap<GroupKind, Kind>,
    /// Namespaces that do not exist (yet).
    pub missing_namespaces: BTreeSet<String>,
    /// Definitions of custom resources beside those in the graph and in `objects`, so that their objects are merged
    /// by the right keys.
    pub definitions: Vec<Value>,
    /// For each Namespace and each definition of custom resources that may go: what lives in it that this stack
    /// neither remembers nor describes. What Kubernetes puts there by itself (`default` ServiceAccount,
    /// `kube-root-ca.crt`, Events, objects owned by those of the stack, the inventory) does not count.
    pub guests: BTreeMap<ResourceId, BTreeSet<ResourceId>>,
    /// What was seen of the objects that the definition says to be there; nothing of those that nobody looked for.
    pub existing: BTreeMap<ResourceId, Sighting>,
    /// For each StatefulSet that may go: the claims that it made. The claims are in `objects` as well.
    pub volumes: BTreeMap<ResourceId, BTreeSet<ResourceId>>,
}

/// A Secret whose values the plan needs.
#[derive(Clone, Default)]
pub struct Held {
    /// The Secret, whole.
    pub secret: Value,
    /// What its certificate is worth, where it should hold one.
    pub certified: Option<Certified>,
}

/// Whether an object that is not the stack's is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sighting {
    /// It is.
    There,
    /// It is not.
    Missing,
    /// The cluster does not serve its kind.
    NotServed,
    /// It could not be seen, and why.
    Hidden(String),
}

/// What was seen of one object.
#[derive(Clone, Default)]
pub struct Observed {
    /// The object, whole, as it is; none where there is none.
    pub live: Option<Value>,
    /// What the server said to a dry run of our apply (or, for what is to be deleted, of our delete).
    pub dry_run: DryRun,
    /// Warnings that came with it.
    pub warnings: Vec<String>,
}

/// What the server said to a dry run.
#[derive(Clone, Default)]
pub enum DryRun {
    /// Nobody asked: nothing could come of it, or there is nothing to apply.
    #[default]
    NotAsked,
    /// It could not be asked, because the object's kind or namespace does not exist yet.
    NotPossible,
    /// The object as it would be.
    Answered(Value),
    /// It would be refused.
    Refused(Refusal),
}

/// A refusal by the API server, as its `Status` says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub code: u16,
    /// The machine-readable reason, such as `Invalid`; empty where there was none.
    pub reason: String,
    /// What the server said.
    pub message: String,
    /// Field by field.
    pub causes: Vec<RefusalCause>,
}

/// One cause of a refusal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RefusalCause {
    /// The machine-readable reason, such as `FieldManagerConflict`.
    pub reason: String,
    /// The field, as the server writes it.
    pub field: String,
    /// What the server said about it.
    pub message: String,
}

// What was seen may hold secrets, so none of it is printed.

impl fmt::Debug for Observation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observation")
            .field("objects", &self.objects)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Observed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observed")
            .field("live", &self.live.is_some())
            .field("dry_run", &self.dry_run)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for DryRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DryRun::NotAsked => "NotAsked",
            DryRun::NotPossible => "NotPossible",
            DryRun::Answered(_) => "Answered",
            DryRun::Refused(_) => "Refused",
        })
    }
}
