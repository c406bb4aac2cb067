//! The components that the tiers put their configurations together from.

use collector_config::{
    ComponentId, Config, Duration, IdError, Pipeline, PipelineId, Signal,
    components::{
        connection::{ClientTls, Keepalive},
        load_balancing::{KubernetesResolver, LoadBalancing, Protocol, Resolver, RoutingKey},
        otlp::{GrpcServer, HttpServer, Otlp, Protocols},
        otlp_exporters::OtlpGrpc,
        queue::SendingQueue,
        tail_sampling::{DecisionCache, Policy, TailSampling},
    },
};
use provider_core::{Destination, Finding, Scope};

use super::memory::{Budget, CACHE_FACTOR};
use crate::protocol::{Export, OTLP_GRPC, OTLP_HTTP};

/// How long the spans of a trace are waited for.
pub(super) const DECISION_WAIT: Duration = Duration::seconds(10);

/// Takes OTLP on both ports of the Pod's own address.
pub(super) fn receiver() -> Otlp {
    let grpc = GrpcServer {
        endpoint: format!("${{env:POD_IP}}:{}", OTLP_GRPC.number),
        max_recv_msg_size_mib: Some(16),
        keepalive: Some(Keepalive::max_age(
            Duration::minutes(1),
            Duration::seconds(20),
        )),
        ..GrpcServer::default()
    };
    let http = HttpServer {
        endpoint: format!("${{env:POD_IP}}:{}", OTLP_HTTP.number),
        ..HttpServer::default()
    };
    Otlp {
        protocols: Protocols {
            grpc: Some(grpc),
            http: Some(http),
        },
    }
}

/// Decides which traces are kept.
pub(super) fn sampler(share: f64, budget: Budget) -> TailSampling {
    TailSampling {
        decision_wait: DECISION_WAIT,
        num_traces: budget.traces,
        expected_new_traces_per_sec: budget.traces_per_second,
        decision_cache: DecisionCache {
            sampled_cache_size: budget.traces * CACHE_FACTOR,
            non_sampled_cache_size: budget.traces * CACHE_FACTOR,
        },
        policies: vec![
            Policy::errors(),
            Policy::slow(1000),
            Policy::share(share * 100.0),
        ],
        ..TailSampling::default()
    }
}

/// Sends each trace to the sampler that is responsible for it.
///
/// Each sampler has a queue of its own. One before all of them would send a whole batch again, to everyone, when one
/// sampler did not take its part.
pub(super) fn balancer(service: &str, namespace: &str, queue: u64) -> LoadBalancing {
    LoadBalancing {
        routing_key: Some(RoutingKey::TraceId),
        protocol: Protocol {
            otlp: OtlpGrpc {
                tls: ClientTls::none(),
                sending_queue: Some(SendingQueue::bytes(queue)),
                ..OtlpGrpc::default()
            },
        },
        resolver: Resolver {
            kubernetes: Some(KubernetesResolver {
                service: format!("{service}.{namespace}"),
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

/// Defines an exporter for each export, and says which they are.
pub(super) fn exporters(
    scope: &mut Scope<'_>,
    config: &mut Config,
    exports: &[Export],
    queue: u64,
) -> Vec<ComponentId> {
    let define = |export: &Export| -> Result<ComponentId, IdError> {
        (export.define)(config, &exporter_name(&export.to), &export.to, queue)
    };
    let defined: Result<Vec<_>, _> = exports.iter().map(define).collect();
    defined.unwrap_or_else(|error| {
        scope.finding(Finding::new("collector-config", error.to_string()));
        Vec::new()
    })
}

/// The name of the Service, of one replica behind it, or of the place outside.
fn exporter_name(to: &Destination) -> String {
    match to {
        Destination::Service(to) => to.replica().unwrap_or_else(|| to.service.name.clone()),
        Destination::KubernetesApi | Destination::Outside { .. } => to.host().replace(':', "-"),
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
