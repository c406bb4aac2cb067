//! How do people come to a user interface from outside the cluster?
//!
//! Through an [`Entrance`] that the cluster has already, an ingress controller or a Gateway, which is said once, and
//! which may reach what is opened there and nothing else. Only what asks people who they are can be opened: Grafana
//! does, and a [`LoginProxy`](crate::LoginProxy) does for the rest.

mod entrance;
mod policy;
mod route;

pub use entrance::{Entrance, GatewayEntrance, IngressEntrance};
pub use policy::{BackendTlsPolicy, BackendTlsSpec, ObjectRef, Validation};
pub use route::{
    BackendRef, HttpRoute, HttpRouteMatch, HttpRouteRule, HttpRouteSpec, ParentRef, PathMatch,
};

use provider_core::{Destination, Endpoint, Finding, Module, Scope};

use crate::{login::HasLogin, url};

/// A user interface under a name of its own.
///
/// ```
/// use modules::{Entrance, Grafana, Site};
/// use provider_core::Scope;
///
/// fn look(stack: &mut Scope<'_>) {
///     let grafana = stack.add(Grafana::new("grafana").address("https://grafana.example"));
///     let people = Entrance::ingress("traefik", "traefik").issuer("letsencrypt").into();
///     stack.add(Site::new("grafana.example", &grafana.web, &people));
/// }
/// ```
///
/// What lets everyone in is not opened to everyone:
///
/// ```compile_fail
/// # use modules::{Entrance, Prometheus, Site};
/// # fn look(stack: &mut provider_core::Scope<'_>, people: &Entrance) {
/// let prometheus = stack.add(Prometheus::new("prometheus"));
/// stack.add(Site::new("prometheus.example", &prometheus.query, people));
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Site {
    host: String,
    to: Destination,
    entrance: Entrance,
}

impl Site {
    /// Opens `endpoint` as `https://<host>`.
    pub fn new<P: HasLogin>(host: &str, endpoint: &Endpoint<P>, entrance: &Entrance) -> Self {
        Self {
            host: host.to_owned(),
            to: endpoint.destination().clone(),
            entrance: entrance.clone(),
        }
    }

    fn wrong(&self, scope: &mut Scope<'_>, message: &str, hint: &str) {
        let message = format!("the site `{}`: {message}", self.host);
        scope.finding(Finding::new("site", message).hint(hint));
    }

    fn check(&self, scope: &mut Scope<'_>) {
        let plain =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
        let named =
            url::bare(&format!("https://{}", self.host)).is_some_and(|(_, port)| port == 443);
        if !named || !self.host.chars().all(plain) {
            let hint = "such as `grafana.example`, without a scheme and a port";
            self.wrong(scope, "it is no name of a host", hint);
        }
        if let Some((message, hint)) = self.entrance.wrong(&self.to) {
            self.wrong(scope, &message, hint);
        }
    }
}

impl Module for Site {
    type Outputs = ();

    fn build(self, scope: &mut Scope<'_>) {
        self.check(scope);
        let Destination::Service(to) = &self.to else {
            let message = format!("{} is no Service of this stack", self.to);
            self.wrong(scope, &message, "open it where it is described");
            return;
        };
        scope.accept_at(&self.to, self.entrance.pods());
        match &self.entrance {
            Entrance::Ingress(ingress) => ingress.open(scope, &self.host, to),
            Entrance::Gateway(gateway) => gateway.open(scope, &self.host, to),
        }
    }
}
