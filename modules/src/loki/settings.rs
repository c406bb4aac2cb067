//! How do a Loki's options become its configuration?

use super::{
    GRPC, HOME, HTTP, Keeps, Loki, MEMBERS, Store, Tenancy,
    config::{
        Analytics, AttributesConfig, BucketYaml, Common, CommonStorage, Compactor, Filesystem,
        GcsYaml, Ingester, KvStore, Limits, LokiYaml, Memberlist, OtlpConfig, ResourceAttributes,
        Ring, S3Yaml, SchemaConfig, Server, StorageConfig, Wal,
    },
};
use crate::{
    object_store::{Addressing, ObjectStore},
    units::MIB,
};

/// The largest message between parts, and so the largest batch of lines.
const MESSAGE: u64 = 16 * MIB;

impl<S: Store, T: Tenancy> Loki<S, T> {
    /// Its configuration, for processes that find each other at `members`.
    pub(super) fn settings(&self, stack: &str, members: &str) -> LokiYaml {
        LokiYaml {
            auth_enabled: T::NAMED,
            server: server(),
            common: self.common(),
            memberlist: self.several().then(|| Memberlist {
                bind_port: MEMBERS.number,
                cluster_label: format!("{stack}-{}", self.name),
                join_members: vec![members.to_owned()],
                // All of them restart at once, or the network comes apart: neither may leave two clusters behind.
                rejoin_interval: "1m".to_owned(),
            }),
            ingester: Ingester {
                wal: Wal {
                    replay_memory_ceiling: format!("{}MB", self.memory / 2 / MIB),
                },
            },
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

fn server() -> Server {
    Server {
        http_listen_port: HTTP.number,
        grpc_listen_port: GRPC.number,
        // A little longer than a question may take.
        http_server_read_timeout: "310s".to_owned(),
        http_server_write_timeout: "310s".to_owned(),
        grpc_server_max_recv_msg_size: MESSAGE,
        grpc_server_max_send_msg_size: MESSAGE,
        log_level: "info".to_owned(),
        log_format: "json".to_owned(),
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
