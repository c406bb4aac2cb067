//! Elasticsearch: members that all hold data and all may lead, or members that only lead beside those that hold data.
//!
//! **The first start.** A new cluster has to be told who its first members are, and an old one must not be: a
//! member that lost its disk could otherwise found a second cluster. That list is therefore no part of the Pods.
//! It is a ConfigMap of its own, which Pods read if it is there; [`Elasticsearch::formed`] takes it away, and
//! restarts nothing.
//!
//! **What the cluster knows.** Lifecycle policies, snapshots and whatever else lies in the cluster and not in a file is
//! asked for by a Job, once the members are there (`setup`).
//!
//! **Security and TLS come together.** A cluster of several members refuses to start with security enabled and without
//! certificates for the traffic between them. In a stack that speaks TLS both are on: members know each other by
//! their certificates, and each part of the stack is a user with its own few rights (`login`). Otherwise both are off,
//! and the derived NetworkPolicies are what keeps everyone out but the Pods that were connected to it; a cluster whose
//! network does not enforce them must not hold anything secret.

mod api;
mod checks;
mod config;
mod exporter;
pub(crate) mod login;
pub(crate) mod logs;
mod members;
mod setup;
mod snapshots;

pub(crate) use api::{LifecyclePolicy, Rights};
pub use config::ElasticsearchYml;
pub(crate) use login::Login;
pub use logs::ElasticsearchLogs;
pub(crate) use setup::{Request, Wish};

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use provider_core::{
    Endpoint, GeneratedSecret, Module, Port, Ref, ResourceId, Scope, Security,
    kube_core::ObjectMeta,
};

use self::{login::PASSWORD, snapshots::Snapshots};
use crate::{
    object_store::ObjectStore,
    pod::User,
    protocol::{ElasticsearchApi, ElasticsearchTransport, Http},
    tls,
    units::{Days, GIB, days},
};

const API: Port<ElasticsearchApi> = Port::new("api", 9200);
const TRANSPORT: Port<ElasticsearchTransport> = Port::new("transport", 9300);
const READY: Port<Http> = Port::new("ready", 8080);
/// Who may do everything, by the program's own word.
const ADMIN: &str = "elastic";
/// As the image declares itself: its files belong to the group 0.
const USER: User = User {
    uid: 1000,
    gid: 0,
    volumes: Some(1000),
};

/// An Elasticsearch cluster.
///
/// ```
/// use modules::{Elasticsearch, ObjectStore, units::{GIB, days}};
///
/// # use provider_core::{Scope, k8s_openapi::api::core::v1::Secret};
/// # fn searching(stack: &mut Scope<'_>) {
/// let keys = stack.existing::<Secret>("archive-keys");
/// let archive = ObjectStore::s3("archive").keys(&keys, "id", "key");
/// let search = stack.add(
///     Elasticsearch::new("search").nodes(3).storage(200 * GIB).snapshots(archive, days(30)),
/// );
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Elasticsearch {
    name: String,
    nodes: u32,
    /// Members that only lead. Not called like the method: the compiler would speak of a private field.
    dedicated: Option<u32>,
    memory: u64,
    storage: u64,
    zones: bool,
    mapped: bool,
    snapshots: Option<Snapshots>,
    logs_for: Days,
    age: Age,
}

/// Whether the cluster has been there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Age {
    New,
    Formed,
}

/// What others may refer to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ElasticsearchOutputs {
    /// The REST API.
    pub api: Endpoint<ElasticsearchApi>,
    /// Where logs are sent to.
    pub logs: Endpoint<ElasticsearchLogs>,
    /// How many members hold data.
    pub nodes: u32,
    pub(crate) cluster: Cluster,
}

/// A cluster, as its tenants know it.
#[derive(Clone, Debug)]
pub(crate) struct Cluster {
    /// Its workload.
    pub(crate) id: ResourceId,
    pub(crate) name: String,
    pub(crate) api: Endpoint<ElasticsearchApi>,
    /// Whether one has to say who one is.
    pub(crate) secured: bool,
    /// Who may do everything, and does nothing but make the others.
    admin: Option<Ref<Secret>>,
}

impl Elasticsearch {
    /// A cluster of one member.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            nodes: 1,
            dedicated: None,
            memory: 4 * GIB,
            storage: 100 * GIB,
            zones: false,
            mapped: false,
            snapshots: None,
            logs_for: days(30),
            age: Age::New,
        }
    }

    /// So many members that hold data. Three are the fewest that survive the loss of one.
    ///
    /// They may lead too, so take away only one at a time, and wait until the cluster is green: it counts votes, and
    /// does not forget at once who had one.
    #[must_use]
    pub fn nodes(mut self, nodes: u32) -> Self {
        self.nodes = nodes;
        self
    }

    /// So many further members that lead and do nothing else, for clusters that are busy. Three, as a rule.
    #[must_use]
    pub fn masters(mut self, masters: u32) -> Self {
        self.dedicated = Some(masters);
        self
    }

    /// So much memory for each member that holds data, of which the program takes half for its heap.
    #[must_use]
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    /// So much disk for each member that holds data.
    #[must_use]
    pub fn storage(mut self, bytes: u64) -> Self {
        self.storage = bytes;
        self
    }

    /// Keeps copies of the same data in different zones. The cluster has to tell Pods which zone they are in, which
    /// Kubernetes does from 1.35 on; on an older one all members seem to be in one zone, and nothing is lost by it.
    #[must_use]
    pub fn across_zones(mut self) -> Self {
        self.zones = true;
        self
    }

    /// Maps index files into memory, which is faster. Every node must allow it (`vm.max_map_count` of 1048576 or more),
    /// and only an administrator of the nodes can see to that; without it, members would not start.
    #[must_use]
    pub fn map_files(mut self) -> Self {
        self.mapped = true;
        self
    }

    /// Takes a snapshot of everything each night, into a bucket, and keeps it so long.
    #[must_use]
    pub fn snapshots(mut self, store: impl Into<ObjectStore>, keep: Days) -> Self {
        self.snapshots = Some(Snapshots {
            store: store.into(),
            keep,
        });
        self
    }

    /// Keeps logs so long, which collectors send to [`ElasticsearchOutputs::logs`].
    #[must_use]
    pub fn keep_logs(mut self, keep: Days) -> Self {
        self.logs_for = keep;
        self
    }

    /// The cluster has formed once: the list of its first members is taken away.
    #[must_use]
    pub fn formed(mut self) -> Self {
        self.age = Age::Formed;
        self
    }

    /// The list of first members, which is there until the cluster has formed.
    fn first_members(&self, scope: &mut Scope<'_>) {
        let data = BTreeMap::from([("members".to_owned(), self.founders().join(","))]);
        scope.add(ConfigMap {
            metadata: ObjectMeta {
                name: Some(self.first_members_name()),
                ..ObjectMeta::default()
            },
            data: Some(data),
            ..ConfigMap::default()
        });
    }

    /// The user that the program itself makes when it starts for the first time.
    fn admin(&self, scope: &mut Scope<'_>) -> Ref<Secret> {
        let secret = GeneratedSecret::new(format!("{}-user-{ADMIN}", self.name));
        scope.add(secret.plain("username", ADMIN).generate(PASSWORD, 32))
    }

    fn first_members_name(&self) -> String {
        format!("{}-first-members", self.name)
    }
}

impl Module for Elasticsearch {
    type Outputs = ElasticsearchOutputs;

    fn build(self, scope: &mut Scope<'_>) -> ElasticsearchOutputs {
        self.check(scope);
        if self.age == Age::New {
            self.first_members(scope);
        }
        let security = tls::security(scope);
        let admin = (security != Security::Plain).then(|| self.admin(scope));
        let members = self.members(scope, admin.as_ref());
        let api = scope.expose(&members.data, API.secured(security));
        let cluster = Cluster {
            id: members.data.id().clone(),
            name: self.name.clone(),
            api: api.clone(),
            secured: admin.is_some(),
            admin,
        };
        if let Some(snapshots) = &self.snapshots {
            for set in members.all() {
                snapshots.store.connect(scope, set);
            }
            snapshots.store.must_hold(scope, &self.name, snapshots.keep);
            let wish = snapshots.wish(&cluster);
            scope.announce(wish);
        }
        exporter::build(scope, &cluster, self.snapshots.is_some());
        logs::open(scope, &cluster, self.nodes, self.logs_for);
        let of = cluster.clone();
        scope.at_end(move |scope| setup::fulfil(scope, &of));
        ElasticsearchOutputs {
            logs: api.also(),
            api,
            nodes: self.nodes,
            cluster,
        }
    }
}
