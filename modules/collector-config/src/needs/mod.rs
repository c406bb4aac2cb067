//! What does a configuration ask of its surroundings, and which component asks?
//!
//! The answer is plain data: this crate knows that a component reads Pods through the API, and not what a Role is.

mod listen;
mod rule;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use crate::{ComponentId, Config, component::Class, placeholder, telemetry};

pub(crate) use self::listen::{host_of, listens, port_of, static_folder};
pub use self::rule::{Object, Reach, Rule, Verb};

/// One thing that a component asks of its surroundings.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// Others have to reach it on a port.
    Port(Listen),
    /// It asks the Kubernetes API for something.
    Rule(Rule),
    /// It reads a folder of the node.
    HostPath(HostPath),
    /// It reads files that belong to root and are shown to nobody else.
    Root,
    /// It asks for a variable of the environment.
    Variable(String),
    /// It connects to something.
    Traffic(Traffic),
    /// It writes files below this folder, which have to outlive the process.
    Storage(String),
}

/// A port that is listened on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listen {
    /// What it is for; fits where Kubernetes names ports.
    pub name: String,
    /// Its number.
    pub number: u16,
    /// What it is made of.
    pub transport: Transport,
}

/// What a port is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Transport {
    /// Connections.
    Tcp,
    /// Datagrams.
    Udp,
}

/// A folder of the node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostPath {
    /// Where the node has it.
    pub path: String,
    /// Where the component looks for it.
    pub seen_at: String,
    /// Whether what is mounted below it later is seen too.
    pub later_mounts: LaterMounts,
}

/// Whether what the node mounts below a folder later is seen through it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LaterMounts {
    /// It is: disks and volumes come and go.
    Seen,
    /// It does not matter.
    Unseen,
}

/// Something that a component connects to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Traffic {
    /// The API server.
    KubernetesApi,
    /// The kubelet of its node, on this port.
    Kubelet(u16),
    /// The address where a cloud tells a machine about itself.
    CloudMetadata,
    /// An address, as it stands in the settings.
    Endpoint(String),
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asker {
    /// A component.
    Component(Class, ComponentId),
    /// What the collector tells about itself.
    Telemetry,
}

/// How much a Pod has to be allowed, as Kubernetes names the levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PodSecurity {
    /// Nothing beyond its own files.
    Restricted,
    /// To be root.
    Baseline,
    /// To see the node.
    Privileged,
}

/// All that a configuration asks of its surroundings, each with everyone who asks for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    all: BTreeMap<Need, BTreeSet<Asker>>,
}

impl Config {
    /// What the components that run, and the collector's own telemetry, ask of their surroundings.
    pub fn needs(&self) -> Needs {
        let mut needs = Needs::default();
        let used = self.in_use();
        for class in Class::ALL {
            for (id, settings) in self.section(class) {
                if !used.contains(&(class, id.clone())) {
                    continue;
                }
                let asker = Asker::Component(class, id.clone());
                let read = class.find(id.kind()).and_then(|kind| kind.read);
                let details = read.and_then(|read| read(settings).ok());
                for need in details.into_iter().flat_map(|details| details.needs) {
                    needs.add(need, &asker);
                }
                for name in placeholder::variables(settings) {
                    needs.add(Need::Variable(name), &asker);
                }
            }
        }
        for need in telemetry::needs(&self.service.telemetry) {
            needs.add(need, &Asker::Telemetry);
        }
        needs
    }

    /// The components that stand in a pipeline or are enabled.
    pub(crate) fn in_use(&self) -> BTreeSet<(Class, ComponentId)> {
        let extensions = self.service.extensions.iter();
        let mut used: BTreeSet<_> = extensions
            .map(|id| (Class::Extension, id.clone()))
            .collect();
        for pipeline in self.service.pipelines.values() {
            for (class, ids) in pipeline.lists() {
                used.extend(ids.iter().map(|id| (self.role(class, id), id.clone())));
            }
        }
        used
    }

    /// What a member of a pipeline's list is: a connector stands among receivers and exporters.
    pub(crate) fn role(&self, list: Class, id: &ComponentId) -> Class {
        let connects = list != Class::Processor && self.defines(Class::Connector, id);
        if connects { Class::Connector } else { list }
    }
}

impl Needs {
    fn add(&mut self, need: Need, asker: &Asker) {
        if let Need::Rule(_) = need {
            let api = self.all.entry(Need::Traffic(Traffic::KubernetesApi));
            api.or_default().insert(asker.clone());
        }
        self.all.entry(need).or_default().insert(asker.clone());
    }

    /// Every need, with everyone who has it.
    pub fn iter(&self) -> impl Iterator<Item = (&Need, &BTreeSet<Asker>)> {
        self.all.iter()
    }

    /// What is asked of the Kubernetes API, with everyone who asks it.
    pub fn rules(&self) -> impl Iterator<Item = (&Rule, &BTreeSet<Asker>)> {
        self.iter().filter_map(|(need, by)| match need {
            Need::Rule(rule) => Some((rule, by)),
            _ => None,
        })
    }

    /// The ports that others have to reach.
    pub fn ports(&self) -> impl Iterator<Item = &Listen> {
        self.all.keys().filter_map(|need| match need {
            Need::Port(port) => Some(port),
            _ => None,
        })
    }

    /// What is connected to.
    pub fn traffic(&self) -> impl Iterator<Item = &Traffic> {
        self.all.keys().filter_map(|need| match need {
            Need::Traffic(traffic) => Some(traffic),
            _ => None,
        })
    }

    /// The variables that are asked for.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.all.keys().filter_map(|need| match need {
            Need::Variable(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// The folders of the node that are read.
    pub fn host_paths(&self) -> impl Iterator<Item = &HostPath> {
        self.all.keys().filter_map(|need| match need {
            Need::HostPath(path) => Some(path),
            _ => None,
        })
    }

    /// The folders that have to outlive the process.
    pub fn storage(&self) -> impl Iterator<Item = &str> {
        self.all.keys().filter_map(|need| match need {
            Need::Storage(folder) => Some(folder.as_str()),
            _ => None,
        })
    }

    /// The least that a Pod has to be allowed.
    pub fn pod_security(&self) -> PodSecurity {
        let level = |need: &Need| match need {
            Need::HostPath(_) => PodSecurity::Privileged,
            Need::Root => PodSecurity::Baseline,
            _ => PodSecurity::Restricted,
        };
        let levels = self.all.keys().map(level);
        levels.max().unwrap_or(PodSecurity::Restricted)
    }
}

impl fmt::Display for Asker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Component(_, id) => id.fmt(f),
            Self::Telemetry => f.write_str("telemetry"),
        }
    }
}

#[cfg(test)]
mod tests;
