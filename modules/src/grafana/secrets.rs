//! Which secrets does a Grafana read, and where are they?

use provider_core::{GeneratedSecret, Ref, Scope, k8s_openapi::api::core::v1::Secret};

use super::{Grafana, Home, ini};

/// Where the name and the password of the administrator are mounted.
pub(super) const ADMIN: &str = "/etc/grafana-admin";

/// What was generated for one Grafana.
pub(super) struct Secrets {
    pub(super) admin: Ref<Secret>,
    /// What is secret in the database is encrypted with it; everyone knows the one that Grafana brings.
    key: Ref<Secret>,
}

impl Secrets {
    pub(super) fn generate(scope: &mut Scope<'_>, name: &str) -> Self {
        let admin = GeneratedSecret::new(format!("{name}-admin")).plain("username", "admin");
        let key = GeneratedSecret::new(format!("{name}-key"));
        Self {
            admin: scope.add(admin.generate("password", 32)),
            key: scope.add(key.generate("key", 32)),
        }
    }

    pub(super) fn mounted<'a, H: Home>(
        &'a self,
        grafana: &'a Grafana<H>,
    ) -> Vec<(&'static str, &'a Ref<Secret>, &'static str)> {
        let mut all = vec![("admin", &self.admin, ADMIN), ("key", &self.key, ini::KEY)];
        let database = grafana.home.kept().database();
        all.extend(database.map(|database| ("database", &database.login, ini::DATABASE)));
        all.extend(
            grafana
                .oidc
                .as_ref()
                .map(|oidc| ("oidc", &oidc.secret, ini::OIDC)),
        );
        all
    }
}
