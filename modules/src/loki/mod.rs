//! Loki: one process that keeps logs on its own disk.
//!
//! Right up to some twenty gigabytes a day. One replica, on purpose: several need a store that all of them see.

mod config;

pub use config::{
    Analytics, AttributesConfig, Common, CommonStorage, Compactor, Filesystem, IndexPeriod,
    KvStore, Limits, LokiYaml, OtlpConfig, Period, ResourceAttributes, Ring, SchemaConfig, Server,
};

use k8s_openapi::api::apps::v1::StatefulSet;
use provider_core::{Endpoint, Exposure, Module, Port, Scope};

use crate::{
    file::{Files, yaml},
    image,
    pod::{User, every, http_probe},
    protocol::{LogQl, LokiOtlp},
    units::{Days, GIB, days, millicores},
    workload::Workload,
};

const HTTP: Port<LogQl> = Port::new("http", 3100);
const HOME: &str = "/loki";

/// A Loki.
///
/// ```
/// # use modules::{Loki, units::days};
/// let loki = Loki::new("loki").keep(days(30));
/// ```
#[derive(Clone, Debug)]
pub struct Loki {
    name: String,
    keep: Days,
    storage: u64,
    memory: u64,
}

/// What others may refer to.
#[derive(Clone, Debug)]
pub struct LokiOutputs {
    /// Where logs are sent to.
    pub otlp: Endpoint<LokiOtlp>,
    /// Where questions are asked.
    pub query: Endpoint<LogQl>,
}

impl Loki {
    /// A Loki that keeps 30 days on 50 GiB.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            keep: days(30),
            storage: 50 * GIB,
            memory: 2 * GIB,
        }
    }

    /// Keeps logs so long.
    #[must_use]
    pub fn keep(mut self, keep: Days) -> Self {
        self.keep = keep;
        self
    }

    /// So much disk. Nothing is deleted when it is full; it has to hold what is kept.
    #[must_use]
    pub fn storage(mut self, bytes: u64) -> Self {
        self.storage = bytes;
        self
    }

    /// So much memory.
    #[must_use]
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    fn settings(&self) -> LokiYaml {
        LokiYaml {
            auth_enabled: false,
            server: Server {
                http_listen_port: HTTP.number,
                grpc_listen_port: 9095,
                grpc_server_max_recv_msg_size: 16 << 20,
                log_level: "info".to_owned(),
                log_format: "json".to_owned(),
            },
            common: common(),
            schema_config: SchemaConfig {
                configs: vec![Period {
                    from: "2024-04-01".to_owned(),
                    store: "tsdb".to_owned(),
                    object_store: "filesystem".to_owned(),
                    schema: "v13".to_owned(),
                    index: IndexPeriod {
                        prefix: "index_".to_owned(),
                        period: "24h".to_owned(),
                    },
                }],
            },
            compactor: Compactor {
                working_directory: format!("{HOME}/compactor"),
                retention_enabled: true,
                delete_request_store: "filesystem".to_owned(),
            },
            limits_config: self.limits(),
            analytics: Analytics {
                reporting_enabled: false,
            },
        }
    }

    fn limits(&self) -> Limits {
        Limits {
            retention_period: format!("{}h", self.keep.hours()),
            allow_structured_metadata: true,
            reject_old_samples_max_age: "168h".to_owned(),
            otlp_config: OtlpConfig {
                resource_attributes: ResourceAttributes {
                    ignore_defaults: true,
                    attributes_config: vec![AttributesConfig {
                        action: "index_label".to_owned(),
                        attributes: config::LABELS.map(str::to_owned).to_vec(),
                    }],
                },
            },
        }
    }

    fn workload(&self, config: &str) -> Workload<StatefulSet> {
        let mut set = Workload::stateful(&self.name, image::LOKI)
            .listen(HTTP)
            .cpu(millicores(500))
            .memory(self.memory)
            .keep(self.storage, HOME);
        set.serves_as = Some(format!("{}-headless", self.name));
        let pod = &mut set.pod;
        pod.user = User::new(10001);
        pod.component = Some("logs");
        pod.config(config, "/etc/loki");
        pod.arg("-config.file=/etc/loki/loki.yaml");
        pod.arg("-target=all");
        // A process that has just started waits a while before it says that it is ready.
        pod.container.startup_probe = Some(every(http_probe(HTTP.name, "/ready"), 10, 60));
        pod.container.readiness_probe = Some(every(http_probe(HTTP.name, "/ready"), 10, 3));
        pod.grace_seconds = Some(300);
        set
    }
}

fn common() -> Common {
    Common {
        path_prefix: HOME.to_owned(),
        replication_factor: 1,
        instance_addr: "127.0.0.1".to_owned(),
        ring: Ring {
            kvstore: KvStore {
                store: "inmemory".to_owned(),
            },
        },
        storage: CommonStorage {
            filesystem: Filesystem {
                chunks_directory: format!("{HOME}/chunks"),
                rules_directory: format!("{HOME}/rules"),
            },
        },
    }
}

impl Module for Loki {
    type Outputs = LokiOutputs;

    fn build(self, scope: &mut Scope<'_>) -> LokiOutputs {
        let files = Files::one("loki.yaml", yaml(&self.settings()));
        let config = files.build(scope, &self.name);
        let set = scope.add(self.workload(config.name()));
        scope.expose_as(Exposure::headless(), &set, HTTP);
        let query = scope.expose(&set, HTTP);
        LokiOutputs {
            otlp: query.also(),
            query,
        }
    }
}
