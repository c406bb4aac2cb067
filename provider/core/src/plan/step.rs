//! What is to happen to one object?

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use fields::FieldPath;
use serde::Serialize;
use serde_json::Value;

use crate::{
    borrowed::Borrowed,
    certificate::{Certificate, Making},
    id::ResourceId,
    kind::{Kind, KindSource},
    lifecycle::Lifecycle,
    origin::Origin,
    plan::{
        cause::{Cause, FieldManager},
        digest::Digest,
        migration::Migration,
        observation::{Refusal, RefusalCause},
    },
    resource::Resource,
    secret::Recipe,
};

/// One object's part of a plan.
#[derive(Clone, Serialize)]
pub struct Step {
    /// Which object.
    pub id: ResourceId,
    /// Its kind, and where the API serves it.
    pub kind: Kind,
    /// What is to happen.
    pub action: Action,
    /// The fields that differ, in path order; for `Keep`, `Create` and `Delete` there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// How many fields the server filled in that nobody asked for; they are not shown one by one.
    pub defaults: usize,
    /// Fields that another manager owns and the definition wants: not taken unless asked for by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<Conflict>,
    /// Fields that this step takes from another manager: drift that is retaken, and what was asked for by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub takeovers: Vec<Takeover>,
    /// Fields that left the definition and stay nevertheless, because someone else owns them as well.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<Conflict>,
    /// Fields that become ours before the step applies; see [`Migration`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub migration: Option<Migration>,
    /// What forbids the step: a protected object that would have to go, a refusal by the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocker: Option<Blocker>,
    /// Why the object stays although it is no longer wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<Kept>,
    /// Whether an object that should exist was deleted by someone else since it was last applied; they may have
    /// made another of its name.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub vanished: bool,
    /// Whether the object was made by other means and belongs to this stack from now on.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub adopted: bool,
    /// Whether the server has judged this step (`false`), or it was predicted here because the server could not
    /// (`true`): its namespace or its kind will only exist later in the same plan.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub predicted: bool,
    /// What the server remarked when it was asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// What may happen to the object.
    pub lifecycle: Lifecycle,
    /// Values that are made when the object is created.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub recipes: BTreeMap<String, Recipe>,
    /// The certificate that its data holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
    /// What is made of the certificate in this step; none where it stays as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub making: Option<Making>,
    /// Values that stand in other objects, by JSON pointer.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub borrowed: BTreeMap<String, Borrowed>,
    /// Those of them that other steps change, so that they are read when this one is carried out.
    #[serde(skip)]
    pub awaited: BTreeSet<String>,
    /// The line that asked for the object; none for what is only in the inventory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// The object's uid when it was observed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// The object's version when it was observed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_version: Option<String>,
    /// The object as it will be applied. Never serialised: it may hold secrets, and the changes say what moves.
    #[serde(skip)]
    pub desired: Option<Value>,
    /// The object as it was observed. Never serialised, as above.
    #[serde(skip)]
    pub live: Option<Value>,
    /// The digest of each change, by which it is known again after it was masked.
    #[serde(skip)]
    pub(crate) approved: BTreeMap<FieldPath, Digest>,
}

/// What is to happen to one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// `+` it is not there.
    Create,
    /// `~` it differs.
    Update,
    /// `±` it differs in a field that cannot change.
    Replace,
    /// `-` it is in the inventory and no longer in the graph.
    Delete,
    /// `=` it is as it should be.
    Keep,
}

/// One field with before and after.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// Which field.
    pub path: FieldPath,
    /// What it is; none where it is not set. Secret values are masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// What it becomes; none where it goes. Secret values are masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
    /// Why it differs.
    pub cause: Cause,
    /// Whether this field cannot change in place, so that the object must be replaced.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub immutable: bool,
}

/// A field that another manager owns and the definition wants with another value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Conflict {
    /// Which field.
    pub path: FieldPath,
    /// Who owns it.
    pub manager: FieldManager,
}

/// A field that a step takes from another manager.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Takeover {
    /// Which field.
    pub path: FieldPath,
    /// From whom.
    pub manager: FieldManager,
}

/// Why something that could go stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Kept {
    /// It is created once, and someone else has done so already: it is used, and neither changed nor deleted.
    NotOurs,
    /// It holds data, and nobody asked to delete volumes.
    Volume,
    /// Others live in it: a namespace or a definition would take them along.
    InUse {
        /// Who, at most a few of them.
        by: Vec<ResourceId>,
        /// How many there are.
        count: usize,
    },
}

impl Kept {
    /// How many users of something that stays are named.
    const SHOWN: usize = 5;

    /// Something stays because these use it.
    pub(crate) fn in_use_by(users: impl IntoIterator<Item = ResourceId>) -> Self {
        let mut by: Vec<_> = users.into_iter().collect();
        let count = by.len();
        by.truncate(Self::SHOWN);
        Kept::InUse { by, count }
    }
}

/// What forbids a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Blocker {
    /// The object is protected, and the step would delete or replace it.
    Protected,
    /// The object must be replaced, and replacing it would lose data or take other objects along, which nobody allowed.
    ReplaceNotAllowed,
    /// The server refused the dry run.
    Refused {
        /// The HTTP status.
        code: u16,
        /// What the server said.
        message: String,
        /// Field by field, where the server said so.
        causes: Vec<String>,
    },
    /// The object exists and another stack owns it.
    OwnedByAnotherStack {
        /// Its ApplySet id or inventory.
        owner: String,
    },
    /// The object is being deleted, and something holds it.
    Terminating {
        /// The finalizers that are left.
        finalizers: Vec<String>,
    },
}

impl Action {
    /// `+ ~ ± - =`
    pub fn symbol(self) -> char {
        match self {
            Action::Create => '+',
            Action::Update => '~',
            Action::Replace => '±',
            Action::Delete => '-',
            Action::Keep => '=',
        }
    }
}

impl Blocker {
    pub(crate) fn refused(refusal: &Refusal) -> Self {
        let Refusal {
            code,
            reason: _,
            message,
            causes,
        } = refusal;
        let cause = |cause: &RefusalCause| match cause.field.as_str() {
            "" => cause.message.clone(),
            field => format!("{field}: {}", cause.message),
        };
        Self::Refused {
            code: *code,
            message: message.clone(),
            causes: causes.iter().map(cause).collect(),
        }
    }
}

impl Step {
    /// A step of a wanted object, about which nothing was decided but the action.
    pub(crate) fn of(resource: &Resource, action: Action) -> Self {
        let Resource {
            id,
            kind,
            object,
            lifecycle,
            recipes,
            certificate,
            borrowed,
            depends_on: _,
            origin,
            known_by: _,
        } = resource;
        Self {
            recipes: recipes.clone(),
            certificate: certificate.clone(),
            borrowed: borrowed.clone(),
            origin: Some(origin.clone()),
            desired: Some(object.clone()),
            ..Self::bare(id.clone(), kind.clone(), *lifecycle, action)
        }
    }

    /// A step of an object that nobody describes.
    pub(crate) fn bare(id: ResourceId, kind: Kind, lifecycle: Lifecycle, action: Action) -> Self {
        Self {
            id,
            kind,
            action,
            changes: Vec::new(),
            defaults: 0,
            conflicts: Vec::new(),
            takeovers: Vec::new(),
            held: Vec::new(),
            migration: None,
            blocker: None,
            kept: None,
            vanished: false,
            adopted: false,
            predicted: false,
            warnings: Vec::new(),
            lifecycle,
            recipes: BTreeMap::new(),
            certificate: None,
            making: None,
            borrowed: BTreeMap::new(),
            awaited: BTreeSet::new(),
            origin: None,
            uid: None,
            resource_version: None,
            desired: None,
            live: None,
            approved: BTreeMap::new(),
        }
    }

    /// The same with the object as it was observed.
    pub(crate) fn seen(mut self, live: &Value) -> Self {
        let text = |name: &str| live["metadata"][name].as_str().map(str::to_owned);
        self.uid = text("uid");
        self.resource_version = text("resourceVersion");
        self.live = Some(live.clone());
        self
    }

    /// What the definition wants, as it was planned; none for what it does not want.
    pub(crate) fn resource(&self) -> Option<Resource> {
        Some(Resource {
            id: self.id.clone(),
            kind: self.kind.clone(),
            object: self.desired.clone()?,
            lifecycle: self.lifecycle,
            recipes: self.recipes.clone(),
            certificate: self.certificate.clone(),
            borrowed: self.borrowed.clone(),
            depends_on: BTreeSet::new(),
            known_by: KindSource::default(),
            origin: self.origin.clone()?,
        })
    }

    /// Whether something about this object is no longer as it was applied: someone changed it, or its time is over.
    pub fn drifted(&self) -> bool {
        self.vanished || self.changes.iter().any(|change| change.cause.is_drift())
    }
}

/// What is to happen, without the object itself: it may hold secrets.
impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Step")
            .field("id", &self.id)
            .field("action", &self.action)
            .field("changes", &self.changes)
            .field("defaults", &self.defaults)
            .field("conflicts", &self.conflicts)
            .field("takeovers", &self.takeovers)
            .field("held", &self.held)
            .field("migration", &self.migration)
            .field("blocker", &self.blocker)
            .field("kept", &self.kept)
            .field("vanished", &self.vanished)
            .field("adopted", &self.adopted)
            .field("predicted", &self.predicted)
            .finish_non_exhaustive()
    }
}
