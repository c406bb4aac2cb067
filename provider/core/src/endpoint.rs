//! Where does traffic go, and what is spoken there?

use std::{fmt, marker::PhantomData, net::Ipv6Addr};

use serde::Serialize;

use crate::{id::ResourceId, pods::Pods};

/// What is spoken on a port.
pub trait Protocol {
    /// The scheme of its URLs: `http`, `https`, `redis`; `grpc` where addresses have none.
    const SCHEME: &'static str;
    /// What a Service says about it, so that meshes and load balancers treat it rightly (KEP-1422).
    const APP_PROTOCOL: Option<&'static str> = None;
}

/// What carries a port's traffic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Transport {
    /// TCP.
    #[default]
    Tcp,
    /// UDP.
    Udp,
}

/// How traffic is kept from others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Security {
    /// Not at all.
    #[default]
    Plain,
    /// By TLS: the server proves who it is.
    Tls,
    /// By TLS, and the client proves who it is too.
    MutualTls,
}

/// A port: its name, its number and what is spoken on it.
pub struct Port<P> {
    /// The name, at most 15 characters: what Services and probes refer to.
    pub name: &'static str,
    /// The number, from 1 to 65535.
    pub number: u16,
    /// What carries the traffic.
    pub transport: Transport,
    /// How its traffic is kept from others.
    pub security: Security,
    protocol: PhantomData<fn() -> P>,
}

/// A place that speaks `P`.
pub struct Endpoint<P> {
    to: Destination,
    protocol: PhantomData<fn() -> P>,
}

/// A place that Pods can send traffic to, without the type of what is spoken there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Destination {
    /// Pods of this stack behind a Service of this stack.
    Service(Box<ServiceDestination>),
    /// The API server of the cluster itself.
    KubernetesApi,
    /// A place outside the cluster, or one that this stack does not describe.
    Outside {
        /// A host name or an address.
        host: String,
        /// The port's number.
        port: u16,
        /// What carries the traffic.
        transport: Transport,
        /// How the traffic is kept from others.
        security: Security,
    },
}

/// Pods of this stack behind a Service of this stack.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServiceDestination {
    /// The Service.
    pub service: ResourceId,
    /// The Pods behind it.
    pub pods: Pods,
    /// How the Service reaches them.
    pub reach: Reach,
    /// How many Pods there are, where senders reach each of them.
    pub replicas: u32,
    /// The port's name, which the Service and the Pods share.
    pub port_name: String,
    /// The port's number.
    pub port: u16,
    /// What carries the traffic.
    pub transport: Transport,
    /// The scheme of URLs to it, without regard to TLS.
    pub scheme: &'static str,
    /// How the traffic is kept from others.
    pub security: Security,
}

/// How a Service reaches its Pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Through one virtual address that balances connections.
    Service,
    /// Through a DNS name that lists the Pods; the client balances.
    Headless,
    /// Each replica by its own name: for receivers that do not share what they are sent.
    EachReplica,
    /// The replica of that ordinal, by its own name.
    Replica(u32),
    /// The Pod on the sender's own node.
    SameNode,
}

impl<P> Port<P> {
    /// A TCP port.
    pub const fn new(name: &'static str, number: u16) -> Self {
        Self {
            name,
            number,
            transport: Transport::Tcp,
            security: Security::Plain,
            protocol: PhantomData,
        }
    }

    /// The same port over UDP.
    #[must_use]
    pub const fn udp(self) -> Self {
        Self {
            transport: Transport::Udp,
            ..self
        }
    }

    /// The same port with its traffic kept from others in that way.
    #[must_use]
    pub const fn secured(self, security: Security) -> Self {
        Self { security, ..self }
    }
}

impl<P> Endpoint<P> {
    pub(crate) fn new(to: Destination) -> Self {
        Self {
            to,
            protocol: PhantomData,
        }
    }

    /// A place outside the cluster that speaks `P`.
    pub fn outside(host: impl Into<String>, port: u16) -> Self {
        Self::new(Destination::Outside {
            host: host.into(),
            port,
            transport: Transport::Tcp,
            security: Security::Plain,
        })
    }

    /// The same place with the traffic kept from others in that way; for places of the stack their port says it.
    #[must_use]
    pub fn secured(mut self, how: Security) -> Self {
        match &mut self.to {
            Destination::Service(to) => to.security = how,
            Destination::Outside { security, .. } => *security = how,
            Destination::KubernetesApi => {}
        }
        self
    }

    /// Where it is.
    pub fn destination(&self) -> &Destination {
        &self.to
    }

    /// The same place for a second protocol that is spoken on the same port. Said once, by the module
    /// that knows that it is.
    pub fn also<Q: Protocol>(&self) -> Endpoint<Q> {
        let mut to = self.to.clone();
        if let Destination::Service(service) = &mut to {
            service.scheme = Q::SCHEME;
        }
        Endpoint::new(to)
    }
}

impl<P> Endpoint<P> {
    /// Where one has to send to: each replica, where they do not share what they are sent; else here.
    pub fn each(&self) -> Vec<Self> {
        self.to.each().into_iter().map(Self::new).collect()
    }
}

impl<P: Protocol> Endpoint<P> {
    /// `scheme://host:port`.
    pub fn url(&self) -> String {
        let scheme = match (P::SCHEME, self.to.security()) {
            ("http", Security::Tls | Security::MutualTls) => "https",
            (scheme, _) => scheme,
        };
        format!("{scheme}://{}", self.to.address())
    }
}

impl Destination {
    /// The host name: a Service's name as DNS resolves it from every namespace, or that of one Pod behind it.
    pub fn host(&self) -> String {
        match self {
            Destination::Service(to) => {
                let service = &to.service;
                let namespace = service.namespace.as_deref().unwrap_or_default();
                let of_all = format!("{}.{namespace}.svc", service.name);
                to.replica()
                    .map_or(of_all.clone(), |replica| format!("{replica}.{of_all}"))
            }
            Destination::KubernetesApi => "kubernetes.default.svc".into(),
            Destination::Outside { host, .. } => host.clone(),
        }
    }

    /// The port's number.
    pub fn port(&self) -> u16 {
        match self {
            Destination::Service(to) => to.port,
            Destination::KubernetesApi => 443,
            Destination::Outside { port, .. } => *port,
        }
    }

    /// How the traffic is kept from others.
    pub fn security(&self) -> Security {
        match self {
            Destination::Service(to) => to.security,
            Destination::KubernetesApi => Security::Tls,
            Destination::Outside { security, .. } => *security,
        }
    }

    /// Whether TLS is spoken there.
    pub fn is_secured(&self) -> bool {
        self.security() != Security::Plain
    }

    /// `host:port`, with brackets around an address of IPv6.
    pub fn address(&self) -> String {
        let (host, port) = (self.host(), self.port());
        match host.parse::<Ipv6Addr>() {
            Ok(_) => format!("[{host}]:{port}"),
            Err(_) => format!("{host}:{port}"),
        }
    }

    /// Where one has to send to: each replica, where they do not share what they are sent; else here.
    pub fn each(&self) -> Vec<Self> {
        match self {
            Destination::Service(to) if to.reach == Reach::EachReplica => (0..to.replicas)
                .map(|ordinal| {
                    let mut one = to.clone();
                    one.reach = Reach::Replica(ordinal);
                    Destination::Service(one)
                })
                .collect(),
            _ => vec![self.clone()],
        }
    }
}

impl ServiceDestination {
    /// The name of the replica that is meant, where it is one.
    pub fn replica(&self) -> Option<String> {
        match self.reach {
            Reach::Replica(ordinal) => Some(format!("{}-{ordinal}", self.pods.workload.name)),
            _ => None,
        }
    }
}

impl<P> Clone for Port<P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P> Copy for Port<P> {}

impl<P> Clone for Endpoint<P> {
    fn clone(&self) -> Self {
        Self::new(self.to.clone())
    }
}

impl<P> fmt::Debug for Port<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Port({} {})", self.name, self.number)
    }
}

impl<P> fmt::Debug for Endpoint<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({})", self.to.address())
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address())
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Transport::Tcp => "TCP",
            Transport::Udp => "UDP",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Endpoint, Protocol};

    struct Http;
    impl Protocol for Http {
        const SCHEME: &'static str = "http";
    }

    #[test]
    fn an_address_of_ipv6_stands_in_brackets() {
        for (host, url) in [
            ("otlp.example", "http://otlp.example:4318"),
            ("192.0.2.1", "http://192.0.2.1:4318"),
            ("2001:db8::1", "http://[2001:db8::1]:4318"),
        ] {
            assert_eq!(Endpoint::<Http>::outside(host, 4318).url(), url);
        }
    }
}
