//! What does a picture of a graph show?

use serde::Serialize;

use super::{Edge, Graph};
use crate::{
    endpoint::{Destination, Transport},
    id::ResourceId,
    origin::Origin,
};

/// A graph as data for whoever draws it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Drawing {
    /// The stack's name.
    pub stack: String,
    /// The resources, in the order of application.
    pub nodes: Vec<Node>,
    /// What waits for what.
    pub edges: Vec<Edge>,
    /// Who sends traffic where.
    pub flows: Vec<Flow>,
}

/// One resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Node {
    /// Which object it is.
    pub id: ResourceId,
    /// Its wave, from 0.
    pub wave: usize,
    /// The line that asked for it.
    pub origin: Origin,
}

/// Traffic from the Pods of a resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Flow {
    /// The workload that sends.
    pub from: ResourceId,
    /// Where to.
    pub to: FlowEnd,
    /// The port's number.
    pub port: u16,
    /// What carries the traffic.
    pub transport: Transport,
}

/// Where traffic ends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowEnd {
    /// The Pods of another resource.
    Workload(ResourceId),
    /// The API server.
    KubernetesApi,
    /// A host that the stack does not describe.
    Outside(String),
}

impl Graph {
    /// The graph as data for whoever draws it.
    pub fn drawing(&self) -> Drawing {
        let nodes = self.resources().map(|resource| Node {
            id: resource.id.clone(),
            wave: self.wave(&resource.id),
            origin: resource.origin.clone(),
        });
        let mut flows: Vec<_> = self
            .connections()
            .iter()
            .map(|connection| flow(&connection.from.workload, &connection.to))
            .collect();
        flows.sort();
        flows.dedup();
        Drawing {
            stack: self.stack().to_owned(),
            nodes: nodes.collect(),
            edges: self.edges().to_vec(),
            flows,
        }
    }
}

fn flow(from: &ResourceId, to: &Destination) -> Flow {
    let (end, transport) = match to {
        Destination::Service(to) => (FlowEnd::Workload(to.pods.workload.clone()), to.transport),
        Destination::KubernetesApi => (FlowEnd::KubernetesApi, Transport::Tcp),
        Destination::Outside {
            host, transport, ..
        } => (FlowEnd::Outside(host.clone()), *transport),
    };
    Flow {
        from: from.clone(),
        to: end,
        port: to.port(),
        transport,
    }
}
