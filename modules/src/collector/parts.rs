//! The components that the tiers put their configurations together from.

use collector_config::{
    ComponentId, Config, Duration, IdError, Pipeline, PipelineId, Signal,
    components::{
        connection::Keepalive,
        k8s_attributes::{Extract, Filter, K8sAttributes, PodAssociation},
        load_balancing::{
            FixedResolver, KubernetesResolver, LoadBalancing, Protocol, Resolver, RoutingKey,
        },
        otlp::{GrpcServer, HttpServer, Otlp, Protocols},
        otlp_exporters::OtlpGrpc,
        tail_sampling::{DecisionCache, Policy, TailSampling},
    },
};
use provider_core::{Destination, Finding, Scope, Security};

use super::{
    memory::{Budget, CACHE_FACTOR},
    names::Outlets,
};
pub(super) use crate::protocol::for_ever;
use crate::{
    protocol::{Export, OTLP_GRPC, OTLP_HTTP, Queue},
    tls,
};

/// An agent that sends everything on to somewhere; a gateway judges those that send to it.
#[derive(Clone, Debug)]
pub(super) struct Forwards {
    pub(super) agent: String,
    pub(super) to: Destination,
}

/// How long the spans of a trace are waited for.
pub(super) const DECISION_WAIT: Duration = Duration::seconds(10);

/// Takes OTLP on both ports of the Pod's own address.
pub(super) fn receiver(security: Security) -> Otlp {
    let grpc = GrpcServer {
        endpoint: format!("[${{env:POD_IP}}]:{}", OTLP_GRPC.number),
        max_recv_msg_size_mib: Some(16),
        keepalive: Some(Keepalive::max_age(
            Duration::minutes(1),
            Duration::seconds(20),
        )),
        tls: tls::is_called(security),
        ..GrpcServer::default()
    };
    let http = HttpServer {
        endpoint: format!("[${{env:POD_IP}}]:{}", OTLP_HTTP.number),
        tls: tls::is_called(security),
        ..HttpServer::default()
    };
    Otlp {
        protocols: Protocols {
            grpc: Some(grpc),
            http: Some(http),
        },
    }
}

/// What is said of the Pod that something comes from. All of it follows from Pods, which is all that is watched.
const ATTRIBUTES: [&str; 13] = [
    "k8s.namespace.name",
    "k8s.pod.name",
    "k8s.pod.uid",
    "k8s.pod.start_time",
    "k8s.node.name",
    "k8s.deployment.name",
    "k8s.statefulset.name",
    "k8s.daemonset.name",
    "k8s.cronjob.name",
    "k8s.job.name",
    "service.namespace",
    "service.name",
    "service.version",
];

/// Says which Pod something comes from: by what the sender says of itself, then by its address.
///
/// Of the Pods of one node where that is the value of this variable, else of all.
pub(super) fn whose(node: Option<&str>) -> K8sAttributes {
    K8sAttributes {
        extract: Extract {
            metadata: ATTRIBUTES.map(str::to_owned).to_vec(),
            otel_annotations: true,
            ..Extract::default()
        },
        filter: Filter {
            node_from_env_var: node.map(str::to_owned),
            ..Filter::default()
        },
        pod_association: vec![
            PodAssociation::attribute("k8s.pod.uid"),
            PodAssociation::attribute("k8s.pod.ip"),
            PodAssociation::connection(),
        ],
        ..K8sAttributes::default()
    }
}

/// Decides which traces are kept.
pub(super) fn sampler(policies: &[Policy], budget: &Budget) -> TailSampling {
    TailSampling {
        decision_wait: DECISION_WAIT,
        num_traces: budget.traces,
        expected_new_traces_per_sec: budget.traces_per_second,
        decision_cache: DecisionCache {
            sampled_cache_size: budget.traces * CACHE_FACTOR,
            non_sampled_cache_size: budget.traces * CACHE_FACTOR,
        },
        policies: policies.to_vec(),
        ..TailSampling::default()
    }
}

/// Sends what belongs together to the collector that is responsible for it.
///
/// Each of those has a queue of its own. One before all of them would send a whole batch again, to everyone, when one
/// of them did not take its part.
pub(super) fn balancer(to: &Destination, key: RoutingKey, queue: &Queue) -> LoadBalancing {
    let address = to.host();
    let service = address.trim_end_matches(".svc");
    let mut tls = tls::calls(to);
    // Each is called by a name or an address of its own, and all have the certificate of their Service.
    tls.server_name_override = to.is_secured().then(|| address.clone());
    LoadBalancing {
        routing_key: Some(key),
        protocol: Protocol {
            otlp: OtlpGrpc {
                tls,
                sending_queue: Some(queue.sending()),
                ..OtlpGrpc::default()
            },
        },
        resolver: Resolver {
            kubernetes: Some(KubernetesResolver {
                service: service.to_owned(),
                ports: vec![OTLP_GRPC.number],
                timeout: None,
                // A sampler that is replaced keeps its name, and with it its traces.
                return_hostnames: true,
            }),
            ..Resolver::default()
        },
        ..LoadBalancing::default()
    }
}

/// Each replica of a headless Service by its own name.
pub(super) fn fixed(to: &Destination, replicas: u32) -> Resolver {
    let host = to.host();
    let name = host.split('.').next().unwrap_or_default();
    let each = |number| format!("{name}-{number}.{host}:{}", OTLP_GRPC.number);
    Resolver {
        fixed: Some(FixedResolver {
            hostnames: (0..replicas).map(each).collect(),
        }),
        ..Resolver::default()
    }
}

/// Defines an exporter for each export, and says which they are.
pub(super) fn exporters(
    scope: &mut Scope<'_>,
    config: &mut Config,
    exports: &[Export],
    outlets: &Outlets,
) -> Vec<ComponentId> {
    let define = |export: &Export| -> Result<ComponentId, IdError> {
        export.add_to(config, &outlets.name(export), &outlets.queue)
    };
    let defined = exports.iter().map(define).collect();
    legal(scope, defined)
}

/// The components that were defined, or a finding where the collector would not accept a name.
pub(super) fn legal(
    scope: &mut Scope<'_>,
    defined: Result<Vec<ComponentId>, IdError>,
) -> Vec<ComponentId> {
    defined.unwrap_or_else(|error| {
        scope.finding(Finding::new("collector-config", error.to_string()));
        Vec::new()
    })
}

/// Adds a pipeline of that name.
pub(super) fn add_named(
    scope: &mut Scope<'_>,
    config: &mut Config,
    signal: Signal,
    name: &str,
    pipeline: Pipeline,
) {
    match PipelineId::named(signal, name) {
        Ok(id) => config.pipeline(id, pipeline),
        Err(error) => scope.finding(Finding::new("collector-config", error.to_string())),
    }
}

/// Adds a pipeline of a signal; the first is named by the signal alone.
pub(super) fn add(config: &mut Config, signal: Signal, pipeline: Pipeline) {
    let mut id = PipelineId::of(signal);
    for number in 2.. {
        if !config.service.pipelines.contains_key(&id) {
            break;
        }
        match PipelineId::named(signal, &number.to_string()) {
            Ok(next) => id = next,
            Err(_) => break,
        }
    }
    config.pipeline(id, pipeline);
}
