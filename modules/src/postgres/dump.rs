//! How does what is in a database come to be somewhere else too?
//!
//! Once a day `pg_dump` writes the database to a file, `rclone` copies the file to a bucket under the name of the job,
//! and then, only if that succeeded, deletes what is older than it is kept. No shell runs in between, and no image had to
//! be made for it: both programs come with their own. `pg_restore --clean --if-exists --dbname …` reads such a file.

use k8s_openapi::api::{
    batch::v1::{CronJob, CronJobSpec, JobSpec, JobTemplateSpec},
    core::v1::{Container, EnvVar, VolumeMount},
};
use provider_core::{Destination, Finding, Module, Ref, Scope, kube_core::ObjectMeta};

use super::{Database, Encryption};
use crate::{
    image,
    object_store::{Addressing, ObjectStore},
    pod::{Pod, User},
    tls::{self, Reads},
    units::{Days, MIB, days, millicores},
};

const DIRECTORY: &str = "/dump";

/// Copies a database to a bucket, once a day.
#[derive(Clone, Debug)]
pub struct Dump {
    name: String,
    database: Database,
    store: ObjectStore,
    hour: u8,
    keep: Days,
}

/// A database that is copied.
#[derive(Clone, Debug)]
struct Dumped(Destination);

/// Whether someone copies the databases of that server.
pub(super) fn is_dumped(scope: &Scope<'_>, server: &Destination) -> bool {
    let dumped = scope.announced::<Dumped>();
    dumped.iter().any(|Dumped(at)| at == server)
}

impl Dump {
    /// At three in the morning by UTC, kept for 30 days. The database's login must be in the same namespace.
    pub fn new(name: &str, database: &Database, store: impl Into<ObjectStore>) -> Self {
        Self {
            name: name.to_owned(),
            database: database.clone(),
            store: store.into(),
            hour: 3,
            keep: days(30),
        }
    }

    /// At another full hour, by UTC.
    #[must_use]
    pub fn hour(mut self, hour: u8) -> Self {
        self.hour = hour;
        self
    }

    /// Keeps each so long.
    #[must_use]
    pub fn keep(mut self, keep: Days) -> Self {
        self.keep = keep;
        self
    }

    fn check(&self, scope: &mut Scope<'_>) {
        if self.hour > 23 {
            let message = format!(
                "the dump `{}` is to run at the hour {}",
                self.name, self.hour
            );
            scope.finding(Finding::new("dump-hour", message).hint("an hour from 0 to 23"));
        }
        if self.keep < days(1) {
            let message = format!("the dump `{}` keeps nothing", self.name);
            scope.finding(Finding::new("dump-keep", message).hint("keep at least `days(1)`"));
        }
        self.store.must_hold(scope, &self.name, self.keep);
    }

    /// The bucket, and what the names of the dumps in it begin with, as `rclone` reads it.
    fn place(&self) -> String {
        let (bucket, prefix) = (self.store.bucket(), self.store.prefix());
        match prefix {
            "" => format!("store:{bucket}/{}", self.name),
            prefix => format!("store:{bucket}/{prefix}/{}", self.name),
        }
    }

    fn pod(&self, scope: &mut Scope<'_>) -> Pod {
        let mut pod = Pod::new(&self.name, image::RCLONE);
        pod.user = User::new(65532);
        pod.component = Some("backup");
        pod.resources.cpu = millicores(50);
        pod.resources.memory_request = 128 * MIB;
        pod.resources.memory_limit = 256 * MIB;
        pod.scratch("tmp", "/tmp");
        pod.scratch("dump", DIRECTORY);
        self.store.attach(scope, &mut pod);
        for (name, value) in remote(&self.store) {
            pod.env(name, value);
        }
        pod.env_field("JOB", "metadata.labels['batch.kubernetes.io/job-name']");
        let from = format!("{DIRECTORY}/database");
        let to = format!("{}/$(JOB).dump", self.place());
        let upload = step(&pod, "upload", &["copyto", &from, &to]);
        let age = format!("--min-age={}d", self.keep.count());
        let prune = step(&pod, "prune", &["delete", &age, &self.place()]);
        pod.init = vec![self.dump(&from), upload];
        pod.container = prune;
        if self.database.encryption == Encryption::Own {
            // It is made anew for each run, and reads everything then.
            tls::trust(scope, &mut pod, Reads::Everything);
            let trust = pod.container.volume_mounts.iter().flatten().last().cloned();
            pod.init[0]
                .volume_mounts
                .get_or_insert_default()
                .extend(trust);
        }
        pod
    }

    fn dump(&self, to: &str) -> Container {
        let server = self.database.server.destination();
        let plain = |name: &str, value: String| EnvVar {
            name: name.to_owned(),
            value: Some(value),
            value_from: None,
        };
        let secret = |name: &str, key: &str| EnvVar {
            name: name.to_owned(),
            value: None,
            value_from: Some(self.database.login.key(key)),
        };
        let mut env = vec![
            plain("PGHOST", server.host()),
            plain("PGPORT", server.port().to_string()),
            plain("PGDATABASE", self.database.name.clone()),
            plain("PGSSLMODE", self.database.ssl_mode().to_owned()),
            secret("PGUSER", &self.database.user_key),
            secret("PGPASSWORD", &self.database.password_key),
        ];
        let trusted = match self.database.encryption {
            Encryption::Off | Encryption::Required => None,
            Encryption::Verified => Some("system"),
            Encryption::Own => self.database.trusted(),
        };
        env.extend(trusted.map(|trusted| plain("PGSSLROOTCERT", trusted.to_owned())));
        let args = ["--format=custom", "--no-password", &format!("--file={to}")];
        Container {
            name: "dump".to_owned(),
            image: Some(image::POSTGRES.to_string()),
            command: Some(vec!["pg_dump".to_owned()]),
            args: Some(args.map(str::to_owned).to_vec()),
            env: Some(env),
            volume_mounts: Some(vec![VolumeMount {
                name: "dump".to_owned(),
                mount_path: DIRECTORY.to_owned(),
                ..VolumeMount::default()
            }]),
            ..Container::default()
        }
    }

    fn job(&self, scope: &mut Scope<'_>, pod: Pod) -> Ref<CronJob> {
        let labels = pod.labels(scope.stack());
        let mut template = pod.template(scope.stack(), 1);
        if let Some(spec) = &mut template.spec {
            spec.restart_policy = Some("Never".to_owned());
        }
        let job = JobSpec {
            active_deadline_seconds: Some(3600),
            backoff_limit: Some(3),
            template,
            ..JobSpec::default()
        };
        scope.add(CronJob {
            metadata: ObjectMeta {
                name: Some(self.name.clone()),
                labels: Some(labels),
                ..ObjectMeta::default()
            },
            spec: CronJobSpec {
                concurrency_policy: Some("Forbid".to_owned()),
                failed_jobs_history_limit: Some(3),
                job_template: JobTemplateSpec {
                    metadata: None,
                    spec: Some(job),
                },
                schedule: format!("0 {} * * *", self.hour),
                // A cluster that slept through the hour makes up for it.
                starting_deadline_seconds: Some(3600),
                successful_jobs_history_limit: Some(1),
                time_zone: Some("Etc/UTC".to_owned()),
                ..CronJobSpec::default()
            },
            status: None,
        })
    }
}

/// One run of `rclone`, with everything that the Pod gives it.
fn step(pod: &Pod, name: &str, args: &[&str]) -> Container {
    // It would like to write a configuration file beside itself, and to have one.
    let own = ["--config=/tmp/rclone.conf", "--cache-dir=/tmp"];
    let args = args.iter().chain(&own).map(|arg| (*arg).to_owned());
    Container {
        name: name.to_owned(),
        args: Some(args.collect()),
        ..pod.container.clone()
    }
}

/// The bucket as a remote called `store`; the credentials come from where every client looks.
fn remote(store: &ObjectStore) -> Vec<(&'static str, String)> {
    match store {
        ObjectStore::S3(s3) => {
            let path = s3.addressing == Addressing::Path;
            let provider = if s3.is_amazon() { "AWS" } else { "Other" };
            vec![
                ("RCLONE_CONFIG_STORE_TYPE", "s3".to_owned()),
                ("RCLONE_CONFIG_STORE_PROVIDER", provider.to_owned()),
                ("RCLONE_CONFIG_STORE_ENV_AUTH", "true".to_owned()),
                ("RCLONE_CONFIG_STORE_REGION", s3.region.clone()),
                ("RCLONE_CONFIG_STORE_ENDPOINT", s3.url()),
                ("RCLONE_CONFIG_STORE_FORCE_PATH_STYLE", path.to_string()),
                ("RCLONE_CONFIG_STORE_NO_CHECK_BUCKET", "true".to_owned()),
            ]
        }
        ObjectStore::Gcs(_) => vec![
            (
                "RCLONE_CONFIG_STORE_TYPE",
                "google cloud storage".to_owned(),
            ),
            ("RCLONE_CONFIG_STORE_ENV_AUTH", "true".to_owned()),
            ("RCLONE_CONFIG_STORE_BUCKET_POLICY_ONLY", "true".to_owned()),
            ("RCLONE_CONFIG_STORE_NO_CHECK_BUCKET", "true".to_owned()),
        ],
    }
}

impl Module for Dump {
    type Outputs = ();

    fn build(self, scope: &mut Scope<'_>) {
        self.check(scope);
        let pod = self.pod(scope);
        let job = self.job(scope, pod);
        self.store.connect(scope, &job);
        scope.connect(&job, self.database.server.destination());
        let server = self.database.server.destination().clone();
        scope.announce(Dumped(server));
    }
}
