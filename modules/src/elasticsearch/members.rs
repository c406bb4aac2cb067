//! Which Pods is a cluster made of, and what does each of them do?

use k8s_openapi::api::{
    apps::v1::StatefulSet,
    core::v1::{ConfigMapKeySelector, Container, EnvVarSource, Secret, VolumeMount},
};
use provider_core::{Endpoint, Exposure, Ref, Scope};

use super::{API, Elasticsearch, ElasticsearchYml, READY, TRANSPORT, USER, login::PASSWORD};
use crate::{
    file::{Files, yaml},
    image,
    pod::{Pod, every, tcp_probe},
    protocol::ElasticsearchTransport,
    tls::{self, Reads},
    units::{GIB, millicores},
    workload::Workload,
};

const HOME: &str = "/usr/share/elasticsearch";
/// The name under which the image's start script passes a setting on; it ignores a variable that is not there.
const FIRST_MEMBERS: &str = "cluster.initial_master_nodes";
/// The volumes with the certificate and with whom to trust, and the folders below the settings where they lie.
const TLS: &str = "tls";
const TRUST: &str = "trust";
const PREPARE: &str = include_str!("setup/prepare.sh");
/// Leading takes little: the state of the cluster, in memory and on disk.
const MASTER_MEMORY: u64 = 2 * GIB;
const MASTER_STORAGE: u64 = 10 * GIB;

/// What a member does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Duty {
    /// Everything.
    Everything,
    /// Leads, or stands by to lead.
    Master,
    /// Keeps data and answers.
    Data,
}

/// Members that are all alike.
struct Set<'a> {
    cluster: &'a Elasticsearch,
    admin: Option<&'a Ref<Secret>>,
    duty: Duty,
}

/// The members of a cluster.
pub(super) struct Members {
    /// Those that keep data and answer.
    pub(super) data: Ref<StatefulSet>,
    /// Those that only lead, if there are any.
    masters: Option<Ref<StatefulSet>>,
}

impl Elasticsearch {
    /// Adds the Pods, and lets each talk to each.
    pub(super) fn members(&self, scope: &mut Scope<'_>, admin: Option<&Ref<Secret>>) -> Members {
        let set = |duty| Set {
            cluster: self,
            admin,
            duty,
        };
        let transport = TRANSPORT.secured(tls::security(scope));
        if self.dedicated.is_none() {
            let (data, _) = set(Duty::Everything).build(scope);
            scope.visit(&data, &data, transport);
            let masters = None;
            return Members { data, masters };
        }
        let (masters, lead) = set(Duty::Master).build(scope);
        let (data, _) = set(Duty::Data).build(scope);
        // A member is ready when it has a leader, and leaders find each other without the rest.
        scope.connect(&data, lead.destination());
        for (from, to) in [(&masters, &masters), (&masters, &data), (&data, &data)] {
            scope.visit(from, to, transport);
        }
        Members {
            data,
            masters: Some(masters),
        }
    }

    /// How many members may lead.
    pub(super) fn voters(&self) -> u32 {
        self.dedicated.unwrap_or(self.nodes)
    }

    /// The members that found the cluster.
    pub(super) fn founders(&self) -> Vec<String> {
        let duty = match self.dedicated {
            None => Duty::Everything,
            Some(_) => Duty::Master,
        };
        let name = self.set_name(duty);
        (0..self.voters()).map(|n| format!("{name}-{n}")).collect()
    }

    fn set_name(&self, duty: Duty) -> String {
        match duty {
            Duty::Everything | Duty::Data => self.name.clone(),
            Duty::Master => format!("{}-master", self.name),
        }
    }

    /// Those that may lead are who a member asks for the others.
    fn seeds(&self) -> String {
        match self.dedicated {
            None => format!("{}-members", self.name),
            Some(_) => format!("{}-members", self.set_name(Duty::Master)),
        }
    }
}

impl Members {
    pub(super) fn all(&self) -> impl Iterator<Item = &Ref<StatefulSet>> {
        self.masters.iter().chain([&self.data])
    }
}

impl Set<'_> {
    fn build(&self, scope: &mut Scope<'_>) -> (Ref<StatefulSet>, Endpoint<ElasticsearchTransport>) {
        let name = self.cluster.set_name(self.duty);
        let service = format!("{name}-members");
        let mut files = Files::one("elasticsearch.yml", yaml(&self.settings()));
        files.add("prepare.sh", PREPARE.to_owned());
        let config = files.build(scope, &name);
        let mut workload = self.workload(&name, config.name());
        workload.serves_as = Some(service.clone());
        let mut init = prepare();
        if let Some(snapshots) = &self.cluster.snapshots {
            snapshots.attach(scope, &mut workload.pod, &mut init);
        }
        workload.pod.init.push(init);
        self.secure(scope, &mut workload.pod, &service);
        let set = scope.add(workload);
        let members = Exposure::headless().named(service).unready_too();
        let transport = TRANSPORT.secured(tls::security(scope));
        let transport = scope.expose_as(members, &set, transport);
        (set, transport)
    }

    /// Gives the Pods a certificate, and the first of them the password of the user that the program makes itself.
    fn secure(&self, scope: &mut Scope<'_>, pod: &mut Pod, members: &str) {
        let Some(admin) = self.admin else { return };
        let services = [members, self.cluster.name.as_str()];
        let services = match self.duty {
            Duty::Master => &services[..1],
            Duty::Everything | Duty::Data => &services,
        };
        if tls::serve(scope, pod, services, Reads::Everything).is_none() {
            return;
        }
        // The program reads no certificate that is not below its own directory.
        for mount in pod.container.volume_mounts.iter_mut().flatten() {
            if [TLS, TRUST].contains(&mount.name.as_str()) {
                mount.mount_path = format!("{HOME}/config/{}", mount.name);
            }
        }
        pod.env_from("ELASTIC_PASSWORD", admin.key(PASSWORD));
    }

    fn settings(&self) -> ElasticsearchYml {
        let cluster = self.cluster;
        let mut yml = ElasticsearchYml {
            cluster_name: cluster.name.clone(),
            node_name: "${POD_NAME}".to_owned(),
            node_roles: match self.duty {
                Duty::Everything => None,
                Duty::Master => Some(vec!["master".to_owned()]),
                Duty::Data => Some(vec!["data".to_owned(), "ingest".to_owned()]),
            },
            network_host: "0.0.0.0".to_owned(),
            publish_host: "${POD_IP}".to_owned(),
            seed_hosts: vec![cluster.seeds()],
            readiness_port: READY.number,
            allow_mmap: cluster.mapped,
            ..ElasticsearchYml::default()
        };
        // Two Pods on one node, or in one zone, are lost together.
        if cluster.nodes > 1 {
            yml.node_attribute = Some("${NODE_NAME}".to_owned());
            yml.awareness.push("k8s_node".to_owned());
        }
        if cluster.zones {
            yml.zone_attribute = Some("${NODE_ZONE}".to_owned());
            yml.awareness.push("zone".to_owned());
        }
        if let Some(snapshots) = &cluster.snapshots {
            snapshots.settings(&mut yml);
        }
        if self.admin.is_some() {
            secure(&mut yml);
        }
        yml
    }

    fn workload(&self, name: &str, config: &str) -> Workload<StatefulSet> {
        let cluster = self.cluster;
        let (replicas, memory, storage) = match self.duty {
            Duty::Everything | Duty::Data => (cluster.nodes, cluster.memory, cluster.storage),
            Duty::Master => (cluster.voters(), MASTER_MEMORY, MASTER_STORAGE),
        };
        let mut set = Workload::stateful(name, image::ELASTICSEARCH)
            .replicas(replicas)
            .cpu(millicores(500))
            .memory(memory)
            .scratch("logs", &format!("{HOME}/logs"))
            .scratch("settings", &format!("{HOME}/config"))
            .keep(storage, &format!("{HOME}/data"));
        set.parallel = true;
        let pod = &mut set.pod;
        pod.component = Some("search");
        pod.user = USER;
        if self.duty != Duty::Master {
            pod.listen(API);
        }
        pod.listen(TRANSPORT);
        pod.listen(READY);
        pod.env_field("POD_NAME", "metadata.name");
        pod.env_field("POD_IP", "status.podIP");
        if cluster.nodes > 1 {
            pod.env_field("NODE_NAME", "spec.nodeName");
        }
        if cluster.zones {
            pod.env_field(
                "NODE_ZONE",
                "metadata.labels['topology.kubernetes.io/zone']",
            );
        }
        pod.env("ES_TMPDIR", "/tmp");
        if self.duty != Duty::Data {
            pod.env_from(FIRST_MEMBERS, optional(&cluster.first_members_name()));
        }
        pod.config_volume(config);
        pod.mount_file(
            "config",
            "elasticsearch.yml",
            &format!("{HOME}/config/elasticsearch.yml"),
        );
        // It listens for the others long before it has found them; recovery may take as long as it takes, and is
        // only made longer by a probe that ends it, so there is none for liveness.
        pod.container.startup_probe = Some(every(tcp_probe(TRANSPORT.name), 5, 120));
        pod.container.readiness_probe = Some(every(tcp_probe(READY.name), 5, 3));
        pod.leave_slowly(15);
        pod.grace_seconds = Some(180);
        set
    }
}

/// Members and clients talk over TLS, and say who they are.
fn secure(yml: &mut ElasticsearchYml) {
    let file = |folder: &str, name: &str| format!("{folder}/{name}");
    yml.security = true;
    yml.transport_tls = Some(true);
    // Members know each other by addresses, which no certificate can know before they are there; whoever signed it
    // makes a member one of the cluster.
    yml.transport_verification = Some("certificate".to_owned());
    yml.transport_key = Some(file(TLS, "tls.key"));
    yml.transport_certificate = Some(file(TLS, "tls.crt"));
    yml.transport_authorities = vec![file(TRUST, "ca.crt")];
    yml.http_tls = Some(true);
    yml.http_key = Some(file(TLS, "tls.key"));
    yml.http_certificate = Some(file(TLS, "tls.crt"));
}

/// The start script writes a keystore beside the settings, so they are copied to where it may.
fn prepare() -> Container {
    let mount = |name: &str, path: &str, read_only: bool| VolumeMount {
        name: name.to_owned(),
        mount_path: path.to_owned(),
        read_only: read_only.then_some(true),
        ..VolumeMount::default()
    };
    Container {
        name: "settings".to_owned(),
        image: Some(image::ELASTICSEARCH.to_string()),
        command: Some(vec!["bash".to_owned(), "/prepare/prepare.sh".to_owned()]),
        volume_mounts: Some(vec![
            mount("settings", "/settings", false),
            mount("config", "/prepare", true),
            mount("tmp", "/tmp", false),
        ]),
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
