//! Which port of which Pods does traffic arrive at?

use serde_json::Value;

use super::{
    Finding, rules,
    template::Template,
    walk::{items, text},
};
use crate::{id::ResourceId, origin::Origin};

/// A container port: its number and what carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PodPort<'a> {
    pub(crate) number: u16,
    pub(crate) protocol: &'a str,
}

/// The container port of that name.
pub(crate) fn named<'a>(pods: &Template<'a>, name: &str) -> Option<PodPort<'a>> {
    read(pods.port_named(name)?)
}

/// The container port that a port of a Service leads to, if the Pods declare it.
pub(crate) fn target<'a>(service_port: &'a Value, pods: &Template<'a>) -> Option<PodPort<'a>> {
    let protocol = text(service_port, "protocol").unwrap_or("TCP");
    let target = service_port
        .get("targetPort")
        .or_else(|| service_port.get("port"))?;
    if let Some(name) = target.as_str() {
        return named(pods, name).filter(|port| port.protocol == protocol);
    }
    let number = u16::try_from(target.as_u64()?).ok()?;
    let wanted = PodPort { number, protocol };
    pods.running()
        .flat_map(|container| items(container.value, "ports"))
        .filter_map(read)
        .find(|port| *port == wanted)
}

/// Says that Pods do not declare a port that traffic is sent to.
pub(crate) fn undeclared_port(pods: &ResourceId, name: &str) -> Finding {
    let message = format!("{pods} declares no container port named `{name}`");
    let hint = format!("add a container port named `{name}`");
    Finding::new(rules::UNDECLARED_PORT, message)
        .on(pods)
        .hint(hint)
}

/// Says that the stack does not have the Pods that traffic is about.
pub(crate) fn unknown_pods(id: &ResourceId, origin: &Origin) -> Finding {
    let message =
        format!("the Pods of {id} are named as an end of traffic, but they are not in this stack");
    Finding::new(rules::UNKNOWN_PODS, message)
        .on(id)
        .hint(
            "connect Pods of this stack; a place that it does not describe is `Endpoint::outside`",
        )
        .at(origin)
}

fn read(port: &Value) -> Option<PodPort<'_>> {
    let number = port.get("containerPort")?.as_u64()?;
    Some(PodPort {
        number: u16::try_from(number).ok()?,
        protocol: text(port, "protocol").unwrap_or("TCP"),
    })
}
