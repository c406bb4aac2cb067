//! How do a Tempo's options become its configuration?

use super::{
    Tempo,
    config::{
        Block, CertificateFiles, Compaction, CompactionProvider, Defaults, Distributor, GcsYaml,
        Generator, GeneratorStorage, Ingestion, Listener, LiveStore, Otlp, Overrides, Path,
        Processors, Protocols, Provider, Receivers, Registry, S3Yaml, Scheduler, Server, Storage,
        TempoYaml, TraceStorage, UsageReport,
    },
};
use crate::{
    object_store::{Addressing, ObjectStore},
    protocol::{OTLP_GRPC, OTLP_HTTP},
    tls::Served,
};

/// Where everything is that a Tempo writes.
pub(super) const HOME: &str = "/var/tempo";
/// Where people and Grafana ask.
pub(super) const HTTP_PORT: u16 = 3200;

impl Tempo {
    pub(super) fn settings(&self, stack: &str, served: Option<Served>) -> TempoYaml {
        let tls = served.map(|served| CertificateFiles {
            cert_file: served.certificate.to_owned(),
            key_file: served.key.to_owned(),
        });
        let listener = |port: u16| Listener {
            endpoint: format!("0.0.0.0:{port}"),
            tls: tls.clone(),
        };
        let measures = !self.measured.is_empty();
        TempoYaml {
            stream_over_http_enabled: true,
            server: Server {
                http_listen_port: HTTP_PORT,
                // All of its parts are in this one process.
                grpc_listen_address: "127.0.0.1".to_owned(),
                log_level: "info".to_owned(),
                log_format: "json".to_owned(),
                http_tls_config: tls.clone(),
            },
            distributor: Distributor {
                receivers: Receivers {
                    otlp: Otlp {
                        protocols: Protocols {
                            grpc: listener(OTLP_GRPC.number),
                            http: listener(OTLP_HTTP.number),
                        },
                    },
                },
            },
            live_store: LiveStore {
                wal: at("live-store/traces"),
                shutdown_marker_dir: at("live-store/shutdown-marker").path,
            },
            backend_scheduler: self.scheduler(),
            storage: Storage {
                trace: self.blocks(),
            },
            metrics_generator: measures.then(|| self.generator(stack)),
            overrides: Overrides {
                defaults: Defaults {
                    ingestion: Ingestion {
                        rate_limit_bytes: self.bytes_per_second,
                        burst_size_bytes: self.bytes_per_second,
                    },
                    metrics_generator: measures.then(|| Processors {
                        processors: ["service-graphs", "span-metrics"].map(str::to_owned).into(),
                    }),
                },
            },
            usage_report: UsageReport {
                reporting_enabled: false,
            },
        }
    }

    fn scheduler(&self) -> Scheduler {
        let compaction = Compaction {
            block_retention: format!("{}h", self.keep.hours()),
        };
        Scheduler {
            local_work_path: at("scheduler").path,
            provider: Provider {
                compaction: CompactionProvider { compaction },
            },
        }
    }

    fn blocks(&self) -> TraceStorage {
        let mut storage = TraceStorage {
            backend: "local".to_owned(),
            wal: at("wal"),
            block: Block {
                version: "vParquet4".to_owned(),
            },
            ..TraceStorage::default()
        };
        match &self.bucket {
            None => storage.local = Some(at("blocks")),
            Some(store @ ObjectStore::S3(s3)) => {
                "s3".clone_into(&mut storage.backend);
                storage.s3 = Some(S3Yaml {
                    bucket: store.bucket().to_owned(),
                    prefix: store.prefix().to_owned(),
                    endpoint: s3.authority(),
                    region: s3.region.clone(),
                    insecure: s3.is_plain(),
                    forcepathstyle: s3.addressing == Addressing::Path,
                });
            }
            Some(store @ ObjectStore::Gcs(_)) => {
                "gcs".clone_into(&mut storage.backend);
                storage.gcs = Some(GcsYaml {
                    bucket_name: store.bucket().to_owned(),
                    prefix: store.prefix().to_owned(),
                });
            }
        }
        storage
    }

    fn generator(&self, stack: &str) -> Generator {
        let labels = [("cluster", stack), ("source", self.name.as_str())];
        Generator {
            registry: Registry {
                external_labels: labels.map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
            },
            storage: GeneratorStorage {
                path: at("generator/wal").path,
                remote_write: self.measured.iter().map(|(to, _)| to.clone()).collect(),
            },
        }
    }
}

fn at(below: &str) -> Path {
    Path {
        path: format!("{HOME}/{below}"),
    }
}
