//! Which addresses and node ports a Service gets.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::Cluster;
use super::at::At;
use super::cause::{Cause, Causes};
use super::edit::{child, copy, items, lacks, object, or_set, remove, text};
use super::validate::{cluster_ips, is_external, needs_health_check};

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

impl Taken {
    fn by_others(new: &Value, cluster: &dyn Cluster) -> Self {
        let own = new.pointer("/metadata/uid");
        let mut taken = Self {
            addresses: BTreeSet::new(),
            ports: BTreeSet::new(),
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
            taken.ports.extend(
                spec.field("ports")
                    .items()
                    .iter()
                    .filter_map(|port| port.field("nodePort").int()),
            );
            taken.ports.extend(spec.field("healthCheckNodePort").int());
        }
        taken
    }

    fn next_address(&mut self) -> String {
        let free = (FIRST_FREE..u16::MAX).map(|low| {
            let [third, fourth] = low.to_be_bytes();
            Ipv4Addr::new(NETWORK[0], NETWORK[1], third, fourth).to_string()
        });
        let address = free
            .into_iter()
            .find(|address| !self.addresses.contains(address))
            .unwrap_or_default();
        self.addresses.insert(address.clone());
        address
    }

    fn next_port(&mut self) -> i64 {
        let port = (FIRST_FREE_PORT..=*NODE_PORTS.end())
            .find(|port| !self.ports.contains(port))
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

/// What was allocated before and is not named in the request is kept.
fn keep_allocated(new: &mut Value, old: &Value) {
    let nothing = Value::Null;
    let before = old.get("spec").unwrap_or(&nothing);
    if has_address(old) && has_address(new) {
        let spec = child(new, "spec");
        for field in ["clusterIP", "clusterIPs"] {
            if At::root(spec).field(field).is_empty() {
                copy(spec, before, field);
            }
        }
    }
    if has_node_ports(old) && has_node_ports(new) {
        let number = |port: &At<'_>| port.field("nodePort").int_or_zero();
        let old_ports = spec_of(old).field("ports").items();
        let asked: BTreeSet<i64> = spec_of(new)
            .field("ports")
            .items()
            .iter()
            .map(number)
            .collect();
        for port in items(child(new, "spec"), "ports") {
            let name = text(port, "name").to_owned();
            let kept = old_ports
                .iter()
                .find(|old| old.field("name").text() == name)
                .map(number);
            if let Some(kept) = kept.filter(|kept| *kept != 0 && !asked.contains(kept)) {
                or_set(port, "nodePort", kept);
            }
        }
    }
    if needs_health_check(&spec_of(old))
        && needs_health_check(&spec_of(new))
        && lacks(child(new, "spec"), "healthCheckNodePort")
    {
        copy(child(new, "spec"), before, "healthCheckNodePort");
    }
}

/// What the new type has no use for falls away, if the request left it as it was.
fn drop_needless(new: &mut Value, old: &Value) {
    let same = |new: &Value, field: &str| {
        spec_of(new).field(field).value() == spec_of(old).field(field).value()
    };
    let mut needless: Vec<&str> = Vec::new();
    if has_address(old) && !has_address(new) {
        if same(new, "clusterIP") && same(new, "clusterIPs") {
            needless.extend(["clusterIP", "clusterIPs"]);
        }
        needless.extend(
            ["ipFamilies", "ipFamilyPolicy"]
                .into_iter()
                .filter(|field| same(new, field)),
        );
    }
    let balanced = |service: &Value| kind(service) == "LoadBalancer";
    if balanced(old) && !balanced(new) {
        needless.extend(
            ["allocateLoadBalancerNodePorts", "loadBalancerClass"]
                .into_iter()
                .filter(|field| same(new, field)),
        );
    }
    if needs_health_check(&spec_of(old))
        && !needs_health_check(&spec_of(new))
        && same(new, "healthCheckNodePort")
    {
        needless.push("healthCheckNodePort");
    }
    if is_external(&spec_of(old))
        && !is_external(&spec_of(new))
        && same(new, "externalTrafficPolicy")
    {
        needless.push("externalTrafficPolicy");
    }
    let ports = |service: &Value| -> BTreeSet<i64> {
        spec_of(service)
            .field("ports")
            .items()
            .iter()
            .filter_map(|port| port.field("nodePort").int())
            .collect()
    };
    let drops_ports =
        has_node_ports(old) && !has_node_ports(new) && ports(old).is_superset(&ports(new));
    if !balanced(new) {
        *child(child(new, "status"), "loadBalancer") = json!({});
    }
    let spec = child(new, "spec");
    for field in needless {
        remove(spec, field);
    }
    if drops_ports {
        for port in items(spec, "ports") {
            remove(port, "nodePort");
        }
    }
}

/// The one address and the list of them say the same.
fn plural_addresses(new: &mut Value, old: Option<&Value>) {
    let single = spec_of(new).field("clusterIP").text().to_owned();
    let list_is_empty = spec_of(new).field("clusterIPs").is_empty();
    let Some(old) = old else {
        if !single.is_empty() && list_is_empty {
            object(child(new, "spec")).insert("clusterIPs".to_owned(), json!([single]));
        }
        return;
    };
    let before = spec_of(old);
    let same_list = spec_of(new).field("clusterIPs").value() == before.field("clusterIPs").value();
    if before.field("clusterIP").text() == single {
        if list_is_empty && before.field("clusterIPs").is_set() {
            copy(child(new, "spec"), before.value(), "clusterIPs");
        }
    } else if same_list || list_is_empty {
        let spec = child(new, "spec");
        if single.is_empty() {
            remove(spec, "clusterIPs");
        } else {
            object(spec).insert("clusterIPs".to_owned(), json!([single]));
        }
    }
}

/// This cluster knows IPv4 only.
fn families(new: &mut Value, old: Option<&Value>) -> Result<(), Vec<Cause>> {
    if !has_address(new) {
        return Ok(());
    }
    let selects = !spec_of(new).field("selector").is_empty();
    let headless = spec_of(new).field("clusterIP").text() == "None";
    let bare = headless && !selects;
    let kept = old
        .map(|old| spec_of(old).field("ipFamilyPolicy").text().to_owned())
        .filter(|policy| !policy.is_empty());
    let policy = kept.unwrap_or_else(|| {
        if bare {
            "RequireDualStack"
        } else {
            "SingleStack"
        }
        .to_owned()
    });
    or_set(child(new, "spec"), "ipFamilyPolicy", policy);
    let mut causes = Causes::default();
    cluster_ips(&spec_of(new), &mut causes);
    if causes.len() > 0 {
        return Err(causes.into_vec());
    }
    dual_stack(new, bare, &mut causes);
    if causes.len() > 0 {
        return Err(causes.into_vec());
    }
    let both = bare && spec_of(new).field("ipFamilyPolicy").text() != "SingleStack";
    or_set(
        child(new, "spec"),
        "ipFamilies",
        if both {
            json!(["IPv4", "IPv6"])
        } else {
            json!(["IPv4"])
        },
    );
    Ok(())
}

fn dual_stack(new: &Value, bare: bool, causes: &mut Causes) {
    let spec = spec_of(new);
    let (policy, addresses, families) = (
        spec.field("ipFamilyPolicy"),
        spec.field("clusterIPs"),
        spec.field("ipFamilies"),
    );
    if policy.text() == "SingleStack" {
        if addresses.len() == 2 {
            causes.invalid(&policy, "must be 'RequireDualStack' or 'PreferDualStack' when multiple cluster IPs are specified");
        }
        if families.len() == 2 {
            causes.invalid(&policy, "must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified");
        }
    }
    for (index, address) in addresses.items().iter().enumerate() {
        if address.text().contains(':') && index >= families.len() {
            causes.invalid_as(
                address,
                addresses.value(),
                "IPv6 is not configured on this cluster",
            );
        }
    }
    if causes.len() > 0 || bare {
        return;
    }
    if policy.text() == "RequireDualStack" {
        causes.invalid(
            &policy,
            "this cluster is not configured for dual-stack services",
        );
    }
    for family in families.items() {
        if family.text() == "IPv6" {
            causes.invalid(&family, "not configured on this cluster");
        }
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
    let owned: BTreeSet<i64> = old
        .map(|old| {
            spec_of(old)
                .field("ports")
                .items()
                .iter()
                .filter_map(|port| port.field("nodePort").int())
                .collect()
        })
        .unwrap_or_default();
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
