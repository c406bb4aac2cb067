//! Who may send traffic to whom?

use std::panic::Location;

use crate::{
    endpoint::{Destination, Port, Protocol, Reach, ServiceDestination},
    graph::{Connection, Waits},
    id::ResourceId,
    k8s_openapi::api::core::v1::Service,
    kind::Kind,
    origin::Origin,
    pods::Pods,
    scope::Scope,
};

/// Whether NetworkPolicies are derived from the connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// Nothing reaches a Pod, and no Pod reaches anything, but what a connection says.
    #[default]
    Derived,
    /// No NetworkPolicy is made: for stacks of raw workloads whose traffic nobody described.
    Open,
}

/// Who sends, where it is none of the stack's own Pods.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// All Pods of one namespace.
    Namespace(String),
    /// All Pods of the cluster.
    AnyNamespace,
    /// Everyone, from outside the cluster too.
    Anywhere,
}

/// Traffic that Pods take from senders which the stack does not describe.
#[derive(Clone, Debug)]
pub(crate) struct Acceptance {
    pub(crate) pods: Pods,
    pub(crate) port_name: String,
    pub(crate) source: Source,
    pub(crate) origin: Origin,
}

impl Source {
    /// All Pods of one namespace.
    pub fn namespace(name: impl Into<String>) -> Self {
        Source::Namespace(name.into())
    }
}

impl Scope<'_> {
    /// Declares that `from` sends traffic to `to`. Said twice is said once.
    #[track_caller]
    pub fn connect(&mut self, from: impl Into<Pods>, to: &Destination) {
        let origin = self.caller(Location::caller());
        self.put_connection(Connection {
            from: from.into(),
            to: to.clone(),
            waits: Waits::ForReceiver,
            origin,
        });
    }

    /// Declares that `from` asks each Pod of `to` by its own address, whenever it is there, and that neither waits for
    /// the other: who measures everything would otherwise come after everything, also after what sends to it.
    #[track_caller]
    pub fn visit<P: Protocol>(
        &mut self,
        from: impl Into<Pods>,
        to: impl Into<Pods>,
        port: Port<P>,
    ) {
        let origin = self.caller(Location::caller());
        let pods = to.into();
        let namespace = pods.workload.namespace.clone().unwrap_or_default();
        let name = pods.workload.name.clone();
        let to = ServiceDestination {
            // No Service is asked; it stands here for the name that people know these Pods by.
            service: ResourceId::new(&Kind::of::<Service>(), &namespace, name),
            pods,
            reach: Reach::Headless,
            replicas: 1,
            port_name: port.name.to_owned(),
            port: port.number,
            transport: port.transport,
            scheme: P::SCHEME,
            security: port.security,
        };
        self.put_connection(Connection {
            from: from.into(),
            to: Destination::Service(Box::new(to)),
            waits: Waits::ForNobody,
            origin,
        });
    }

    /// Who sends traffic where, as far as it has been said.
    pub fn connections(&self) -> &[Connection] {
        &self.draft.connections
    }

    fn put_connection(&mut self, new: Connection) {
        let mut all = self.draft.connections.iter_mut();
        match all.find(|known| known.from == new.from && known.to == new.to) {
            Some(known) => known.waits = known.waits.min(new.waits),
            None => self.draft.connections.push(new),
        }
    }

    /// Lets Pods take traffic from senders that the stack does not describe, such as applications of other
    /// namespaces that send their telemetry.
    ///
    /// ```
    /// # use provider_core::{Pods, Port, Protocol, Scope, Source};
    /// # struct Otlp;
    /// # impl Protocol for Otlp { const SCHEME: &'static str = "grpc"; }
    /// # const OTLP: Port<Otlp> = Port::new("otlp-grpc", 4317);
    /// fn open_to_all(stack: &mut Scope<'_>, collector: &Pods) {
    ///     stack.accept(collector, OTLP, Source::AnyNamespace);
    /// }
    /// ```
    #[track_caller]
    pub fn accept<P>(&mut self, pods: impl Into<Pods>, port: Port<P>, source: Source) {
        let origin = self.caller(Location::caller());
        self.draft.acceptances.push(Acceptance {
            pods: pods.into(),
            port_name: port.name.to_owned(),
            source,
            origin,
        });
    }

    /// The same for whoever knows where traffic goes and not which Pods are there: nothing is to be let in outside the
    /// stack.
    #[track_caller]
    pub fn accept_at(&mut self, to: &Destination, source: Source) {
        let origin = self.caller(Location::caller());
        if let Destination::Service(to) = to {
            self.draft.acceptances.push(Acceptance {
                pods: to.pods.clone(),
                port_name: to.port_name.clone(),
                source,
                origin,
            });
        }
    }

    /// Chooses whether NetworkPolicies are derived.
    pub fn network(&mut self, network: Network) {
        self.draft.network = network;
    }
}
