//! Where is a database, and who logs in to it?

use k8s_openapi::api::core::v1::Secret;
use provider_core::{Endpoint, Protocol, Ref, Security};

use crate::tls;

/// Postgres' own protocol.
#[derive(Clone, Copy, Debug)]
pub enum Sql {}

impl Protocol for Sql {
    const SCHEME: &'static str = "postgres";
}

/// A database of a Postgres server, and the login of whoever owns it.
///
/// ```
/// use modules::postgres::{Database, Encryption};
/// use provider_core::{Endpoint, Scope, k8s_openapi::api::core::v1::Secret};
///
/// fn managed(stack: &mut Scope<'_>) -> Database {
///     let login = stack.existing::<Secret>("grafana-database");
///     let server = Endpoint::outside("db.example", 5432);
///     Database::new(&server, "grafana", &login).encryption(Encryption::Verified)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Database {
    /// The server.
    pub server: Endpoint<Sql>,
    /// The database's name.
    pub name: String,
    /// The Secret with the login.
    pub login: Ref<Secret>,
    /// The key of the user's name in it.
    pub user_key: String,
    /// The key of the password in it.
    pub password_key: String,
    /// What becomes of the traffic.
    pub encryption: Encryption,
}

/// What becomes of the traffic to a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// It is plain: for a server of the same stack, behind its network policies.
    Off,
    /// It is encrypted, for whoever answers.
    Required,
    /// It is encrypted, and the server's certificate is of a public authority and has its name.
    Verified,
    /// It is encrypted, and the server's certificate is of the stack's own authority and has its name.
    Own,
}

impl Database {
    /// A database of that server, and a Secret with the keys `username` and `password` of its owner. The traffic is
    /// encrypted.
    pub fn new(server: &Endpoint<Sql>, name: &str, login: &Ref<Secret>) -> Self {
        Self {
            // Encryption is the usual; `encryption` says otherwise.
            server: server.clone().secured(Security::Tls),
            name: name.to_owned(),
            login: login.clone(),
            user_key: "username".to_owned(),
            password_key: "password".to_owned(),
            encryption: Encryption::Required,
        }
    }

    /// Other keys of the Secret.
    #[must_use]
    pub fn keys(mut self, user: &str, password: &str) -> Self {
        user.clone_into(&mut self.user_key);
        password.clone_into(&mut self.password_key);
        self
    }

    /// What becomes of the traffic.
    #[must_use]
    pub fn encryption(mut self, encryption: Encryption) -> Self {
        self.encryption = encryption;
        let security = match encryption {
            Encryption::Off => Security::Plain,
            Encryption::Required | Encryption::Verified | Encryption::Own => Security::Tls,
        };
        self.server = self.server.secured(security);
        self
    }

    /// As `sslmode` says it.
    pub(crate) fn ssl_mode(&self) -> &'static str {
        match self.encryption {
            Encryption::Off => "disable",
            Encryption::Required => "require",
            Encryption::Verified | Encryption::Own => "verify-full",
        }
    }

    /// Whom a client trusts, where it is not whom it trusts anyway.
    pub(crate) fn trusted(&self) -> Option<&'static str> {
        (self.encryption == Encryption::Own).then_some(tls::TRUST_FILE)
    }
}
