//! Elasticsearch: a cluster whose members all hold data and all may lead.
//!
//! **Without a password, on purpose, and not open.** A cluster of several members refuses to start with security
//! enabled and without certificates for the traffic between them; nothing in this catalogue makes certificates yet.
//! So security is off, both ways of talking to it are plain, and the derived NetworkPolicies are what keeps
//! everyone out but the Pods that were connected to it. A cluster whose network does not enforce them must not
//! hold anything secret.
//!
//! **The first start.** A new cluster has to be told who its first members are, and an old one must not be: a
//! member that lost its disk could otherwise found a second cluster. That list is therefore no part of the Pods.
//! It is a ConfigMap of its own, which Pods read if it is there; [`Elasticsearch::formed`] takes it away, and
//! restarts nothing.

mod config;

pub use config::ElasticsearchYml;

use std::collections::BTreeMap;

use k8s_openapi::api::{
    apps::v1::StatefulSet,
    core::v1::{ConfigMap, ConfigMapKeySelector, Container, EnvVarSource, VolumeMount},
};
use provider_core::{Endpoint, Exposure, Finding, Module, Port, Scope, kube_core::ObjectMeta};

use crate::{
    file::{Files, yaml},
    image,
    pod::{User, every, tcp_probe},
    protocol::{ElasticsearchApi, ElasticsearchTransport, Http},
    units::{GIB, millicores},
    workload::Workload,
};

const API: Port<ElasticsearchApi> = Port::new("api", 9200);
const TRANSPORT: Port<ElasticsearchTransport> = Port::new("transport", 9300);
const READY: Port<Http> = Port::new("ready", 8080);

const HOME: &str = "/usr/share/elasticsearch";
/// The name under which the image's start script passes a setting on; it ignores a variable that is not there.
const FIRST_MEMBERS: &str = "cluster.initial_master_nodes";

/// An Elasticsearch cluster.
///
/// ```
/// use modules::{Elasticsearch, units::GIB};
///
/// let search = Elasticsearch::new("search").nodes(3).storage(200 * GIB);
/// ```
#[derive(Clone, Debug)]
pub struct Elasticsearch {
    name: String,
    nodes: u32,
    memory: u64,
    storage: u64,
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
pub struct ElasticsearchOutputs {
    /// The REST API.
    pub api: Endpoint<ElasticsearchApi>,
    /// How many members hold data.
    pub nodes: u32,
}

impl Elasticsearch {
    /// A cluster of one member.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            nodes: 1,
            memory: 4 * GIB,
            storage: 100 * GIB,
            age: Age::New,
        }
    }

    /// So many members. Three are the fewest that survive the loss of one.
    #[must_use]
    pub fn nodes(mut self, nodes: u32) -> Self {
        self.nodes = nodes;
        self
    }

    /// So much memory for each member, of which the program takes half for its heap.
    #[must_use]
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    /// So much disk for each member.
    #[must_use]
    pub fn storage(mut self, bytes: u64) -> Self {
        self.storage = bytes;
        self
    }

    /// The cluster has formed once: the list of its first members is taken away.
    #[must_use]
    pub fn formed(mut self) -> Self {
        self.age = Age::Formed;
        self
    }

    /// The Service by which members find each other.
    fn members(&self) -> String {
        format!("{}-members", self.name)
    }

    fn settings(&self) -> ElasticsearchYml {
        ElasticsearchYml {
            cluster_name: self.name.clone(),
            node_name: "${POD_NAME}".to_owned(),
            network_host: "0.0.0.0".to_owned(),
            publish_host: "${POD_IP}".to_owned(),
            seed_hosts: vec![self.members()],
            readiness_port: READY.number,
            allow_mmap: false,
            security: false,
            machine_learning: false,
            geoip_download: false,
        }
    }

    fn check(&self, scope: &mut Scope<'_>) {
        if self.nodes == 2 {
            let message = format!(
                "the Elasticsearch `{}` has two members, and stops when it loses either",
                self.name
            );
            let hint = "one member is as safe and cheaper; three survive the loss of one";
            scope.finding(Finding::new("elasticsearch-quorum", message).hint(hint));
        }
        if self.nodes == 0 {
            let message = format!("the Elasticsearch `{}` has no members", self.name);
            scope.finding(Finding::new("elasticsearch-quorum", message));
        }
        if self.memory < 2 * GIB {
            let message = format!(
                "the Elasticsearch `{}` has less than 2 GiB of memory",
                self.name
            );
            let hint = "give each member at least `2 * GIB`";
            scope.finding(Finding::new("elasticsearch-memory", message).hint(hint));
        }
    }

    /// The list of first members, which is there until the cluster has formed.
    fn first_members(&self, scope: &mut Scope<'_>) {
        let names: Vec<_> = (0..self.nodes)
            .map(|n| format!("{}-{n}", self.name))
            .collect();
        let data = BTreeMap::from([("members".to_owned(), names.join(","))]);
        scope.add(ConfigMap {
            metadata: ObjectMeta {
                name: Some(self.first_members_name()),
                ..ObjectMeta::default()
            },
            data: Some(data),
            ..ConfigMap::default()
        });
    }

    fn first_members_name(&self) -> String {
        format!("{}-first-members", self.name)
    }

    fn workload(&self, config: &str) -> Workload<StatefulSet> {
        let mut set = Workload::stateful(&self.name, image::ELASTICSEARCH)
            .replicas(self.nodes)
            .cpu(millicores(500))
            .memory(self.memory)
            .scratch("logs", &format!("{HOME}/logs"))
            .scratch("settings", &format!("{HOME}/config"))
            .keep(self.storage, &format!("{HOME}/data"));
        set.parallel = true;
        set.serves_as = Some(self.members());
        let pod = &mut set.pod;
        pod.component = Some("search");
        // As the image declares itself: its files belong to the group 0.
        pod.user = User {
            uid: 1000,
            gid: 0,
            volumes: Some(1000),
        };
        pod.listen(API);
        pod.listen(TRANSPORT);
        pod.listen(READY);
        pod.env_field("POD_NAME", "metadata.name");
        pod.env_field("POD_IP", "status.podIP");
        pod.env("ES_TMPDIR", "/tmp");
        pod.env_from(FIRST_MEMBERS, optional(&self.first_members_name()));
        pod.config_volume(config);
        pod.mount_file(
            "config",
            "elasticsearch.yml",
            &format!("{HOME}/config/elasticsearch.yml"),
        );
        pod.init.push(writable_settings());
        // It listens for the others long before it has found them; recovery may take as long as it takes, and is
        // only made longer by a probe that ends it, so there is none for liveness.
        pod.container.startup_probe = Some(every(tcp_probe(TRANSPORT.name), 5, 120));
        pod.container.readiness_probe = Some(every(tcp_probe(READY.name), 5, 3));
        pod.leave_slowly(15);
        pod.grace_seconds = Some(180);
        set
    }
}

/// The start script writes a keystore beside the settings, so they are copied to where it may.
fn writable_settings() -> Container {
    Container {
        name: "settings".to_owned(),
        image: Some(image::ELASTICSEARCH.to_string()),
        command: Some(vec![
            "cp".to_owned(),
            "--recursive".to_owned(),
            "--no-preserve=mode,ownership".to_owned(),
            format!("{HOME}/config/."),
            "/settings".to_owned(),
        ]),
        volume_mounts: Some(vec![VolumeMount {
            name: "settings".to_owned(),
            mount_path: "/settings".to_owned(),
            ..VolumeMount::default()
        }]),
        ..Container::default()
    }
}

fn optional(config_map: &str) -> EnvVarSource {
    EnvVarSource {
        config_map_key_ref: Some(ConfigMapKeySelector {
            name: config_map.to_owned(),
            key: "members".to_owned(),
            optional: Some(true),
        }),
        ..EnvVarSource::default()
    }
}

impl Module for Elasticsearch {
    type Outputs = ElasticsearchOutputs;

    fn build(self, scope: &mut Scope<'_>) -> ElasticsearchOutputs {
        self.check(scope);
        if self.age == Age::New {
            self.first_members(scope);
        }
        let files = Files::one("elasticsearch.yml", yaml(&self.settings()));
        let config = files.build(scope, &self.name);
        let set = scope.add(self.workload(config.name()));
        let members = Exposure::headless().named(self.members()).unready_too();
        let transport = scope.expose_as(members, &set, TRANSPORT);
        scope.connect(&set, transport.destination());
        ElasticsearchOutputs {
            api: scope.expose(&set, API),
            nodes: self.nodes,
        }
    }
}
