//! What every Pod of this catalogue has in common: restricted, without a writable root, without a token.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    Container, ContainerPort, EnvVar, EnvVarSource, Lifecycle, LifecycleHandler,
    ObjectFieldSelector, SleepAction, Volume,
};
use provider_core::{Borrowed, Port};

mod probe;
mod template;
mod volumes;

pub(crate) use probe::{every, http_probe, tcp_probe};
pub use template::Spread;

use crate::units::{MIB, Millicores, millicores};

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
    pub(crate) spread: Spread,
    pub(crate) priority_class: Option<String>,
    pub(crate) component: Option<&'static str>,
    /// Annotations whose values are only known when the Pods are made, and whose change makes them anew.
    pub(crate) marks: BTreeMap<String, Borrowed>,
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
            spread: Spread::default(),
            priority_class: None,
            component: None,
            marks: BTreeMap::new(),
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

    /// Makes a declared port one of the node, too.
    pub(crate) fn on_host_port(&mut self, name: &str) {
        for port in self.container.ports.iter_mut().flatten() {
            if port.name.as_deref() == Some(name) {
                port.host_port = Some(port.container_port);
            }
        }
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

    /// Sets a variable, unless whoever described the Pod has.
    pub(crate) fn env_unless_set(&mut self, name: &str, value: impl Into<String>) {
        let known = self.container.env.iter().flatten();
        if !known.into_iter().any(|other| other.name == name) {
            self.env(name, value);
        }
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

    /// Adds a container that starts before all others and ends after them, so that a Job can end too.
    pub(crate) fn add_sidecar(&mut self, mut container: Container, volumes: Vec<Volume>) {
        container.restart_policy = Some("Always".to_owned());
        let prefix = container.name.clone();
        let renamed = |name: &str| format!("{prefix}-{name}");
        for mount in container.volume_mounts.iter_mut().flatten() {
            mount.name = renamed(&mount.name);
        }
        let volumes = volumes.into_iter().map(|volume| Volume {
            name: renamed(&volume.name),
            ..volume
        });
        self.volumes.extend(volumes);
        self.init.insert(0, container);
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
}
