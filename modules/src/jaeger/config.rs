//! What do Jaeger's two programs read?

use collector_config::{
    ComponentId, Config, Duration, Pipeline, PipelineId, Signal, Telemetry,
    components::{
        connection::{Keepalive, ServerTls},
        debug::{NopExporter, NopReceiver},
        health::{HealthCheckV2, HealthHttp, HealthPath},
        jaeger::{JaegerQuery, JaegerStorage, JaegerStorageExporter, QueryStorage},
        jaeger_sampling::{Adaptive, AdaptiveSampling, RemoteSampling, SamplingFile},
        otlp::{GrpcServer, HttpServer, Otlp, Protocols},
        processors::{Batch, MemoryLimiter},
        queue::SendingQueue,
    },
};

use super::{
    HEALTH, QUERY_GRPC, QUERY_HTTP, SAMPLING_GRPC, SAMPLING_HTTP, Sampling,
    storage::{ARCHIVE, METRICS, TRACES},
};
use crate::protocol::{OTLP_GRPC, OTLP_HTTP};

/// What the part that answers is asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Answers {
    pub(super) base_path: String,
    pub(super) tls: Option<ServerTls>,
}

/// What the part that receives is asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Receives {
    /// Bytes.
    pub(super) queue: u64,
    pub(super) sampling: Option<Sampling>,
    pub(super) tls: Option<ServerTls>,
}

fn base(storage: &JaegerStorage) -> Config {
    let mut config = Config::default();
    let status = HealthPath {
        enabled: true,
        path: "/status".to_owned(),
        ..HealthPath::default()
    };
    config.add(&HealthCheckV2 {
        use_v2: true,
        http: Some(HealthHttp {
            endpoint: format!("0.0.0.0:{}", HEALTH.number),
            status: Some(status),
            ..HealthHttp::default()
        }),
        ..HealthCheckV2::default()
    });
    config.add(storage);
    config.service.telemetry = Telemetry::standard("0.0.0.0", 8888);
    config
}

fn traces(
    config: &mut Config,
    receiver: ComponentId,
    processors: Vec<ComponentId>,
    exporter: ComponentId,
) {
    let pipeline = Pipeline {
        receivers: vec![receiver],
        processors,
        exporters: vec![exporter],
    };
    config.pipeline(PipelineId::of(Signal::Traces), pipeline);
}

/// Receives spans and writes them.
pub(super) fn collector(storage: &JaegerStorage, receives: &Receives) -> Config {
    let mut config = base(storage);
    receive(&mut config, receives);
    config
}

/// Answers questions.
pub(super) fn query(storage: &JaegerStorage, answers: &Answers) -> Config {
    let mut config = base(storage);
    answer(&mut config, storage, answers);
    // A collector needs a pipeline, even if nothing flows through it.
    let receiver = config.add(&NopReceiver {});
    let exporter = config.add(&NopExporter {});
    traces(&mut config, receiver, Vec::new(), exporter);
    config
}

/// Does both.
pub(super) fn all_in_one(
    storage: &JaegerStorage,
    receives: &Receives,
    answers: &Answers,
) -> Config {
    let mut config = base(storage);
    answer(&mut config, storage, answers);
    receive(&mut config, receives);
    config
}

fn receive(config: &mut Config, receives: &Receives) {
    let Receives {
        queue,
        sampling,
        tls,
    } = receives;
    let counting = sampling.and_then(|sampling| advise(config, sampling, tls.as_ref()));
    let grpc = GrpcServer {
        endpoint: format!("0.0.0.0:{}", OTLP_GRPC.number),
        tls: tls.clone(),
        max_recv_msg_size_mib: Some(16),
        keepalive: Some(Keepalive::max_age(
            Duration::minutes(1),
            Duration::seconds(20),
        )),
        ..GrpcServer::default()
    };
    let http = HttpServer {
        endpoint: format!("0.0.0.0:{}", OTLP_HTTP.number),
        tls: tls.clone(),
        ..HttpServer::default()
    };
    let otlp = config.add(&Otlp {
        protocols: Protocols {
            grpc: Some(grpc),
            http: Some(http),
        },
    });
    let limiter = config.add(&MemoryLimiter::percent(80, 20));
    let batch = config.add(&Batch::default());
    let exporter = config.add(&JaegerStorageExporter {
        trace_storage: TRACES.to_owned(),
        queue: Some(SendingQueue {
            batch: None,
            ..SendingQueue::bytes(*queue)
        }),
        retry_on_failure: None,
    });
    let processors = [limiter, batch].into_iter().chain(counting);
    traces(config, otlp, processors.collect(), exporter);
}

fn answer(config: &mut Config, storage: &JaegerStorage, answers: &Answers) {
    let archived = storage.backends.contains_key(ARCHIVE);
    let counted = storage.metric_backends.contains_key(METRICS);
    config.add(&JaegerQuery {
        storage: QueryStorage {
            traces: TRACES.to_owned(),
            traces_archive: archived.then(|| ARCHIVE.to_owned()),
            metrics: counted.then(|| METRICS.to_owned()),
        },
        base_path: answers.base_path.clone(),
        http: Some(HttpServer {
            endpoint: format!("0.0.0.0:{}", QUERY_HTTP.number),
            tls: answers.tls.clone(),
            ..HttpServer::default()
        }),
        grpc: Some(GrpcServer {
            endpoint: format!("0.0.0.0:{}", QUERY_GRPC.number),
            tls: answers.tls.clone(),
            ..GrpcServer::default()
        }),
    });
}

/// Tells programs which share of their traces to begin; gives back what has to count for that.
fn advise(config: &mut Config, sampling: Sampling, tls: Option<&ServerTls>) -> Option<ComponentId> {
    let (file, adaptive) = match sampling {
        Sampling::Share(share) => {
            let file = SamplingFile {
                default_sampling_probability: share,
                ..SamplingFile::default()
            };
            (Some(file), None)
        }
        Sampling::Adaptive { traces_per_second } => {
            let adaptive = Adaptive {
                sampling_store: TRACES.to_owned(),
                target_samples_per_second: Some(traces_per_second),
                ..Adaptive::default()
            };
            (None, Some(adaptive))
        }
    };
    let counts = adaptive.is_some();
    config.add(&RemoteSampling {
        file,
        adaptive,
        http: Some(HttpServer {
            endpoint: format!("0.0.0.0:{}", SAMPLING_HTTP.number),
            tls: tls.cloned(),
            ..HttpServer::default()
        }),
        grpc: Some(GrpcServer {
            endpoint: format!("0.0.0.0:{}", SAMPLING_GRPC.number),
            tls: tls.cloned(),
            ..GrpcServer::default()
        }),
    });
    counts.then(|| config.add(&AdaptiveSampling {}))
}
