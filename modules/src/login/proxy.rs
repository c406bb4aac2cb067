//! How does a user interface that asks nobody who they are come to do so?
//!
//! By an oauth2-proxy in front of it, which lets through whom a provider of `OpenID` Connect knows. Nothing else is let
//! in to what stands behind it but what the stack connects; so the proxy is the only way for people.

use k8s_openapi::api::{apps::v1::Deployment, core::v1::Secret};
use provider_core::{
    Destination, Endpoint, Finding, GeneratedSecret, Module, Port, Protocol, Ref, Scope,
};

use super::{HasLogin, Oidc};
use crate::{
    image,
    pod::{every, http_probe},
    protocol::Http,
    tls::{self, Reads, Served},
    units::{MIB, millicores},
    url,
    watch::{Count, Watched},
    workload::Workload,
};

const WEB: Port<BehindLogin> = Port::new("web", 4180);
const METRICS: Port<Http> = Port::new("metrics", 44180);
/// Where the secret is mounted that the proxy proves to the provider who it is with.
const CLIENT: &str = "/etc/login-client";
/// Where the key is mounted that what it tells browsers to keep is encrypted with.
const COOKIE: &str = "/etc/login-cookie";

/// Pages behind a login.
#[derive(Clone, Copy, Debug)]
pub enum BehindLogin {}

impl Protocol for BehindLogin {
    const SCHEME: &'static str = "http";
    const APP_PROTOCOL: Option<&'static str> = Some("http");
}

impl HasLogin for BehindLogin {}

/// A login in front of a user interface that has none, such as Jaeger's, Prometheus' or Alertmanager's.
///
/// ```
/// use modules::{JaegerOutputs, LoginProxy, Oidc};
/// use provider_core::Scope;
///
/// fn open(stack: &mut Scope<'_>, jaeger: &JaegerOutputs, people: &Oidc) {
///     let login = LoginProxy::new("jaeger-login", &jaeger.query, people, "https://jaeger.example");
///     let _web = stack.add(login.group("developers")).web;
/// }
/// ```
#[derive(Clone, Debug)]
pub struct LoginProxy {
    name: String,
    to: Destination,
    url: String,
    oidc: Oidc,
    address: String,
    groups: Vec<String>,
    domains: Vec<String>,
    wanted: u32,
}

/// What others may refer to.
#[derive(Clone, Debug)]
pub struct LoginProxyOutputs {
    /// The same pages, for who has logged in.
    pub web: Endpoint<BehindLogin>,
}

impl LoginProxy {
    /// A login in front of `endpoint` for everyone whom the provider lets in, at the address that people know it by.
    /// The provider sends them back to `<address>/oauth2/callback`.
    pub fn new<P: Protocol>(
        name: &str,
        endpoint: &Endpoint<P>,
        oidc: &Oidc,
        address: &str,
    ) -> Self {
        Self {
            name: name.to_owned(),
            to: endpoint.destination().clone(),
            url: endpoint.url(),
            oidc: oidc.clone(),
            address: address.trim_end_matches('/').to_owned(),
            groups: Vec::new(),
            domains: Vec::new(),
            wanted: 2,
        }
    }

    /// Lets in only whom the provider counts to this group, or to another that is said.
    #[must_use]
    pub fn group(mut self, group: &str) -> Self {
        self.groups.push(group.to_owned());
        self
    }

    /// Lets in only who has an address of this domain, or of another that is said.
    #[must_use]
    pub fn email_domain(mut self, domain: &str) -> Self {
        self.domains.push(domain.to_owned());
        self
    }

    /// So many replicas; two otherwise. They keep nothing: what they know of somebody, the browser keeps.
    #[must_use]
    pub fn replicas(mut self, replicas: u32) -> Self {
        self.wanted = replicas;
        self
    }

    fn check(&self, scope: &mut Scope<'_>) {
        if let Some(finding) = self.oidc.check(&self.name) {
            scope.finding(finding);
        }
        if !self.address.starts_with("https://") || url::bare(&self.address).is_none() {
            let message = format!(
                "`{}` is no address of the login `{}`",
                self.address, self.name
            );
            let hint = "such as `https://jaeger.example`: what a browser keeps must not be seen on its way";
            scope.finding(Finding::new("login-address", message).hint(hint));
        }
        if self.wanted == 0 {
            let message = format!("the login `{}` has no replicas", self.name);
            scope.finding(Finding::new("no-replicas", message));
        }
    }

    fn args(&self, files: Option<Served>) -> Vec<String> {
        let mut args = vec![
            "--provider=oidc".to_owned(),
            format!("--oidc-issuer-url={}", self.oidc.issuer),
            format!("--client-id={}", self.oidc.client),
            format!("--client-secret-file={CLIENT}/{}", self.oidc.key),
            format!("--cookie-secret-file={COOKIE}/key"),
            // Only over TLS, only to this host, only for all of it: browsers see to it because of the name.
            "--cookie-name=__Host-login".to_owned(),
            "--cookie-secure=true".to_owned(),
            "--cookie-samesite=lax".to_owned(),
            "--cookie-expire=12h".to_owned(),
            format!("--redirect-url={}/oauth2/callback", self.address),
            "--code-challenge-method=S256".to_owned(),
            "--skip-provider-button=true".to_owned(),
            // What a request says of itself beside its address is believed from nobody.
            "--reverse-proxy=false".to_owned(),
            format!("--upstream={}/", self.url),
        ];
        match files {
            None => args.extend([
                format!("--http-address=0.0.0.0:{}", WEB.number),
                format!("--metrics-address=0.0.0.0:{}", METRICS.number),
            ]),
            Some(Served {
                certificate, key, ..
            }) => args.extend([
                "--http-address=".to_owned(),
                format!("--https-address=0.0.0.0:{}", WEB.number),
                format!("--tls-cert-file={certificate}"),
                format!("--tls-key-file={key}"),
                "--metrics-address=".to_owned(),
                format!("--metrics-secure-address=0.0.0.0:{}", METRICS.number),
                format!("--metrics-tls-cert-file={certificate}"),
                format!("--metrics-tls-key-file={key}"),
            ]),
        }
        if self.domains.is_empty() {
            args.push("--email-domain=*".to_owned());
        }
        args.extend(
            self.domains
                .iter()
                .map(|domain| format!("--email-domain={domain}")),
        );
        args.extend(
            self.groups
                .iter()
                .map(|group| format!("--allowed-group={group}")),
        );
        args
    }

    fn workload(&self, scope: &mut Scope<'_>, cookie: &Ref<Secret>) -> Workload<Deployment> {
        let mut workload = Workload::stateless(&self.name, image::OAUTH2_PROXY)
            .listen(WEB)
            .listen(METRICS)
            .replicas(self.wanted)
            .cpu(millicores(50))
            .memory(128 * MIB)
            .volume(self.oidc.secret.volume("client"), CLIENT)
            .volume(cookie.volume("cookie"), COOKIE);
        let pod = &mut workload.pod;
        pod.component = Some("login");
        let probe = |path: &str| http_probe(WEB.name, path);
        pod.container.startup_probe = Some(every(probe("/ready"), 5, 120));
        pod.container.readiness_probe = Some(every(probe("/ready"), 10, 3));
        pod.container.liveness_probe = Some(every(probe("/ping"), 15, 6));
        let files = tls::serve(scope, pod, &[&self.name], Reads::Nothing);
        for arg in self.args(files) {
            pod.arg(arg);
        }
        if let Some(files) = files {
            // Beside what the image trusts, whose directory is read in any case.
            pod.env("SSL_CERT_FILE", files.trusted);
            tls::probe_securely(pod);
        }
        workload
    }
}

impl Module for LoginProxy {
    type Outputs = LoginProxyOutputs;

    fn build(self, scope: &mut Scope<'_>) -> LoginProxyOutputs {
        self.check(scope);
        let cookie = GeneratedSecret::new(format!("{}-cookie", self.name));
        let cookie = scope.add(cookie.generate("key", 32));
        let proxy = self.workload(scope, &cookie);
        let proxy = scope.add(proxy);
        let security = tls::security(scope);
        scope.connect(&proxy, &self.to);
        for to in self.oidc.destinations() {
            scope.connect(&proxy, &to);
        }
        let watched = Watched::new(&proxy, METRICS).over(security);
        scope.announce(watched.count(Count::Replicas(self.wanted)));
        LoginProxyOutputs {
            web: scope.expose(&proxy, WEB.secured(security)),
        }
    }
}
