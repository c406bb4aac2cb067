//! Grafana: one place to look at everything.
//!
//! What it shows comes from files: data sources with fixed uids and links between them, and every dashboard that was
//! announced. What people make in it lies in a database. On its own that is a file on one volume, so there is one
//! replica, in a StatefulSet that never runs a second Pod beside it; [`Grafana::postgres`] gives it a database that
//! several share, and then it keeps nothing itself.

mod config;
mod dashboard;
mod home;
mod ini;
mod links;
mod secrets;
mod source;

pub use config::{
    DashboardProvider, DashboardsYaml, DatasourceYaml, DatasourcesYaml, ProviderOptions,
};
pub use dashboard::{Dashboard, Folder, Show};
pub use home::{Home, InPostgres, Kept, OwnFile};
pub use source::Source;

use k8s_openapi::api::core::v1::Secret;
use provider_core::{
    Endpoint, Exposure, Finding, Module, Pods, Port, Protocol, Ref, Scope, Security,
};

use crate::{
    file::{Files, yaml},
    image,
    login::{HasLogin, Oidc},
    loki::TenantLogQl,
    pod::{Pod, User, every, http_probe},
    postgres::Database,
    protocol::Datasource,
    tempo::MeasuresSpans,
    tls::{self, Reads},
    units::{GIB, MIB, millicores},
    url,
    watch::{Count, Role, Watched},
};
use dashboard::{self as dashboards, Shown};
use ini::Ini;
use secrets::{ADMIN, Secrets};

const WEB: Port<GrafanaUi> = Port::new("web", 3000);
/// Where replicas tell each other whom they have alerted: small news over UDP, all of it over TCP.
const ALERTS: Port<Gossip> = Port::new("alerts", 9094);
const ALERTS_UDP: Port<Gossip> = Port::<Gossip>::new("alerts-udp", 9094).udp();

/// Grafana's pages, behind its own login.
#[derive(Clone, Copy, Debug)]
pub enum GrafanaUi {}

/// How replicas tell each other what they have done.
#[derive(Clone, Copy, Debug)]
enum Gossip {}

impl Protocol for GrafanaUi {
    const SCHEME: &'static str = "http";
    const APP_PROTOCOL: Option<&'static str> = Some("http");
}

impl HasLogin for GrafanaUi {}

impl Protocol for Gossip {
    const SCHEME: &'static str = "tcp";
}

/// A Grafana.
///
/// ```compile_fail
/// # fn look(scope: &mut provider_core::Scope<'_>) {
/// let prometheus = scope.add(modules::Prometheus::new("prometheus"));
/// // Where metrics are written to answers no questions.
/// scope.add(modules::Grafana::new("grafana").source(&prometheus.otlp));
/// # }
/// ```
///
/// Two would not share a file:
///
/// ```compile_fail
/// modules::Grafana::new("grafana").replicas(2);
/// ```
#[derive(Clone, Debug)]
pub struct Grafana<H = OwnFile> {
    name: String,
    sources: Vec<Source>,
    shown: Shown,
    address: Option<String>,
    oidc: Option<Oidc>,
    admins: Option<String>,
    home: H,
}

/// What others may refer to.
#[derive(Clone, Debug)]
pub struct GrafanaOutputs {
    /// The user interface.
    pub web: Endpoint<GrafanaUi>,
    /// The name and the password of its administrator.
    pub admin: Ref<Secret>,
}

impl Grafana {
    /// A Grafana that knows no data sources.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            sources: Vec::new(),
            shown: Shown::default(),
            address: None,
            oidc: None,
            admins: None,
            home: OwnFile { storage: 10 * GIB },
        }
    }

    /// So much disk for what people make.
    #[must_use]
    pub fn storage(mut self, bytes: u64) -> Self {
        self.home.storage = bytes;
        self
    }

    /// Keeps what people make in a database, for two replicas.
    #[must_use]
    pub fn postgres(self, database: &Database) -> Grafana<InPostgres> {
        Grafana {
            name: self.name,
            sources: self.sources,
            shown: self.shown,
            address: self.address,
            oidc: self.oidc,
            admins: self.admins,
            home: InPostgres {
                database: database.clone(),
                wanted: 2,
            },
        }
    }
}

impl Grafana<InPostgres> {
    /// So many replicas.
    #[must_use]
    pub fn replicas(mut self, replicas: u32) -> Self {
        self.home.wanted = replicas;
        self
    }
}

impl<H: Home> Grafana<H> {
    /// Adds a data source, named after its Service.
    #[must_use]
    pub fn source<P: Datasource>(self, endpoint: &Endpoint<P>) -> Self {
        self.ask(Source::of(endpoint))
    }

    /// Adds a Loki with tenants, as one of them.
    #[must_use]
    pub fn source_as(self, endpoint: &Endpoint<TenantLogQl>, tenant: &str) -> Self {
        self.ask(Source::tenant(endpoint, tenant))
    }

    /// Adds a data source with a name or a login of its own.
    #[must_use]
    pub fn ask(mut self, source: Source) -> Self {
        self.sources.push(source);
        self
    }

    /// The address that people know it by, such as `https://grafana.example`: links and logins lead back to it.
    #[must_use]
    pub fn address(mut self, url: &str) -> Self {
        self.address = Some(url.trim_end_matches('/').to_owned());
        self
    }

    /// People log in where the provider says who they are, and may look. It sends them back to
    /// `<address>/login/generic_oauth`.
    #[must_use]
    pub fn oidc(mut self, provider: &Oidc) -> Self {
        self.oidc = Some(provider.clone());
        self
    }

    /// Whoever the provider counts to this group may do everything.
    #[must_use]
    pub fn admins(mut self, group: &str) -> Self {
        self.admins = Some(group.to_owned());
        self
    }

    fn ini(&self, namespace: &str, security: Security) -> Ini {
        let mut ini = Ini::usual();
        if security != Security::Plain {
            ini.secured();
        }
        if let Some(address) = &self.address {
            ini.address(address);
        }
        match self.home.kept().database() {
            None => ini.own_file(),
            Some(database) => {
                let peers = format!("{}.{namespace}.svc:{}", self.peers(), ALERTS.number);
                ini.shared(database, &peers, ALERTS.number);
            }
        }
        if let Some(oidc) = &self.oidc {
            ini.oidc(oidc, self.admins.as_deref());
        }
        ini
    }

    /// The Service by which replicas find each other.
    fn peers(&self) -> String {
        format!("{}-alerts", self.name)
    }

    fn check(&self, scope: &mut Scope<'_>) {
        let mut found = source::check(&self.name, &self.sources);
        if let Some(oidc) = &self.oidc {
            found.extend(oidc.check(&self.name));
            if self.address.is_none() {
                let message = format!(
                    "the Grafana `{}` does not know where a login leads back to",
                    self.name
                );
                let hint = "say its address with `address`";
                found.push(Finding::new("grafana-address", message).hint(hint));
            }
        }
        if let Some(address) = self
            .address
            .as_ref()
            .filter(|url| url::host_and_port(url).is_none())
        {
            let message = format!("`{address}` is no address of the Grafana `{}`", self.name);
            found.push(
                Finding::new("grafana-address", message).hint("such as `https://grafana.example`"),
            );
        }
        found.extend(self.home.kept().check(&self.name));
        for finding in found {
            scope.finding(finding);
        }
        if let Some(note) = self.home.kept().note(&self.name) {
            scope.note(note);
        }
        if self.sources.is_empty() {
            let message = format!("the Grafana `{}` has nothing to ask", self.name);
            let hint = "give it what answers, such as `source(&prometheus.query)`; what people add in it is in its database alone";
            scope.note(Finding::new("grafana-without-source", message).hint(hint));
        }
    }

    /// What every replica runs.
    fn fill(&self, pod: &mut Pod, files: &str, secrets: &Secrets) {
        pod.user = User::new(472);
        pod.component = Some("dashboards");
        pod.resources.cpu = millicores(100);
        pod.resources.memory_request = 512 * MIB;
        pod.resources.memory_limit = 512 * MIB;
        for (name, secret, path) in secrets.mounted(self) {
            pod.volumes.push(secret.volume(name));
            pod.mount_read_only(name, path);
        }
        for (variable, key) in [("USER", "username"), ("PASSWORD", "password")] {
            let variable = format!("GF_SECURITY_ADMIN_{variable}__FILE");
            pod.env(&variable, format!("{ADMIN}/{key}"));
        }
        pod.config_volume(files);
        for (file, path) in FILES {
            pod.mount_file("config", file, path);
        }
        dashboards::mount(pod, &self.shown.folders);
        for source in &self.sources {
            source.mount_login(pod);
        }
        pod.listen(WEB);
        let health = || http_probe(WEB.name, "/api/health");
        pod.container.readiness_probe = Some(every(health(), 10, 3));
        pod.container.startup_probe = Some(every(health(), 5, 120));
        pod.container.liveness_probe = Some(every(health(), 15, 6));
        pod.leave_slowly(5);
        if self.home.kept().database().is_some() {
            pod.listen(ALERTS);
            pod.listen(ALERTS_UDP);
            pod.env_field("POD_IP", "status.podIP");
        }
    }

    fn connect(&self, scope: &mut Scope<'_>, pods: &Pods) {
        for source in &self.sources {
            scope.connect(pods, &source.to);
        }
        let provider = self.oidc.iter().flat_map(Oidc::destinations);
        for to in provider {
            scope.connect(pods, &to);
        }
        if let Some(database) = self.home.kept().database() {
            scope.connect(pods, database.server.destination());
            let peers = || Exposure::headless().named(self.peers()).unready_too();
            for port in [ALERTS, ALERTS_UDP] {
                let peer = scope.expose_as(peers(), pods, port);
                scope.connect(pods, peer.destination());
            }
            let why = "Grafanas tell each other in the open whom they have alerted";
            tls::in_the_open(scope, &pods.workload, ALERTS, why);
        }
    }
}

const FILES: [(&str, &str); 3] = [
    ("grafana.ini", "/etc/grafana/grafana.ini"),
    (
        "datasources.yaml",
        "/etc/grafana/provisioning/datasources/stack.yaml",
    ),
    (
        "dashboards.yaml",
        "/etc/grafana/provisioning/dashboards/stack.yaml",
    ),
];

impl<H: Home> Module for Grafana<H> {
    type Outputs = GrafanaOutputs;

    fn build(self, scope: &mut Scope<'_>) -> GrafanaOutputs {
        self.check(scope);
        let security = tls::security(scope);
        let ini = self.ini(scope.namespace(), security);
        if let Some(finding) = ini.check(&self.name) {
            scope.finding(finding);
        }
        let mut files = Files::one("grafana.ini", ini.text());
        let measuring = scope.announced::<MeasuresSpans>().into_iter();
        let measuring: Vec<_> = measuring.map(|MeasuresSpans(to)| to).collect();
        let datasources = links::datasources(&self.sources, &measuring);
        files.add("datasources.yaml", yaml(&datasources));
        files.add(
            "dashboards.yaml",
            yaml(&dashboards::providers(&self.shown.folders)),
        );
        let files = files.build(scope, &self.name);
        let secrets = Secrets::generate(scope, &self.name);
        let mut pod = Pod::new(&self.name, image::GRAFANA);
        pod.scratch("tmp", "/tmp");
        self.fill(&mut pod, files.name(), &secrets);
        if tls::serve(scope, &mut pod, &[&self.name], Reads::Nothing).is_some() {
            tls::probe_securely(&mut pod);
        }
        let pods = self.home.kept().run(scope, pod);
        self.connect(scope, &pods);
        let web = scope.expose(&pods, WEB.secured(security));
        let watched = Watched::new(&pods, WEB).role(Role::Grafana).over(security);
        scope.announce(watched.count(Count::Replicas(self.home.kept().replicas())));
        for source in &self.sources {
            scope.announce(source.clone());
        }
        let Self {
            name,
            shown,
            sources,
            ..
        } = self;
        // Who makes dashboards of what was announced announces them at the end, and so they are collected after that.
        scope.at_end(move |scope| {
            scope.at_end(move |scope| {
                scope.at_end(move |scope| dashboards::collect(scope, &name, &shown, &sources));
            });
        });
        GrafanaOutputs {
            web,
            admin: secrets.admin,
        }
    }
}
