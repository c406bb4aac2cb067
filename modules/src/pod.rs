//! What every Pod of this catalogue has in common: restricted, without a writable root, without a token.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::core::v1::{
        Capabilities, ConfigMapVolumeSource, Container, ContainerPort, EmptyDirVolumeSource,
        EnvVar, EnvVarSource, HTTPGetAction, HostPathVolumeSource, Lifecycle, LifecycleHandler,
        ObjectFieldSelector, PodSecurityContext, PodSpec, PodTemplateSpec, Probe,
        ResourceRequirements, SeccompProfile, SecurityContext, SleepAction, TCPSocketAction,
        Toleration, TopologySpreadConstraint, Volume, VolumeMount,
    },
    apimachinery::pkg::{
        api::resource::Quantity, apis::meta::v1::LabelSelector, util::intstr::IntOrString,
    },
};
use provider_core::{Port, kube_core::ObjectMeta};

use crate::units::{self, GIB, MIB, Millicores, millicores};

/// Who a container runs as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) uid: i64,
    pub(crate) gid: i64,
    /// The group that owns volumes; what is mounted from the node keeps its owner.
    pub(crate) volumes: Option<i64>,
}

impl User {
    pub(crate) const fn new(id: i64) -> Self {
        Self {
            uid: id,
            gid: id,
            volumes: Some(id),
        }
    }
}

/// How much a container needs, and how much it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Resources {
    pub(crate) cpu: Millicores,
    pub(crate) memory_request: u64,
    /// There is no limit on processor time: it would only slow down what could use an idle core.
    pub(crate) memory_limit: u64,
}

/// A Pod with one container that matters.
#[derive(Clone, Debug)]
pub(crate) struct Pod {
    pub(crate) name: String,
    pub(crate) container: Container,
    pub(crate) init: Vec<Container>,
    pub(crate) volumes: Vec<Volume>,
    pub(crate) user: User,
    pub(crate) resources: Resources,
    pub(crate) grace_seconds: Option<i64>,
    pub(crate) account: Option<String>,
    /// An account whose token is not mounted: it is only what a cloud knows the Pod by.
    pub(crate) identity: Option<String>,
    pub(crate) tolerate_all: bool,
    pub(crate) component: Option<&'static str>,
}

impl Pod {
    pub(crate) fn new(name: &str, image: impl Into<String>) -> Self {
        let container = Container {
            name: name.to_owned(),
            image: Some(image.into()),
            ..Container::default()
        };
        Self {
            name: name.to_owned(),
            container,
            init: Vec::new(),
            volumes: Vec::new(),
            user: User::new(65532),
            resources: Resources {
                cpu: millicores(100),
                memory_request: 128 * MIB,
                memory_limit: 512 * MIB,
            },
            grace_seconds: None,
            account: None,
            identity: None,
            tolerate_all: false,
            component: None,
        }
    }

    pub(crate) fn listen<P>(&mut self, port: Port<P>) {
        let port = ContainerPort {
            name: Some(port.name.to_owned()),
            container_port: i32::from(port.number),
            protocol: Some(port.transport.to_string()),
            ..ContainerPort::default()
        };
        self.container.ports.get_or_insert_default().push(port);
    }

    pub(crate) fn arg(&mut self, arg: impl Into<String>) {
        self.container.args.get_or_insert_default().push(arg.into());
    }

    pub(crate) fn env(&mut self, name: &str, value: impl Into<String>) {
        self.push_env(EnvVar {
            name: name.to_owned(),
            value: Some(value.into()),
            value_from: None,
        });
    }

    pub(crate) fn env_from(&mut self, name: &str, source: EnvVarSource) {
        self.push_env(EnvVar {
            name: name.to_owned(),
            value: None,
            value_from: Some(source),
        });
    }

    /// A variable with a fact about the Pod, such as `status.podIP`.
    pub(crate) fn env_field(&mut self, name: &str, path: &str) {
        let field = ObjectFieldSelector {
            api_version: Some("v1".to_owned()),
            field_path: path.to_owned(),
        };
        let source = EnvVarSource {
            field_ref: Some(field),
            ..EnvVarSource::default()
        };
        self.env_from(name, source);
    }

    fn push_env(&mut self, variable: EnvVar) {
        let known = self.container.env.get_or_insert_default();
        known.retain(|other| other.name != variable.name);
        known.push(variable);
    }

    /// A directory that lives as long as the Pod.
    pub(crate) fn scratch(&mut self, name: &str, path: &str) {
        let volume = Volume {
            name: name.to_owned(),
            empty_dir: Some(EmptyDirVolumeSource {
                // One that fills the node's disk would take its neighbours with it.
                size_limit: Some(units::bytes(GIB)),
                ..EmptyDirVolumeSource::default()
            }),
            ..Volume::default()
        };
        self.volumes.push(volume);
        self.mount(name, path);
    }

    /// The files of a ConfigMap in a directory.
    pub(crate) fn config(&mut self, config_map: &str, path: &str) {
        self.config_volume(config_map);
        self.mount_read_only("config", path);
    }

    /// The files of a ConfigMap, to be mounted one by one.
    pub(crate) fn config_volume(&mut self, config_map: &str) {
        let volume = Volume {
            name: "config".to_owned(),
            config_map: Some(ConfigMapVolumeSource {
                name: config_map.to_owned(),
                ..ConfigMapVolumeSource::default()
            }),
            ..Volume::default()
        };
        self.volumes.push(volume);
    }

    /// A directory of the node; read only, unless the Pod owns it.
    pub(crate) fn host_path(&mut self, name: &str, path: &str, source: HostPathVolumeSource) {
        let writable = source.type_.as_deref() == Some("DirectoryOrCreate");
        self.volumes.push(Volume {
            name: name.to_owned(),
            host_path: Some(source),
            ..Volume::default()
        });
        let mount = VolumeMount {
            name: name.to_owned(),
            mount_path: path.to_owned(),
            read_only: (!writable).then_some(true),
            // What is mounted on the node later becomes visible too.
            mount_propagation: (!writable).then(|| "HostToContainer".to_owned()),
            ..VolumeMount::default()
        };
        self.push_mount(mount);
    }

    pub(crate) fn mount(&mut self, volume: &str, path: &str) {
        self.push_mount(VolumeMount {
            name: volume.to_owned(),
            mount_path: path.to_owned(),
            ..VolumeMount::default()
        });
    }

    pub(crate) fn mount_read_only(&mut self, volume: &str, path: &str) {
        self.push_mount(VolumeMount {
            name: volume.to_owned(),
            mount_path: path.to_owned(),
            read_only: Some(true),
            ..VolumeMount::default()
        });
    }

    /// One file of a volume over what the image has at `path`.
    pub(crate) fn mount_file(&mut self, volume: &str, file: &str, path: &str) {
        self.push_mount(VolumeMount {
            name: volume.to_owned(),
            mount_path: path.to_owned(),
            sub_path: Some(file.to_owned()),
            read_only: Some(true),
            ..VolumeMount::default()
        });
    }

    fn push_mount(&mut self, mount: VolumeMount) {
        let mounts = self.container.volume_mounts.get_or_insert_default();
        mounts.push(mount);
    }

    /// Waits so long before a Pod is told to end, for its address to leave every client's list.
    pub(crate) fn leave_slowly(&mut self, seconds: i64) {
        let sleep = LifecycleHandler {
            sleep: Some(SleepAction { seconds }),
            ..LifecycleHandler::default()
        };
        self.container.lifecycle = Some(Lifecycle {
            pre_stop: Some(sleep),
            ..Lifecycle::default()
        });
    }

    pub(crate) fn labels(&self, stack: &str) -> BTreeMap<String, String> {
        let mut labels = self.selector();
        labels.insert("app.kubernetes.io/part-of".to_owned(), stack.to_owned());
        if let Some(component) = self.component {
            labels.insert(
                "app.kubernetes.io/component".to_owned(),
                component.to_owned(),
            );
        }
        labels
    }

    /// What never changes about its Pods.
    pub(crate) fn selector(&self) -> BTreeMap<String, String> {
        BTreeMap::from([("app.kubernetes.io/name".to_owned(), self.name.clone())])
    }

    pub(crate) fn template(mut self, stack: &str, replicas: u32) -> PodTemplateSpec {
        let metadata = ObjectMeta {
            labels: Some(self.labels(stack)),
            ..ObjectMeta::default()
        };
        let spread = (replicas > 1).then(|| spread(&self.selector()));
        let resources = self.resources.requirements();
        for container in self.init.iter_mut().chain([&mut self.container]) {
            container
                .security_context
                .get_or_insert_with(restricted_container);
            container.resources.get_or_insert_with(|| resources.clone());
        }
        let tolerations = self.tolerate_all.then(|| {
            vec![Toleration {
                operator: Some("Exists".to_owned()),
                ..Toleration::default()
            }]
        });
        let spec = PodSpec {
            automount_service_account_token: Some(self.account.is_some()),
            containers: vec![self.container],
            // A Service named `loki` would put LOKI_PORT into every environment, which Loki reads.
            enable_service_links: Some(false),
            init_containers: (!self.init.is_empty()).then_some(self.init),
            security_context: Some(self.user.context()),
            service_account_name: self.account.or(self.identity),
            termination_grace_period_seconds: self.grace_seconds,
            tolerations,
            topology_spread_constraints: spread,
            volumes: (!self.volumes.is_empty()).then_some(self.volumes),
            ..PodSpec::default()
        };
        PodTemplateSpec {
            metadata: Some(metadata),
            spec: Some(spec),
        }
    }
}

impl User {
    fn context(self) -> PodSecurityContext {
        let Self { uid, gid, volumes } = self;
        PodSecurityContext {
            run_as_non_root: Some(uid != 0),
            run_as_user: Some(uid),
            run_as_group: Some(gid),
            fs_group: volumes,
            fs_group_change_policy: volumes.map(|_| "OnRootMismatch".to_owned()),
            seccomp_profile: Some(SeccompProfile {
                type_: "RuntimeDefault".to_owned(),
                ..SeccompProfile::default()
            }),
            ..PodSecurityContext::default()
        }
    }
}

impl Resources {
    fn requirements(self) -> ResourceRequirements {
        let memory = |bytes| ("memory".to_owned(), units::bytes(bytes));
        let cpu = ("cpu".to_owned(), Quantity::from(self.cpu));
        ResourceRequirements {
            requests: Some(BTreeMap::from([cpu, memory(self.memory_request)])),
            limits: Some(BTreeMap::from([memory(self.memory_limit)])),
            ..ResourceRequirements::default()
        }
    }
}

fn restricted_container() -> SecurityContext {
    SecurityContext {
        allow_privilege_escalation: Some(false),
        capabilities: Some(Capabilities {
            drop: Some(vec!["ALL".to_owned()]),
            ..Capabilities::default()
        }),
        read_only_root_filesystem: Some(true),
        ..SecurityContext::default()
    }
}

/// Replicas on different nodes and zones where there are several; a Pod is never refused for it.
fn spread(selector: &BTreeMap<String, String>) -> Vec<TopologySpreadConstraint> {
    ["kubernetes.io/hostname", "topology.kubernetes.io/zone"]
        .into_iter()
        .map(|key| TopologySpreadConstraint {
            label_selector: Some(LabelSelector {
                match_labels: Some(selector.clone()),
                ..LabelSelector::default()
            }),
            max_skew: 1,
            topology_key: key.to_owned(),
            when_unsatisfiable: "ScheduleAnyway".to_owned(),
            ..TopologySpreadConstraint::default()
        })
        .collect()
}

/// Asks a path over HTTP.
pub(crate) fn http_probe(port: &str, path: &str) -> Probe {
    Probe {
        http_get: Some(HTTPGetAction {
            path: Some(path.to_owned()),
            port: IntOrString::String(port.to_owned()),
            ..HTTPGetAction::default()
        }),
        ..Probe::default()
    }
}

/// Opens a connection.
pub(crate) fn tcp_probe(port: &str) -> Probe {
    Probe {
        tcp_socket: Some(TCPSocketAction {
            port: IntOrString::String(port.to_owned()),
            ..TCPSocketAction::default()
        }),
        ..Probe::default()
    }
}

/// The same probe every so many seconds, which fails after so many times.
pub(crate) fn every(probe: Probe, period_seconds: i32, failure_threshold: i32) -> Probe {
    Probe {
        period_seconds: Some(period_seconds),
        failure_threshold: Some(failure_threshold),
        ..probe
    }
}
