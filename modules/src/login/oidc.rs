//! Who says who somebody is? A provider of `OpenID` Connect.

use k8s_openapi::api::core::v1::Secret;
use provider_core::{Destination, Finding, Ref, Security, Transport};

use crate::url;

/// A provider of `OpenID` Connect, and what it knows this stack as.
///
/// ```
/// use modules::Oidc;
/// use provider_core::{Scope, k8s_openapi::api::core::v1::Secret};
///
/// fn people(stack: &mut Scope<'_>) -> Oidc {
///     let secret = stack.existing::<Secret>("grafana-oidc");
///     Oidc::new("https://id.example/realms/shop", "grafana", &secret, "client-secret")
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Oidc {
    pub(crate) issuer: String,
    pub(crate) client: String,
    pub(crate) secret: Ref<Secret>,
    pub(crate) key: String,
    pub(crate) paths: Paths,
}

/// Where the provider answers which question, for programs that do not ask it.
#[derive(Clone, Debug)]
pub(crate) struct Paths {
    pub(crate) authorize: String,
    pub(crate) token: String,
    pub(crate) userinfo: String,
}

impl Oidc {
    /// The provider's URL, the name that it knows this client by, and the Secret and its key with what the client
    /// proves it with. The provider's own pages are taken to be where Keycloak has them.
    pub fn new(issuer: &str, client: &str, secret: &Ref<Secret>, key: &str) -> Self {
        let issuer = issuer.trim_end_matches('/');
        let page = |name: &str| format!("{issuer}/protocol/openid-connect/{name}");
        Self {
            issuer: issuer.to_owned(),
            client: client.to_owned(),
            secret: secret.clone(),
            key: key.to_owned(),
            paths: Paths {
                authorize: page("auth"),
                token: page("token"),
                userinfo: page("userinfo"),
            },
        }
    }

    /// Where the provider asks people, gives tokens and tells about people, as its
    /// `/.well-known/openid-configuration` says.
    #[must_use]
    pub fn pages(mut self, authorize: &str, token: &str, userinfo: &str) -> Self {
        self.paths = Paths {
            authorize: authorize.to_owned(),
            token: token.to_owned(),
            userinfo: userinfo.to_owned(),
        };
        self
    }

    /// What programs ask it without a browser between them.
    pub(crate) fn destinations(&self) -> Vec<Destination> {
        let asked = [&self.issuer, &self.paths.token, &self.paths.userinfo];
        let mut found: Vec<Destination> = Vec::new();
        for (host, port) in asked.into_iter().filter_map(|url| url::host_and_port(url)) {
            let to = Destination::Outside {
                host,
                port,
                transport: Transport::Tcp,
                security: Security::Tls,
            };
            if !found.contains(&to) {
                found.push(to);
            }
        }
        found
    }

    /// What is wrong with what was said.
    pub(crate) fn check(&self, who: &str) -> Option<Finding> {
        let Paths {
            authorize,
            token,
            userinfo,
        } = &self.paths;
        let pages = [&self.issuer, authorize, token, userinfo];
        let wrong = pages
            .into_iter()
            .find(|url| !url.starts_with("https://") || url::host_and_port(url).is_none())?;
        let message = format!("the login of `{who}`: `{wrong}` is no address of a provider");
        let hint = "it begins with `https://`: tokens are worth as much as passwords";
        Some(Finding::new("login-provider", message).hint(hint))
    }
}
