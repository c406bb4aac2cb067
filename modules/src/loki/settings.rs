//! How do a Loki's options become its configuration?

use super::{
    GRPC, HOME, HTTP, Keeps, Loki, MEMBERS, Store, Tenancy,
    config::{
        Analytics, AttributesConfig, BucketYaml, ClientTlsYaml, Common, CommonStorage, Compactor,
        Filesystem, GcsYaml, GrpcClient, Ingester, KvStore, Limits, LokiYaml, Memberlist,
        OtlpConfig, ResourceAttributes, Ring, S3Yaml, SchemaConfig, Server, ServerTlsYaml,
        StorageConfig, Wal, Worker,
    },
};
use provider_core::Security;

use crate::{
    object_store::{Addressing, ObjectStore},
    tls,
    units::MIB,
};

/// The largest message between parts, and so the largest batch of lines.
const MESSAGE: u64 = 16 * MIB;

impl<S: Store, T: Tenancy> Loki<S, T> {
    /// Its configuration, for processes that find each other at `members`.
    pub(super) fn settings(&self, stack: &str, members: &str, security: Security) -> LokiYaml {
        // A process that is alone talks to itself, where nobody else hears it.
        let between = (self.several() && security != Security::Plain).then(|| between(members));
        let client = || {
            between.clone().map(|tls| GrpcClient {
                grpc_client_config: tls,
            })
        };
        LokiYaml {
            auth_enabled: T::NAMED,
            server: self.server(security),
            common: self.common(),
            memberlist: self.several().then(|| Memberlist {
                bind_port: MEMBERS.number,
                cluster_label: format!("{stack}-{}", self.name),
                join_members: vec![format!("{members}:{}", MEMBERS.number)],
                // All of them restart at once, or the network comes apart: neither may leave two clusters behind.
                rejoin_interval: "1m".to_owned(),
                tls: between.clone(),
            }),
            ingester: Ingester {
                wal: Wal {
                    replay_memory_ceiling: format!("{}MB", self.memory / 2 / MIB),
                },
            },
            ingester_client: client(),
            frontend_worker: between.clone().map(|tls| Worker {
                query_frontend_grpc_client: tls.clone(),
                query_scheduler_grpc_client: tls,
            }),
            frontend: client(),
            query_scheduler: client(),
            compactor_grpc_client: between.clone(),
            schema_config: SchemaConfig {
                configs: self
                    .all_periods()
                    .iter()
                    .map(|period| period.yaml(self.store_kind()))
                    .collect(),
            },
            storage_config: StorageConfig {
                use_thanos_objstore: self.store.bucket().is_some(),
                object_store: self.store.bucket().map(bucket),
            },
            compactor: self.compactor(),
            limits_config: self.limits(),
            analytics: Analytics {
                reporting_enabled: false,
            },
        }
    }

    /// Whether processes have to find each other.
    pub(super) fn several(&self) -> bool {
        self.store.replicas() > 1
    }

    /// Three processes hold each line where there are three, so that one may be missing.
    fn replication(&self) -> u32 {
        self.store.replicas().clamp(1, 3)
    }

    /// The store by the name that Loki has for it.
    fn store_kind(&self) -> &'static str {
        match self.store.bucket() {
            Some(ObjectStore::S3(_)) => "s3",
            Some(ObjectStore::Gcs(_)) => "gcs",
            None => "filesystem",
        }
    }

    fn common(&self) -> Common {
        let (instance, ring) = if self.several() {
            // The address of the Pod, which the program reads from the environment: what it guesses itself has to be
            // in one of the private ranges, which the addresses of Pods are not everywhere.
            ("${POD_IP}", "memberlist")
        } else {
            ("127.0.0.1", "inmemory")
        };
        let disk = CommonStorage {
            filesystem: Filesystem {
                chunks_directory: format!("{HOME}/chunks"),
                rules_directory: format!("{HOME}/rules"),
            },
        };
        let on_disk = self
            .all_periods()
            .iter()
            .any(|period| period.keeps == Keeps::Disk);
        Common {
            path_prefix: HOME.to_owned(),
            replication_factor: self.replication(),
            instance_addr: instance.to_owned(),
            ring: Ring {
                kvstore: KvStore {
                    store: ring.to_owned(),
                },
            },
            storage: on_disk.then_some(disk),
        }
    }

    fn server(&self, security: Security) -> Server {
        let certificate = || (security != Security::Plain).then(certificate);
        let alone = !self.several();
        Server {
            http_listen_port: HTTP.number,
            grpc_listen_port: GRPC.number,
            grpc_listen_address: alone.then(|| "127.0.0.1".to_owned()),
            http_tls_config: certificate(),
            grpc_tls_config: certificate().filter(|_| !alone),
            // A little longer than a question may take.
            http_server_read_timeout: "310s".to_owned(),
            http_server_write_timeout: "310s".to_owned(),
            grpc_server_max_recv_msg_size: MESSAGE,
            grpc_server_max_send_msg_size: MESSAGE,
            log_level: "info".to_owned(),
            log_format: "json".to_owned(),
        }
    }

    fn compactor(&self) -> Compactor {
        let in_bucket = self.store.bucket().is_some();
        Compactor {
            working_directory: format!("{HOME}/compactor"),
            retention_enabled: true,
            delete_request_store: self.store_kind().to_owned(),
            // Another process may be chosen before what was marked is deleted, and it has another disk.
            deletion_marker_object_store_prefix: if in_bucket { "markers/" } else { "" }.to_owned(),
        }
    }

    fn limits(&self) -> Limits {
        Limits {
            retention_period: format!("{}h", self.keep.hours()),
            allow_structured_metadata: true,
            reject_old_samples_max_age: "168h".to_owned(),
            ingestion_rate_mb: self.ingest,
            // One request of the largest size passes at any rate.
            ingestion_burst_size_mb: (self.ingest * 2).max(16),
            max_global_streams_per_user: self.streams,
            query_timeout: "300s".to_owned(),
            volume_enabled: true,
            otlp_config: OtlpConfig {
                resource_attributes: ResourceAttributes {
                    ignore_defaults: true,
                    attributes_config: vec![AttributesConfig {
                        action: "index_label".to_owned(),
                        attributes: self.labels.clone(),
                    }],
                },
            },
        }
    }
}

fn certificate() -> ServerTlsYaml {
    ServerTlsYaml {
        cert_file: tls::CERTIFICATE_FILE.to_owned(),
        key_file: tls::KEY_FILE.to_owned(),
    }
}

/// How parts call each other: by address, and as the Service that finds all of them.
fn between(members: &str) -> ClientTlsYaml {
    ClientTlsYaml {
        tls_enabled: true,
        tls_cert_path: tls::CERTIFICATE_FILE.to_owned(),
        tls_key_path: tls::KEY_FILE.to_owned(),
        tls_ca_path: tls::TRUST_FILE.to_owned(),
        tls_server_name: members.to_owned(),
    }
}

fn bucket(store: &ObjectStore) -> BucketYaml {
    let name = store.bucket().to_owned();
    let (s3, gcs) = match store {
        ObjectStore::S3(s3) => {
            let lookup = match s3.addressing {
                Addressing::Path => "path",
                Addressing::VirtualHost => "virtual-hosted",
            };
            let yaml = S3Yaml {
                bucket_name: name,
                endpoint: s3.authority(),
                region: s3.region.clone(),
                insecure: s3.is_plain(),
                bucket_lookup_type: lookup.to_owned(),
            };
            (Some(yaml), None)
        }
        ObjectStore::Gcs(_) => (None, Some(GcsYaml { bucket_name: name })),
    };
    BucketYaml {
        storage_prefix: store.prefix().to_owned(),
        s3,
        gcs,
    }
}
