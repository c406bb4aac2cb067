//! What do Jaeger's two programs read?

use collector_config::{
    ComponentId, Config, Duration, Pipeline, PipelineId, Signal, Telemetry,
    components::{
        connection::Keepalive,
        debug::{NopExporter, NopReceiver},
        health::{HealthCheckV2, HealthHttp, HealthPath},
        jaeger::{
            Backend, JaegerQuery, JaegerStorage, JaegerStorageExporter, MemoryBackend, QueryStorage,
        },
        jaeger_elasticsearch::{ElasticsearchBackend, Index, Indices},
        otlp::{GrpcServer, HttpServer, Otlp, Protocols},
        processors::{Batch, MemoryLimiter},
        queue::SendingQueue,
    },
};

use super::{HEALTH, QUERY_GRPC, QUERY_HTTP};
use crate::{
    protocol::{OTLP_GRPC, OTLP_HTTP},
    units::Days,
};

/// The name by which the parts of a configuration refer to the storage.
const STORAGE: &str = "traces";

/// Where traces are kept.
#[derive(Clone, Debug)]
pub(super) struct Storage {
    pub(super) url: String,
    pub(super) prefix: String,
    pub(super) nodes: u32,
    pub(super) keep: Days,
}

impl Storage {
    pub(super) fn extension(&self) -> JaegerStorage {
        // A copy on every other member is enough to lose one; a cluster of one has nowhere to put it.
        let copies = u32::from(self.nodes > 1);
        let backend = ElasticsearchBackend {
            server_urls: vec![self.url.clone()],
            indices: Indices {
                index_prefix: self.prefix.clone(),
                spans: Index::daily(self.nodes, copies),
                services: Index::daily(1, copies),
                dependencies: Index::daily(1, copies),
                sampling: Index::daily(1, copies),
            },
            create_mappings: Some(true),
            max_span_age: Some(Duration::hours(self.keep.hours())),
            ..ElasticsearchBackend::default()
        };
        backend_of(Backend {
            elasticsearch: Some(backend),
            memory: None,
        })
    }
}

/// Keeps the last so many traces, and forgets all of them when the Pod ends.
pub(super) fn in_memory(max_traces: u64) -> JaegerStorage {
    backend_of(Backend {
        elasticsearch: None,
        memory: Some(MemoryBackend { max_traces }),
    })
}

fn backend_of(backend: Backend) -> JaegerStorage {
    JaegerStorage {
        backends: [(STORAGE.to_owned(), backend)].into(),
        ..JaegerStorage::default()
    }
}

fn base(storage: &JaegerStorage) -> Config {
    let mut config = Config::default();
    let status = HealthPath {
        enabled: true,
        path: "/status".to_owned(),
    };
    config.add(&HealthCheckV2 {
        use_v2: true,
        http: Some(HealthHttp {
            endpoint: format!("0.0.0.0:{}", HEALTH.number),
            status: Some(status),
        }),
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
pub(super) fn collector(storage: &JaegerStorage, queue: u64) -> Config {
    let mut config = base(storage);
    receive(&mut config, queue);
    config
}

/// Answers questions.
pub(super) fn query(storage: &JaegerStorage) -> Config {
    let mut config = base(storage);
    answer(&mut config);
    // A collector needs a pipeline, even if nothing flows through it.
    let receiver = config.add(&NopReceiver {});
    let exporter = config.add(&NopExporter {});
    traces(&mut config, receiver, Vec::new(), exporter);
    config
}

/// Does both.
pub(super) fn all_in_one(storage: &JaegerStorage, queue: u64) -> Config {
    let mut config = base(storage);
    answer(&mut config);
    receive(&mut config, queue);
    config
}

fn receive(config: &mut Config, queue: u64) {
    let grpc = GrpcServer {
        endpoint: format!("0.0.0.0:{}", OTLP_GRPC.number),
        max_recv_msg_size_mib: Some(16),
        keepalive: Some(Keepalive::max_age(
            Duration::minutes(1),
            Duration::seconds(20),
        )),
        ..GrpcServer::default()
    };
    let http = HttpServer {
        endpoint: format!("0.0.0.0:{}", OTLP_HTTP.number),
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
        trace_storage: STORAGE.to_owned(),
        queue: Some(SendingQueue {
            batch: None,
            ..SendingQueue::bytes(queue)
        }),
        retry_on_failure: None,
    });
    traces(config, otlp, vec![limiter, batch], exporter);
}

fn answer(config: &mut Config) {
    config.add(&JaegerQuery {
        storage: QueryStorage {
            traces: STORAGE.to_owned(),
            ..QueryStorage::default()
        },
        base_path: String::new(),
        http: Some(HttpServer {
            endpoint: format!("0.0.0.0:{}", QUERY_HTTP.number),
            ..HttpServer::default()
        }),
        grpc: Some(GrpcServer {
            endpoint: format!("0.0.0.0:{}", QUERY_GRPC.number),
            ..GrpcServer::default()
        }),
    });
}
