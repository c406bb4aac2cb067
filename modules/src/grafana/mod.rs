//! Grafana: one place to look at everything.
//!
//! One replica, on purpose: it keeps its users and their dashboards in a file on one volume, which two cannot share.
//! A StatefulSet never runs a second Pod beside it, and its volume stays when the stack is taken down.
//! Data sources come from files, with fixed uids and with links between them.

mod config;

pub use config::{DatasourceYaml, DatasourcesYaml};

use k8s_openapi::api::{apps::v1::StatefulSet, core::v1::Secret};
use provider_core::{Destination, Endpoint, GeneratedSecret, Module, Port, Ref, Scope};

use crate::{
    file::{Files, yaml},
    image,
    pod::{User, every, http_probe},
    protocol::{Datasource, Http},
    units::{GIB, MIB, millicores},
    workload::Workload,
};

const WEB: Port<Http> = Port::new("web", 3000);

/// A Grafana.
///
/// ```compile_fail
/// # fn look(scope: &mut provider_core::Scope<'_>) {
/// let prometheus = scope.add(modules::Prometheus::new("prometheus"));
/// // Where metrics are written to answers no questions.
/// scope.add(modules::Grafana::new("grafana").source(&prometheus.otlp));
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Grafana {
    name: String,
    storage: u64,
    sources: Vec<config::Source>,
    asks: Vec<Destination>,
}

/// What others may refer to.
#[derive(Clone, Debug)]
pub struct GrafanaOutputs {
    /// The user interface.
    pub web: Endpoint<Http>,
    /// The name and the password of its administrator.
    pub admin: Ref<Secret>,
}

impl Grafana {
    /// A Grafana that knows no data sources.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            storage: 10 * GIB,
            sources: Vec::new(),
            asks: Vec::new(),
        }
    }

    /// Adds a data source, named after its Service.
    #[must_use]
    pub fn source<P: Datasource>(mut self, endpoint: &Endpoint<P>) -> Self {
        let to = endpoint.destination();
        let uid = match to {
            Destination::Service(service) => service.service.name.clone(),
            _ => to.host().replace('.', "-"),
        };
        self.sources.push(config::Source {
            kind: P::KIND,
            uid,
            url: endpoint.url(),
        });
        self.asks.push(to.clone());
        self
    }

    /// So much disk for users and dashboards.
    #[must_use]
    pub fn storage(mut self, bytes: u64) -> Self {
        self.storage = bytes;
        self
    }

    fn workload(&self, config: &str, admin: &Ref<Secret>) -> Workload<StatefulSet> {
        let mut workload = Workload::stateful(&self.name, image::GRAFANA)
            .listen(WEB)
            .ready_at(WEB, "/api/health")
            .cpu(millicores(100))
            .memory(512 * MIB)
            .keep(self.storage, "/var/lib/grafana")
            .volume(admin.volume("admin"), "/etc/grafana-admin")
            .env(
                "GF_SECURITY_ADMIN_USER__FILE",
                "/etc/grafana-admin/username",
            )
            .env(
                "GF_SECURITY_ADMIN_PASSWORD__FILE",
                "/etc/grafana-admin/password",
            );
        let pod = &mut workload.pod;
        pod.user = User::new(472);
        pod.component = Some("dashboards");
        pod.config_volume(config);
        pod.mount_file("config", "grafana.ini", "/etc/grafana/grafana.ini");
        pod.mount_file(
            "config",
            "datasources.yaml",
            "/etc/grafana/provisioning/datasources/stack.yaml",
        );
        pod.container.liveness_probe = Some(every(http_probe(WEB.name, "/api/health"), 15, 6));
        workload
    }
}

impl Module for Grafana {
    type Outputs = GrafanaOutputs;

    fn build(self, scope: &mut Scope<'_>) -> GrafanaOutputs {
        let mut files = Files::one("grafana.ini", config::ini());
        files.add(
            "datasources.yaml",
            yaml(&config::datasources(&self.sources)),
        );
        let config = files.build(scope, &self.name);
        let admin = GeneratedSecret::new(format!("{}-admin", self.name));
        let admin = scope.add(admin.plain("username", "admin").generate("password", 32));
        let grafana = scope.add(self.workload(config.name(), &admin));
        for destination in &self.asks {
            scope.connect(&grafana, destination);
        }
        GrafanaOutputs {
            web: scope.expose(&grafana, WEB),
            admin,
        }
    }
}
