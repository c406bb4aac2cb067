//! What is said to an Elasticsearch to make it as it was described? The bodies of its own API, as types.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::units::{Days, GIB};

/// Grown to this, an index is large enough for its parts to be moved and small enough for them to be searched.
const LARGE: u64 = 50 * GIB;

/// When an index is full, and when it goes: `PUT _ilm/policy/<name>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct LifecyclePolicy {
    policy: Phases,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Phases {
    phases: HotAndDelete,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct HotAndDelete {
    hot: Phase<Hot>,
    delete: Phase<Gone>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Phase<Actions> {
    min_age: String,
    actions: Actions,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Hot {
    rollover: Rollover,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Rollover {
    max_age: String,
    max_primary_shard_size: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Gone {
    delete: BTreeMap<String, String>,
}

impl LifecyclePolicy {
    /// A new index every day, or when it is large; gone when its last entry is so old.
    ///
    /// The age is counted from when the index was left for the next one, so everything is kept at least so long, and
    /// at most a day longer.
    pub(crate) fn keep(keep: Days) -> Self {
        let rollover = Rollover {
            max_age: "1d".to_owned(),
            max_primary_shard_size: format!("{}gb", LARGE / GIB),
        };
        Self {
            policy: Phases {
                phases: HotAndDelete {
                    hot: Phase {
                        min_age: "0ms".to_owned(),
                        actions: Hot { rollover },
                    },
                    delete: Phase {
                        min_age: keep.to_string(),
                        actions: Gone {
                            delete: BTreeMap::new(),
                        },
                    },
                },
            },
        }
    }
}

/// Settings that templates are put together from: `PUT _component_template/<name>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ComponentTemplate {
    template: Template,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Template {
    settings: IndexSettings,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct IndexSettings {
    #[serde(rename = "index.lifecycle.name")]
    policy: String,
    #[serde(rename = "index.number_of_shards")]
    shards: u32,
    #[serde(rename = "index.number_of_replicas")]
    copies: u32,
}

impl ComponentTemplate {
    /// Indices that live by a policy.
    pub(crate) fn living_by(policy: &str, shards: u32, copies: u32) -> Self {
        Self {
            template: Template {
                settings: IndexSettings {
                    policy: policy.to_owned(),
                    shards,
                    copies,
                },
            },
        }
    }
}

/// What someone may do: `PUT _security/role/<name>`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Rights {
    cluster: Vec<&'static str>,
    indices: Vec<IndexRights>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct IndexRights {
    names: Vec<String>,
    privileges: Vec<&'static str>,
}

impl Rights {
    /// Rights in the cluster as a whole.
    pub(crate) fn of(cluster: &[&'static str]) -> Self {
        Self {
            cluster: cluster.to_vec(),
            indices: Vec::new(),
        }
    }

    /// And rights in indices.
    pub(crate) fn on(mut self, names: &[String], privileges: &[&'static str]) -> Self {
        self.indices.push(IndexRights {
            names: names.to_vec(),
            privileges: privileges.to_vec(),
        });
        self
    }
}

/// Someone: `PUT _security/user/<name>`. The script puts the password in where this says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct User {
    password: &'static str,
    roles: Vec<String>,
}

impl User {
    /// Someone with one role.
    pub(crate) fn with(role: &str) -> Self {
        Self {
            password: "@PASSWORD@",
            roles: vec![role.to_owned()],
        }
    }
}

/// Where snapshots go: `PUT _snapshot/<name>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Repository {
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) settings: RepositorySettings,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct RepositorySettings {
    pub(crate) bucket: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) base_path: String,
}

/// When a snapshot is taken, and when it goes: `PUT _slm/policy/<name>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct SnapshotPolicy {
    schedule: &'static str,
    name: &'static str,
    repository: String,
    config: SnapshotConfig,
    retention: SnapshotRetention,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct SnapshotConfig {
    indices: Vec<&'static str>,
    include_global_state: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct SnapshotRetention {
    expire_after: String,
    min_count: u32,
    max_count: u32,
}

impl SnapshotPolicy {
    /// Everything, every night; kept so long, and never fewer than the last three.
    pub(crate) fn nightly(repository: &str, keep: Days) -> Self {
        Self {
            schedule: "0 30 1 * * ?",
            name: "<nightly-{now/d}>",
            repository: repository.to_owned(),
            config: SnapshotConfig {
                indices: vec!["*"],
                include_global_state: true,
            },
            retention: SnapshotRetention {
                expire_after: keep.to_string(),
                min_count: 3,
                // A night may be made up for by hand; more than this is a mistake somewhere.
                max_count: keep.count().saturating_mul(2).max(3),
            },
        }
    }
}
