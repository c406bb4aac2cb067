//! Which addresses and node ports a Service gets.

mod change;
mod families;

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::Cluster;
use super::at::At;
use super::cause::{Cause, Causes};
use super::edit::{child, lacks, object, or_set};
use super::validate::needs_health_check;
use change::{drop_needless, keep_allocated, plural_addresses};
use families::families;

/// The range that Services live in.
const NETWORK: [u8; 2] = [10, 96];
/// Addresses below this one are left to whoever asks for them by name.
const FIRST_FREE: u16 = 256;
const NODE_PORTS: std::ops::RangeInclusive<i64> = 30_000..=32_767;
/// Node ports below this one are left to whoever asks for them by number.
const FIRST_FREE_PORT: i64 = 30_086;

/// What is taken already.
struct Taken {
    addresses: BTreeSet<String>,
    ports: BTreeSet<i64>,
    /// The ports of this Service itself: it may keep them, but is not given one twice.
    own: BTreeSet<i64>,
    seed: u64,
}

/// Gives a Service its addresses and ports, or says why it cannot have those that it asks for.
pub(super) fn service(
    new: &mut Value,
    old: Option<&Value>,
    cluster: &dyn Cluster,
) -> Result<(), Vec<Cause>> {
    if let Some(old) = old {
        keep_allocated(new, old);
        drop_needless(new, old);
    }
    plural_addresses(new, old);
    families(new, old)?;
    let mut taken = Taken::by_others(new, cluster);
    addresses(new, old, &mut taken)?;
    node_ports(new, old, &mut taken)
}

fn spec_of(service: &Value) -> At<'_> {
    At::root(service).field("spec")
}

fn kind(service: &Value) -> &str {
    spec_of(service).field("type").text()
}

fn has_address(service: &Value) -> bool {
    kind(service) != "ExternalName"
}

fn has_node_ports(service: &Value) -> bool {
    matches!(kind(service), "NodePort" | "LoadBalancer")
}

fn node_ports_of(service: &Value) -> BTreeSet<i64> {
    let spec = spec_of(service);
    let ports = spec.field("ports").items();
    let listed = ports.iter().map(|port| port.field("nodePort"));
    listed
        .chain([spec.field("healthCheckNodePort")])
        .filter_map(|port| port.int())
        .collect()
}

/// A number that another uid makes another, and another version of one object, too (FNV-1a).
fn seed(service: &Value) -> u64 {
    let metadata = At::root(service).field("metadata");
    let texts = ["uid", "resourceVersion"].map(|field| metadata.field(field).text());
    texts
        .concat()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
}

impl Taken {
    fn by_others(new: &Value, cluster: &dyn Cluster) -> Self {
        let own = new.pointer("/metadata/uid");
        let mut taken = Self {
            addresses: BTreeSet::new(),
            ports: BTreeSet::new(),
            own: node_ports_of(new),
            seed: seed(new),
        };
        for service in cluster
            .list("", "Service", None)
            .iter()
            .filter(|service| service.pointer("/metadata/uid") != own)
        {
            let spec = spec_of(service);
            taken.addresses.extend(
                spec.field("clusterIPs")
                    .texts()
                    .into_iter()
                    .map(str::to_owned),
            );
            taken.ports.extend(node_ports_of(service));
        }
        taken
    }

    /// Probing begins at a place that the Service's uid chooses, so that a Service made anew gets another address.
    fn next_address(&mut self) -> String {
        let free = u64::from(u16::MAX - FIRST_FREE);
        let candidates = (0..free).map(|step| {
            let low = FIRST_FREE + u16::try_from((self.seed + step) % free).unwrap_or_default();
            let [third, fourth] = low.to_be_bytes();
            Ipv4Addr::new(NETWORK[0], NETWORK[1], third, fourth).to_string()
        });
        let address = candidates
            .into_iter()
            .find(|address| !self.addresses.contains(address))
            .unwrap_or_default();
        self.addresses.insert(address.clone());
        address
    }

    fn next_port(&mut self) -> i64 {
        let free = *NODE_PORTS.end() - FIRST_FREE_PORT + 1;
        let start = i64::try_from(self.seed % u64::try_from(free).unwrap_or(1)).unwrap_or_default();
        let port = (0..free)
            .map(|step| FIRST_FREE_PORT + (start + step) % free)
            .find(|port| !self.ports.contains(port) && !self.own.contains(port))
            .unwrap_or_default();
        self.ports.insert(port);
        port
    }

    fn take_port(&mut self, at: &At<'_>) -> Result<(), Vec<Cause>> {
        let port = at.int_or_zero();
        let problem = if !NODE_PORTS.contains(&port) {
            "provided port is not in the valid range. The range of valid ports is 30000-32767"
        } else if !self.ports.insert(port) {
            "provided port is already allocated"
        } else {
            return Ok(());
        };
        let mut causes = Causes::default();
        causes.invalid(at, problem);
        Err(causes.into_vec())
    }

    fn take_address(&mut self, list: &At<'_>, address: &str) -> Result<(), Vec<Cause>> {
        let in_range = address
            .parse::<Ipv4Addr>()
            .is_ok_and(|address| address.octets()[..2] == NETWORK);
        let problem = if !in_range {
            "the provided IP is not in the valid range. The range of valid IPs is 10.96.0.0/16"
        } else if !self.addresses.insert(address.to_owned()) {
            "provided IP is already allocated"
        } else {
            return Ok(());
        };
        let mut causes = Causes::default();
        causes.invalid(list, &format!("failed to allocate IP {address}: {problem}"));
        Err(causes.into_vec())
    }
}

fn addresses(new: &mut Value, old: Option<&Value>, taken: &mut Taken) -> Result<(), Vec<Cause>> {
    if !has_address(new) || spec_of(new).field("clusterIP").text() == "None" {
        return Ok(());
    }
    let before = old
        .map(|old| spec_of(old).field("clusterIPs").value().clone())
        .unwrap_or_default();
    let list = spec_of(new).field("clusterIPs");
    if list.is_empty() {
        let address = taken.next_address();
        let spec = object(child(new, "spec"));
        spec.insert("clusterIP".to_owned(), json!(address));
        spec.insert("clusterIPs".to_owned(), json!([address]));
        return Ok(());
    }
    // An address that changes is refused later, with a better message.
    if before.is_null() {
        for address in list.texts() {
            taken.take_address(&list, address)?;
        }
    }
    Ok(())
}

fn node_ports(new: &mut Value, old: Option<&Value>, taken: &mut Taken) -> Result<(), Vec<Cause>> {
    taken.own.extend(old.map(node_ports_of).unwrap_or_default());
    let owned = old.map(node_ports_of).unwrap_or_default();
    if has_node_ports(new) {
        let allocates = kind(new) == "NodePort"
            || spec_of(new)
                .field("allocateLoadBalancerNodePorts")
                .is_true();
        // Protocols that share a port number share the node port.
        let mut of_port: Vec<(i64, i64)> = Vec::new();
        for index in 0..spec_of(new).field("ports").len() {
            let port = spec_of(new).field("ports").index(index);
            let (number, asked) = (
                port.field("port").int_or_zero(),
                port.field("nodePort").int_or_zero(),
            );
            let shared = of_port
                .iter()
                .find(|(known, _)| *known == number)
                .map(|(_, node)| *node);
            if asked != 0 {
                if shared != Some(asked) && !owned.contains(&asked) {
                    taken.take_port(&port.field("nodePort"))?;
                }
                of_port.push((number, asked));
            } else if allocates {
                let node = shared.unwrap_or_else(|| taken.next_port());
                of_port.push((number, node));
                object(&mut new["spec"]["ports"][index]).insert("nodePort".to_owned(), json!(node));
            }
        }
    }
    if needs_health_check(&spec_of(new)) && lacks(child(new, "spec"), "healthCheckNodePort") {
        let port = taken.next_port();
        or_set(child(new, "spec"), "healthCheckNodePort", port);
    }
    Ok(())
}
