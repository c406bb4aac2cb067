//! What may Grafana ask, as whom, and under which name?

use k8s_openapi::api::core::v1::Secret;
use provider_core::{Destination, Endpoint, Finding, Ref};

use super::dashboard::is_uid;
use crate::{
    loki::TenantLogQl,
    pod::Pod,
    protocol::{Datasource, DatasourceKind},
};

/// Where a source's name and password are mounted.
const LOGINS: &str = "/etc/grafana-sources";

/// A place that Grafana asks.
///
/// ```
/// use modules::{grafana::Source, protocol::ElasticsearchApi};
/// use provider_core::{Endpoint, Ref, k8s_openapi::api::core::v1::Secret};
///
/// fn search(api: &Endpoint<ElasticsearchApi>, reader: &Ref<Secret>) -> Source {
///     Source::of(api).named("logs").index("logs-*").login(reader, "username", "password")
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Source {
    pub(super) kind: DatasourceKind,
    pub(super) uid: String,
    pub(super) url: String,
    pub(super) to: Destination,
    pub(super) tenant: Option<String>,
    pub(super) index: String,
    login: Option<Login>,
}

/// Two keys of a Secret.
#[derive(Clone, Debug)]
struct Login {
    secret: Ref<Secret>,
    user: String,
    password: String,
}

impl Source {
    /// What answers there, named after its Service.
    pub fn of<P: Datasource>(endpoint: &Endpoint<P>) -> Self {
        let mut source = Self::at(endpoint, P::KIND);
        source.url.push_str(P::PATH);
        source
    }

    /// A Loki with tenants, asked as one of them and named after it.
    pub fn tenant(endpoint: &Endpoint<TenantLogQl>, tenant: &str) -> Self {
        let mut source = Self::at(endpoint, DatasourceKind::Loki);
        source.uid = format!("{}-{tenant}", source.uid);
        source.tenant = Some(tenant.to_owned());
        source
    }

    fn at<P: provider_core::Protocol>(endpoint: &Endpoint<P>, kind: DatasourceKind) -> Self {
        let to = endpoint.destination();
        let uid = match to {
            Destination::Service(service) => service.service.name.clone(),
            _ => to.host().replace('.', "-"),
        };
        Self {
            kind,
            uid,
            url: endpoint.url(),
            to: to.clone(),
            tenant: None,
            index: "logs-*".to_owned(),
            login: None,
        }
    }

    /// Another name, for dashboards, links and people; it should never change.
    #[must_use]
    pub fn named(mut self, uid: &str) -> Self {
        uid.clone_into(&mut self.uid);
        self
    }

    /// It answers below a path, such as a Jaeger with a base path.
    #[must_use]
    pub fn below(mut self, path: &str) -> Self {
        self.url += path.trim_end_matches('/');
        self
    }

    /// Which indices of an Elasticsearch hold the logs; `logs-*` otherwise.
    #[must_use]
    pub fn index(mut self, pattern: &str) -> Self {
        pattern.clone_into(&mut self.index);
        self
    }

    /// Logs in with two keys of a Secret of Grafana's namespace: a name and a password.
    #[must_use]
    pub fn login(mut self, secret: &Ref<Secret>, user: &str, password: &str) -> Self {
        self.login = Some(Login {
            secret: secret.clone(),
            user: user.to_owned(),
            password: password.to_owned(),
        });
        self
    }

    /// What it is.
    pub fn kind(&self) -> DatasourceKind {
        self.kind
    }

    /// What dashboards and links name it by.
    pub fn uid(&self) -> &str {
        &self.uid
    }

    /// Whether it answers questions about metrics.
    pub(super) fn is_metrics(&self) -> bool {
        self.kind == DatasourceKind::Prometheus
    }

    /// Whether it proves who it is with a certificate of the stack's authority.
    pub(super) fn is_of_the_stack_and_secured(&self) -> bool {
        matches!(self.to, Destination::Service(_)) && self.to.is_secured()
    }

    /// The files with the name and the password, as Grafana is told to read them.
    pub(super) fn login_files(&self) -> Option<(String, String)> {
        let Login { user, password, .. } = self.login.as_ref()?;
        let file = |key: &str| format!("$__file{{{LOGINS}/{}/{key}}}", self.uid);
        Some((file(user), file(password)))
    }

    /// Mounts them.
    pub(super) fn mount_login(&self, pod: &mut Pod) {
        if let Some(Login { secret, .. }) = &self.login {
            let volume = secret.volume(&format!("source-{}", self.uid));
            pod.mount_read_only(&volume.name, &format!("{LOGINS}/{}", self.uid));
            pod.volumes.push(volume);
        }
    }
}

/// What is wrong with the sources of one Grafana. That a link leads to a source that is there follows from how links
/// are made: from the sources themselves.
pub(super) fn check(name: &str, sources: &[Source]) -> Vec<Finding> {
    let mut found = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        let uid = &source.uid;
        if sources[..index].iter().any(|earlier| earlier.uid == *uid) {
            let message = format!("two sources of the Grafana `{name}` are called `{uid}`");
            let hint = "name one of them with `Source::of(…).named(…)`";
            found.push(Finding::new("datasource-twice", message).hint(hint));
        }
        if !is_uid(uid) {
            let message = format!("`{uid}` is no name of a source of the Grafana `{name}`");
            let hint = "at most 40 letters, digits, hyphens and underscores";
            found.push(Finding::new("datasource-name", message).hint(hint));
        }
    }
    found
}
