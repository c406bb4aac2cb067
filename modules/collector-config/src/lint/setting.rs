//! What does only the surroundings of a configuration know?

use std::collections::BTreeSet;

use crate::Release;

/// What only the surroundings of a configuration know. What nobody knows is `None`, and lints that need it are silent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The program that reads it.
    pub release: Release,
    /// The place of the collector among others.
    pub tier: Tier,
    /// How many of them there are.
    pub replicas: Replicas,
    /// How senders choose among them.
    pub senders: Senders,
    /// How much memory each may have, in bytes.
    pub memory: Option<u64>,
    /// The variables of its environment.
    pub variables: Option<BTreeSet<String>>,
    /// The folders that are mounted.
    pub mounts: Option<BTreeSet<String>>,
    /// The ports that its container declares.
    pub ports: Option<BTreeSet<u16>>,
    /// Whose network its Pod has.
    pub network: Option<Network>,
    /// Whether someone asks how it is.
    pub probes: Probes,
}

/// The place of a collector among others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// In the Pod of one application.
    Sidecar,
    /// On each node.
    Agent,
    /// One for the cluster.
    Singleton,
    /// Where everything goes through.
    Gateway,
    /// Where traces are decided about.
    Sampler,
}

/// How many collectors share one configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replicas {
    /// So many.
    Fixed(u32),
    /// One on each node, or in each Pod.
    Each,
    /// As many as someone finds right at the moment.
    Autoscaled,
}

/// How senders choose among replicas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Senders {
    /// Anyhow.
    Any,
    /// All spans of a trace go to the same one.
    ByTrace,
}

/// Whose network a Pod has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// One of its own, as is usual.
    Own,
    /// That of its node (`hostNetwork`).
    OfNode,
}

/// Whether someone asks a collector how it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probes {
    /// On this port.
    Port(u16),
    /// Nobody does.
    None,
}

impl Tier {
    /// Every tier.
    pub const ALL: [Self; 5] = [
        Self::Sidecar,
        Self::Agent,
        Self::Singleton,
        Self::Gateway,
        Self::Sampler,
    ];

    /// How it is said on a command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sidecar => "sidecar",
            Self::Agent => "agent",
            Self::Singleton => "singleton",
            Self::Gateway => "gateway",
            Self::Sampler => "sampler",
        }
    }
}

impl Replicas {
    /// Whether there may be more than one.
    pub const fn several(self) -> bool {
        match self {
            Self::Fixed(replicas) => replicas > 1,
            Self::Each | Self::Autoscaled => true,
        }
    }
}

impl Setting {
    /// What is usual for a tier, with nothing known of its container.
    pub const fn of(tier: Tier, release: Release) -> Self {
        Self {
            release,
            tier,
            replicas: match tier {
                Tier::Sidecar | Tier::Agent => Replicas::Each,
                Tier::Singleton => Replicas::Fixed(1),
                Tier::Gateway | Tier::Sampler => Replicas::Fixed(2),
            },
            senders: match tier {
                Tier::Sampler => Senders::ByTrace,
                _ => Senders::Any,
            },
            memory: None,
            variables: None,
            mounts: None,
            ports: None,
            network: None,
            probes: Probes::Port(13133),
        }
    }
}
