//! Who may do what in a cluster? Each part of a stack is a user of its own, with the rights that it needs.
//!
//! The Job makes users and roles, and puts in the passwords; parts find theirs in a Secret. Where the stack has no TLS,
//! passwords would go over the network in the open, so there are none.

use k8s_openapi::api::core::v1::Secret;
use provider_core::{Finding, GeneratedSecret, Ref, Scope};

use super::{
    Cluster,
    api::{Rights, User},
    setup::{Request, Wish},
};
use crate::pod::Pod;

/// Below this, a Pod finds the passwords that it needs.
const FOLDER: &str = "/run/secrets/elasticsearch";

/// The key of the Secret with the password.
pub(super) const PASSWORD: &str = "password";
pub(super) const USERNAME: &str = "username";

/// A user of a cluster.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    pub(crate) user: String,
    cluster: String,
    secret: Ref<Secret>,
}

impl Cluster {
    /// A user with these rights, who is made once, however many Pods share it. None where the cluster believes everyone.
    pub(crate) fn login(
        &self,
        scope: &mut Scope<'_>,
        user: &str,
        rights: &Rights,
    ) -> Option<Login> {
        if !self.secured {
            return None;
        }
        let known = scope.announced::<Login>();
        let same = |login: &Login| login.user == user && login.cluster == self.name;
        if let Some(login) = known.into_iter().find(same) {
            return Some(login);
        }
        let secret = self.secret(scope, user);
        if scope.namespace() != self.namespace() {
            let message = format!(
                "`{user}` of the Elasticsearch `{}` lives in the namespace `{}`, and its password in `{}`",
                self.name,
                scope.namespace(),
                self.namespace()
            );
            let hint = "put both into one namespace; nothing reads the Secrets of another";
            scope.finding(Finding::new("elasticsearch-namespace", message).hint(hint));
        }
        let requests = vec![
            Request::role(user, rights),
            Request::user(user, &User::with(user), secret.name()),
        ];
        scope.announce(Wish::of(self, requests));
        let login = Login {
            user: user.to_owned(),
            cluster: self.name.clone(),
            secret,
        };
        scope.announce(login.clone());
        Some(login)
    }

    /// A name and a password that nobody chooses.
    pub(super) fn secret(&self, scope: &mut Scope<'_>, user: &str) -> Ref<Secret> {
        let secret = GeneratedSecret::new(format!("{}-user-{user}", self.name));
        scope.add(secret.plain(USERNAME, user).generate(PASSWORD, 32))
    }

    fn namespace(&self) -> &str {
        self.id.namespace.as_deref().unwrap_or_default()
    }
}

impl Login {
    /// Lets the Pod read the password, at [`file`](Self::file).
    pub(crate) fn mount(&self, pod: &mut Pod) {
        let volume = self.secret.volume(&format!("login-{}", self.cluster));
        pod.mount_read_only(&volume.name, &folder(&self.cluster));
        pod.volumes.push(volume);
    }

    /// Where a Pod finds the password.
    pub(crate) fn file(&self) -> String {
        password_file(&self.cluster)
    }

    /// The Secret with both.
    pub(super) fn secret(&self) -> &Ref<Secret> {
        &self.secret
    }

    /// Gives the Pod both as the variables that programs for Elasticsearch read.
    pub(crate) fn variables(&self, pod: &mut Pod) {
        pod.env("ES_USERNAME", &self.user);
        pod.env_from("ES_PASSWORD", self.secret.key(PASSWORD));
    }
}

fn folder(cluster: &str) -> String {
    format!("{FOLDER}/{cluster}")
}

/// Where a Pod finds its password for that cluster.
pub(super) fn password_file(cluster: &str) -> String {
    format!("{}/{PASSWORD}", folder(cluster))
}
