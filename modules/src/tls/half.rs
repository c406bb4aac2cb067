//! Is any hop only half TLS, or none at all where the stack speaks it?

use std::collections::BTreeSet;

use provider_core::{Connection, Destination, Finding, Port, ResourceId, Scope, Transport};

/// Pods that know whom to trust: their workload's name and namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Trusts {
    namespace: String,
    name: String,
}

/// A port where TLS cannot be spoken, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct InTheOpen {
    workload: ResourceId,
    port: u16,
    why: &'static str,
}

/// A place that is not of the stack, where TLS cannot be spoken, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct OpenPlace {
    to: Destination,
    why: &'static str,
}

/// Addresses that only a Pod's own node answers at: what a cloud tells its machines. Those of IPv4 are link-local, those of
/// IPv6 are Amazon's own (user guide of EC2, "Access instance metadata"; of EKS, "Pod Identity").
const OF_THE_NODE: [&str; 2] = ["169.254.", "fd00:ec2::"];

/// Says that the Pods of a workload here know whom to trust.
pub(crate) fn trusts(scope: &mut Scope<'_>, name: &str) {
    let namespace = scope.namespace().to_owned();
    let name = name.to_owned();
    scope.announce(Trusts { namespace, name });
}

/// Whether the Pods that were said last to trust are the first of their namespace.
pub(super) fn first_in_namespace(scope: &Scope<'_>) -> bool {
    let here = scope.namespace();
    let all = scope.announced::<Trusts>();
    all.iter().filter(|trusts| trusts.namespace == here).count() == 1
}

/// Says that a program of this catalogue cannot speak TLS at one of its ports, whatever the stack does.
pub(crate) fn in_the_open<P>(
    scope: &mut Scope<'_>,
    workload: &ResourceId,
    port: Port<P>,
    why: &'static str,
) {
    scope.announce(InTheOpen {
        workload: workload.clone(),
        port: port.number,
        why,
    });
}

/// Says why traffic to a place that is not of the stack is in the open, even where the stack speaks TLS.
pub(crate) fn in_the_open_at(scope: &mut Scope<'_>, to: &Destination, why: &'static str) {
    let to = to.clone();
    scope.announce(OpenPlace { to, why });
}

/// Reports each hop that is half TLS, and each that is none without a reason.
pub(super) fn check(scope: &mut Scope<'_>) {
    let trusting: BTreeSet<_> = scope.announced::<Trusts>().into_iter().collect();
    let open: BTreeSet<_> = scope.announced::<InTheOpen>().into_iter().collect();
    let places = scope.announced::<OpenPlace>();
    let connections = scope.connections().to_vec();
    let mut reasons = BTreeSet::new();
    for connection in &connections {
        let place = places.iter().find(|place| place.to == connection.to);
        let verdict = match place {
            Some(place) => Verdict::Excused(place.why),
            None => judge(connection, &trusting, &open),
        };
        match verdict {
            Verdict::Right => {}
            Verdict::Excused(why) => drop(reasons.insert(why)),
            Verdict::Wrong(finding) => scope.finding(finding.at(&connection.origin)),
        }
    }
    for why in reasons {
        scope.note(Finding::new("in-the-open", why));
    }
}

enum Verdict {
    Right,
    Excused(&'static str),
    Wrong(Finding),
}

fn is_of_the_node(host: &str) -> bool {
    OF_THE_NODE.iter().any(|prefix| host.starts_with(prefix))
}

fn judge(
    connection: &Connection,
    trusting: &BTreeSet<Trusts>,
    open: &BTreeSet<InTheOpen>,
) -> Verdict {
    let Connection { from, to, .. } = connection;
    let who = &from.workload;
    let wrong = |message: String| Verdict::Wrong(Finding::new("half-tls", message));
    match to {
        Destination::KubernetesApi => Verdict::Right,
        Destination::Outside { host, .. } if is_of_the_node(host) => Verdict::Right,
        Destination::Outside { .. } if to.is_secured() => Verdict::Right,
        Destination::Outside { host, port, .. } => wrong(format!(
            "{who} sends to {host}:{port} in the open, though the stack speaks TLS"
        )),
        Destination::Service(service) if to.is_secured() => {
            let knows = trusting.iter().any(|trusts| {
                trusts.name == who.name && Some(&trusts.namespace) == who.namespace.as_ref()
            });
            if knows {
                return Verdict::Right;
            }
            wrong(format!(
                "{who} sends to {}, which speaks TLS, and does not know whom to trust",
                service.service
            ))
        }
        Destination::Service(service) => {
            let excuse = open
                .iter()
                .find(|open| open.workload == service.pods.workload && open.port == service.port);
            match excuse {
                Some(excuse) => Verdict::Excused(excuse.why),
                // Gossip over UDP has keys of its own or none; where it speaks TLS it does so over TCP.
                None if service.transport == Transport::Udp => Verdict::Right,
                None => wrong(format!(
                    "{who} sends to {} at the port `{}` in the open, though the stack speaks TLS",
                    service.service, service.port_name
                )),
            }
        }
    }
}
