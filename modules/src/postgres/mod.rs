//! Postgres: one server with its own volume, for what replicas of a program share.
//!
//! One replica, on purpose: a database that survives the loss of its node without losing anything is an operator's
//! work, or a cloud's. Whoever has either refers to it as a [`Database`]. This one is away while its node is, comes back
//! with its volume, and [`Dump`] copies what is in it to a bucket.

mod database;
mod dump;

pub use database::{Database, Encryption, Sql};
pub use dump::Dump;

use k8s_openapi::api::{
    apps::v1::StatefulSet,
    core::v1::{ExecAction, Probe, Secret},
};
use provider_core::{Exposure, Finding, GeneratedSecret, Module, Port, Ref, Scope, Security};

use crate::{
    image,
    pod::{Pod, User, every},
    tls::{self, Reads},
    units::{GIB, MIB, millicores},
    workload::Workload,
};

const PORT: Port<Sql> = Port::new("sql", 5432);
const HOME: &str = "/var/lib/postgresql";
const LOGIN: &str = "/etc/postgres-login";

/// A Postgres server with one database.
///
/// ```
/// use modules::{Grafana, Postgres, postgres::Dump, ObjectStore, units::days};
/// use provider_core::Scope;
///
/// fn look(stack: &mut Scope<'_>) {
///     let bucket = ObjectStore::gcs("dumps").account("dumps@shop.iam.gserviceaccount.com");
///     let database = stack.add(Postgres::new("grafana-db", "grafana"));
///     stack.add(Dump::new("grafana-db-dump", &database, bucket).keep(days(30)));
///     stack.add(Grafana::new("grafana").postgres(&database));
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Postgres {
    name: String,
    database: String,
    storage: u64,
    memory: u64,
}

impl Postgres {
    /// A server of that name, with a database of that name and an owner of the same name whose password is generated.
    pub fn new(name: &str, database: &str) -> Self {
        Self {
            name: name.to_owned(),
            database: database.to_owned(),
            storage: 10 * GIB,
            memory: 512 * MIB,
        }
    }

    /// So much disk.
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

    fn check(&self) -> Option<Finding> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let wrong = self.database.is_empty()
            || self.database.len() > 63
            || !self.database.chars().all(plain)
            || self.database.starts_with(|c: char| c.is_ascii_digit());
        let message = format!("`{}` is no name of a database", self.database);
        let hint = "a letter, then letters, digits and underscores, all lower case";
        wrong.then(|| Finding::new("database-name", message).hint(hint))
    }

    fn workload(&self, login: &Ref<Secret>) -> Workload<StatefulSet> {
        let mut set = Workload::stateful(&self.name, image::POSTGRES)
            .cpu(millicores(100))
            .memory(self.memory)
            .keep(self.storage, HOME)
            // Where programs of the same Pod would find it.
            .scratch("socket", "/var/run/postgresql")
            .volume(login.volume("login"), LOGIN)
            .env("POSTGRES_USER", &self.database)
            .env("POSTGRES_DB", &self.database)
            .env("POSTGRES_PASSWORD_FILE", format!("{LOGIN}/password"))
            // Who is on the same Pod has to say who they are, too.
            .env(
                "POSTGRES_INITDB_ARGS",
                "--auth-host=scram-sha-256 --auth-local=scram-sha-256",
            );
        set.serves_as = Some(format!("{}-headless", self.name));
        let pod = &mut set.pod;
        pod.user = User::new(999);
        pod.component = Some("database");
        pod.listen(PORT);
        // Whoever is asked before the log of writes was read again answers that it is not ready.
        pod.container.startup_probe = Some(every(self.answers(), 5, 120));
        pod.container.readiness_probe = Some(every(self.answers(), 10, 3));
        pod.leave_slowly(5);
        // The image asks for SIGINT, at which it ends what others do and writes everything down.
        pod.grace_seconds = Some(120);
        set
    }

    /// Gives it a certificate, and says where it is.
    fn serve(&self, scope: &mut Scope<'_>, pod: &mut Pod) {
        let headless = format!("{}-headless", self.name);
        let services = [self.name.as_str(), headless.as_str()];
        let Some(files) = tls::serve(scope, pod, &services, Reads::Nothing) else {
            return;
        };
        let settings = [
            "ssl=on".to_owned(),
            format!("ssl_cert_file={}", files.certificate),
            format!("ssl_key_file={}", files.key),
        ];
        for setting in settings {
            pod.arg("-c");
            pod.arg(setting);
        }
        // It refuses a key that others might read.
        let secrets = pod
            .volumes
            .iter_mut()
            .filter_map(|volume| volume.secret.as_mut());
        for secret in secrets {
            secret.default_mode = Some(0o440);
        }
    }

    /// Asks the server itself. A password is not needed to be told that it accepts connections.
    fn answers(&self) -> Probe {
        let command = [
            "pg_isready",
            "--host=127.0.0.1",
            "--port=5432",
            "--dbname",
            &self.database,
        ];
        Probe {
            exec: Some(ExecAction {
                command: Some(command.map(str::to_owned).to_vec()),
            }),
            timeout_seconds: Some(5),
            ..Probe::default()
        }
    }
}

impl Module for Postgres {
    type Outputs = Database;

    fn build(self, scope: &mut Scope<'_>) -> Database {
        if let Some(finding) = self.check() {
            scope.finding(finding);
        }
        let login = GeneratedSecret::new(format!("{}-login", self.name));
        let login = login
            .plain("username", self.database.as_str())
            .generate("password", 32);
        let login = scope.add(login);
        let security = tls::security(scope);
        let mut set = self.workload(&login);
        self.serve(scope, &mut set.pod);
        let set = scope.add(set);
        scope.expose_as(Exposure::headless(), &set, PORT.secured(security));
        let server = scope.expose(&set, PORT.secured(security));
        let encryption = match security {
            Security::Plain => Encryption::Off,
            Security::Tls | Security::MutualTls => Encryption::Own,
        };
        let database = Database::new(&server, &self.database, &login).encryption(encryption);
        let (name, at) = (self.name, server.destination().clone());
        scope.at_end(move |scope| {
            if !dump::is_dumped(scope, &at) {
                let message = format!(
                    "what is in the Postgres `{name}` lies on one volume, and nothing copies it"
                );
                let hint = "add a `Dump` of it";
                scope.note(Finding::new("no-backup", message).hint(hint));
            }
        });
        database
    }
}
