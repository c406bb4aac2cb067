//! The exporter that keeps together what belongs together, such as the spans of one trace.

use serde::{Deserialize, Serialize};

use super::{
    otlp_exporters::{OtlpGrpc, queue_mistakes, storage},
    queue::{Retry, SendingQueue},
};
use crate::component::{Class, Component};
use crate::{ComponentId, ComponentType, Duration, Need, Reach, Rule, Signal, Stability};

/// Sends what belongs together to the same collector.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LoadBalancing {
    /// What belongs together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub routing_key: Option<RoutingKey>,
    /// The attributes that make the key, where it is `attributes`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub routing_attributes: Vec<String>,
    /// How the chosen collector is spoken to.
    pub protocol: Protocol,
    /// Who can be chosen.
    pub resolver: Resolver,
    /// How long one request may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// A queue before the choice: what one collector cannot take may go to another once the set has changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sending_queue: Option<SendingQueue>,
    /// Trying again, with a new choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_on_failure: Option<Retry>,
}

/// What belongs together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RoutingKey {
    /// The spans of one trace.
    #[serde(rename = "traceID")]
    TraceId,
    /// Everything of one service.
    #[serde(rename = "service")]
    Service,
    /// Data points of one metric.
    #[serde(rename = "metric")]
    Metric,
    /// Everything of one resource.
    #[serde(rename = "resource")]
    Resource,
    /// Data points of one series.
    #[serde(rename = "streamID")]
    StreamId,
    /// Whatever the listed attributes say.
    #[serde(rename = "attributes")]
    Attributes,
}

/// How a chosen collector is spoken to; the exporter names the protocol by its old name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Protocol {
    /// OTLP over gRPC, without an endpoint.
    pub otlp: OtlpGrpc,
}

/// Who can be chosen; exactly one way to know.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Resolver {
    /// The Pods behind a Service, watched through the API.
    #[serde(rename = "k8s", skip_serializing_if = "Option::is_none")]
    pub kubernetes: Option<KubernetesResolver>,
    /// The addresses of a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns: Option<DnsResolver>,
    /// A fixed list.
    #[serde(rename = "static", skip_serializing_if = "Option::is_none")]
    pub fixed: Option<FixedResolver>,
    /// What AWS Cloud Map knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aws_cloud_map: Option<CloudMapResolver>,
}

settings! {
    /// What AWS Cloud Map knows.
    #[derive(Eq)]
    pub struct CloudMapResolver {
        /// The namespace there.
        pub namespace: String,
        /// The service.
        pub service_name: String,
        /// Which instances: healthy ones, where nothing is said.
        pub health_status: Option<String>,
        /// How often it is asked: every 30 s where nothing is said.
        pub interval: Option<Duration>,
        /// How long the answer may take: 5 s where nothing is said.
        pub timeout: Option<Duration>,
        /// The port of the instances.
        pub port: Option<u16>,
        /// The account that the namespace belongs to.
        pub owner_account: Option<String>,
    }
}

/// The Pods behind a Service. Needs get, list and watch on `EndpointSlice`s in its namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KubernetesResolver {
    /// `name.namespace`.
    pub service: String,
    /// The ports of those Pods.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<u16>,
    /// How long one list or watch may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Names instead of addresses, for replicas of a StatefulSet behind a headless Service: then the set
    /// does not change when a Pod is replaced.
    #[serde(skip_serializing_if = "super::is_default")]
    pub return_hostnames: bool,
}

/// The addresses of a name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DnsResolver {
    /// The name.
    pub hostname: String,
    /// The port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<String>,
    /// How often it is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<Duration>,
    /// How long the answer may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
}

/// A fixed list of `host:port`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FixedResolver {
    /// The list.
    pub hostnames: Vec<String>,
}

impl Resolver {
    /// What a way to know lacks.
    fn empty(&self) -> Option<String> {
        let fixed = self
            .fixed
            .as_ref()
            .filter(|fixed| fixed.hostnames.is_empty());
        let dns = self.dns.as_ref().filter(|dns| dns.hostname.is_empty());
        let kubernetes = self
            .kubernetes
            .as_ref()
            .filter(|k8s| k8s.service.is_empty());
        let cloud = self.aws_cloud_map.as_ref();
        let cloud = cloud.filter(|map| map.namespace.is_empty() || map.service_name.is_empty());
        let rule = match (fixed, dns, kubernetes, cloud) {
            (Some(_), ..) => "resolver.static: `hostnames` are missing",
            (_, Some(_), ..) => "resolver.dns: `hostname` is missing",
            (_, _, Some(_), _) => "resolver.k8s: `service` is missing",
            (.., Some(_)) => "resolver.aws_cloud_map: `namespace` and `service_name` are needed",
            _ => return None,
        };
        Some(rule.to_owned())
    }
}

impl Component for LoadBalancing {
    const TYPE: &'static ComponentType =
        &ComponentType::of::<Self>(Class::Exporter, "load_balancing")
            .in_gateway()
            .renamed_from("loadbalancing", 153)
            .signals(&Signal::ALL)
            .ripe_for(&[
                (Signal::Traces, Stability::Beta),
                (Signal::Logs, Stability::Beta),
                (Signal::Metrics, Stability::Alpha),
            ]);

    fn extensions(&self) -> Vec<ComponentId> {
        let mut named = storage(self.sending_queue.as_ref());
        named.extend(self.protocol.otlp.client_extensions());
        named
    }

    fn mistakes(&self) -> Vec<String> {
        let inner = self.protocol.otlp.sending_queue.as_ref();
        let mut found = queue_mistakes(self.sending_queue.as_ref());
        found.extend(self.protocol.otlp.client_mistakes());
        let Resolver {
            kubernetes,
            dns,
            fixed,
            aws_cloud_map,
        } = &self.resolver;
        let ways = [
            kubernetes.is_some(),
            dns.is_some(),
            fixed.is_some(),
            aws_cloud_map.is_some(),
        ];
        if ways.iter().filter(|there| **there).count() != 1 {
            let rule = "exactly one of `k8s`, `dns`, `static` and `aws_cloud_map` is needed";
            found.push(format!("resolver: {rule}"));
        }
        found.extend(self.resolver.empty());
        let by_attributes = self.routing_key == Some(RoutingKey::Attributes);
        if by_attributes == self.routing_attributes.is_empty() {
            let rule = "`routing_attributes` belong to `routing_key: attributes`, and to it alone";
            found.push(rule.to_owned());
        }
        if !storage(inner).is_empty() {
            // All collectors that can be chosen would share one queue file.
            found.push("protocol.otlp: `storage` belongs to the exporter's own queue".to_owned());
        }
        found
    }

    fn needs(&self) -> Vec<Need> {
        let Some(resolver) = &self.resolver.kubernetes else {
            return Vec::new();
        };
        let namespace = resolver.service.split('.').nth(1);
        let reach = namespace.map_or(Reach::Own, |name| Reach::Namespace(name.to_owned()));
        let slices = Rule::follow(reach, "discovery.k8s.io", "endpointslices");
        vec![Need::Rule(slices)]
    }
}
