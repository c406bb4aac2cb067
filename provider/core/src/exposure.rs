//! What kind of Service stands in front of Pods?

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::endpoint::Reach;

/// What kind of Service stands in front of Pods, where the ordinary one will not do.
///
/// ```
/// # use provider_core::Exposure;
/// // Peers must find each other before they are ready.
/// let peers = Exposure::headless().named("search-nodes").unready_too();
/// ```
#[derive(Clone, Debug)]
pub struct Exposure {
    pub(crate) reach: Reach,
    pub(crate) name: Option<String>,
    pub(crate) unready: Unready,
    pub(crate) next: Next,
    pub(crate) annotations: BTreeMap<String, String>,
}

/// Where a Service leads a sender that was there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Any,
    Same,
}

/// Whether a Service lists Pods that are not ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unready {
    Hidden,
    Listed,
}

impl Exposure {
    fn new(reach: Reach) -> Self {
        Self {
            reach,
            name: None,
            unready: Unready::Hidden,
            next: Next::Any,
            annotations: BTreeMap::new(),
        }
    }

    /// One virtual address; the Service is named like the workload.
    pub fn service() -> Self {
        Self::new(Reach::Service)
    }

    /// A DNS name that lists the Pods; the Service is named `<workload>-headless`.
    pub fn headless() -> Self {
        Self::new(Reach::Headless)
    }

    /// As headless, and senders are to reach each replica by its own name.
    pub fn each_replica() -> Self {
        Self::new(Reach::EachReplica)
    }

    /// One virtual address that leads to the Pod on the sender's own node.
    pub fn same_node() -> Self {
        Self::new(Reach::SameNode)
    }

    /// Gives the Service a name of its own.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Lists Pods that are not ready yet, for members that must find each other in order to become ready.
    #[must_use]
    pub fn unready_too(mut self) -> Self {
        self.unready = Unready::Listed;
        self
    }

    /// Leads a sender to the same Pod each time, for replicas that do not answer quite alike.
    #[must_use]
    pub fn sticky(mut self) -> Self {
        self.next = Next::Same;
        self
    }

    /// Adds an annotation to the Service.
    #[must_use]
    pub fn annotation(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.annotations.insert(key.into(), value.into());
        self
    }

    /// The Service's name in front of a workload of that name.
    pub(crate) fn service_name(&self, workload: &str) -> String {
        match (&self.name, self.reach) {
            (Some(name), _) => name.clone(),
            (None, Reach::Headless | Reach::EachReplica | Reach::Replica(_)) => {
                format!("{workload}-headless")
            }
            (None, Reach::Service | Reach::SameNode) => workload.to_owned(),
        }
    }

    /// The part of a Service's `spec` that follows from the exposure; selector and ports come beside it.
    pub(crate) fn spec(&self) -> Map<String, Value> {
        let mut spec = Map::new();
        match self.reach {
            Reach::Service => {}
            Reach::Headless | Reach::EachReplica | Reach::Replica(_) => {
                spec.insert("clusterIP".into(), json!("None"));
            }
            Reach::SameNode => {
                spec.insert("internalTrafficPolicy".into(), json!("Local"));
            }
        }
        if self.next == Next::Same {
            spec.insert("sessionAffinity".into(), json!("ClientIP"));
        }
        if self.unready == Unready::Listed {
            spec.insert("publishNotReadyAddresses".into(), json!(true));
        }
        spec
    }
}
