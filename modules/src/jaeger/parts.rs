//! What do the two programs look like, what may each do, and whom does each trust?

use collector_config::{
    Config, Duration, Release,
    components::{
        connection::{ClientTls, ServerTls},
        jaeger_elasticsearch::BasicAuth,
    },
};
use k8s_openapi::api::apps::v1::Deployment;
use provider_core::{Ref, Scope, Security};

use super::{
    HEALTH, IndexRotation, Jaeger, QUERY_GRPC, QUERY_HTTP, SAMPLING_GRPC, SAMPLING_HTTP,
    SELF_METRICS,
    config::{self, Answers, Receives},
    storage::{Access, Storage},
};
use crate::{
    collector::{Memory, budget},
    elasticsearch::{Login, Rights},
    file::Files,
    image,
    pod::{User, every, http_probe},
    protocol::{OTLP_GRPC, OTLP_HTTP},
    tls::{self, CERTIFICATE_FILE, KEY_FILE, Reads, TRUST_FILE},
    units::{MIB, go_bytes, millicores},
    watch::{Count, Role, Watched},
    workload::Workload,
};

/// How often certificates and passwords are read again.
const AGAIN: Duration = Duration::minutes(10);

impl Jaeger {
    /// The part that takes spans and writes them.
    pub(super) fn collector(&self, scope: &mut Scope<'_>, storage: &Storage) -> Ref<Deployment> {
        let name = format!("{}-collector", self.name);
        let user = format!("{}-writer", self.name);
        let login = self.cluster.login(scope, &user, &self.may_write());
        let security = tls::collector_security(scope);
        let memory = Memory::of(self.memory).queues(1);
        let receives = Receives {
            queue: budget(scope, &name, &memory).queue,
            sampling: self.advice,
            tls: certificate(security),
        };
        let access = Access::of(login.as_ref(), security);
        let config = config::collector(&storage.written(&access), &receives);
        let mut workload = program(scope, &name, "collector", &config, self.memory)
            .replicas(self.collectors)
            .cpu(millicores(500));
        let pod = &mut workload.pod;
        pod.listen(OTLP_GRPC);
        pod.listen(OTLP_HTTP);
        if self.advice.is_some() {
            pod.listen(SAMPLING_HTTP);
            pod.listen(SAMPLING_GRPC);
        }
        let sampling = format!("{}-sampling", self.name);
        tls::serve(scope, pod, &[&name, &sampling], Reads::Certificate);
        if let Some(login) = login {
            login.mount(pod);
        }
        // What is still queued has to be written.
        pod.grace_seconds = Some(60);
        let collector = scope.add(workload);
        let count = match &self.scale {
            None => Count::Replicas(self.collectors),
            Some(scale) => {
                scale.check(scope, &name);
                scale.add(scope, &collector);
                Count::Between(scale.least(), scale.most())
            }
        };
        watch(scope, &collector, Role::JaegerCollector, count);
        collector
    }

    /// The part that answers.
    pub(super) fn query(&self, scope: &mut Scope<'_>, storage: &Storage) -> Ref<Deployment> {
        let name = format!("{}-query", self.name);
        let user = format!("{}-reader", self.name);
        let login = self.cluster.login(scope, &user, &self.may_read(storage));
        let security = tls::security(scope);
        let answers = Answers {
            base_path: self.path.clone(),
            tls: certificate(security),
        };
        let access = Access::of(login.as_ref(), security);
        let config = config::query(&storage.read(&access), &answers);
        let mut workload = program(scope, &name, "query", &config, 512 * MIB)
            .replicas(self.queries)
            .cpu(millicores(250));
        let pod = &mut workload.pod;
        pod.listen(QUERY_HTTP);
        pod.listen(QUERY_GRPC);
        tls::serve(scope, pod, &[&name], Reads::Certificate);
        if let Some(login) = login {
            login.mount(pod);
        }
        let query = scope.add(workload);
        let count = Count::Replicas(self.queries);
        watch(scope, &query, Role::JaegerQuery, count);
        if let Some(prometheus) = &self.asks {
            scope.connect(&query, prometheus);
        }
        query
    }

    /// Writes, and begins the day's index where nobody else begins it.
    fn may_write(&self) -> Rights {
        let mut cluster = vec!["monitor"];
        let mut indices = vec!["index"];
        if self.rotation == IndexRotation::Daily {
            cluster.push("manage_index_templates");
            indices.push("create_index");
        }
        // What was seen by all is what each goes by.
        if self.samples_adaptively() {
            indices.extend(["read", "view_index_metadata"]);
        }
        Rights::of(&cluster).on(&[self.own_indices()], &indices)
    }

    /// Reads, and puts into the archive what someone chose to keep.
    fn may_read(&self, storage: &Storage) -> Rights {
        let reads = ["read", "view_index_metadata"];
        let rights = Rights::of(&["monitor"]).on(&[self.own_indices()], &reads);
        if !self.archives {
            return rights;
        }
        let archive = format!("{}-jaeger-*", storage.archive_prefix());
        rights.on(&[archive], &["read", "view_index_metadata", "index"])
    }

    /// Every index that a Jaeger of this name has, but for the archive.
    pub(super) fn own_indices(&self) -> String {
        format!("{}-jaeger-*", self.name)
    }
}

impl Access {
    fn of(login: Option<&Login>, security: Security) -> Self {
        let login = login.map(|login| BasicAuth {
            username: login.user.clone(),
            password_file: login.file(),
            reload_interval: Some(AGAIN),
        });
        let tls = match security {
            Security::Plain => ClientTls::default(),
            Security::Tls | Security::MutualTls => ClientTls {
                ca_file: Some(TRUST_FILE.to_owned()),
                ..ClientTls::default()
            },
        };
        Self { login, tls }
    }
}

/// How whoever calls is met.
pub(super) fn certificate(security: Security) -> Option<ServerTls> {
    let mutual = match security {
        Security::Plain => return None,
        Security::Tls => false,
        Security::MutualTls => true,
    };
    Some(ServerTls {
        cert_file: Some(CERTIFICATE_FILE.to_owned()),
        key_file: Some(KEY_FILE.to_owned()),
        client_ca_file: mutual.then(|| TRUST_FILE.to_owned()),
        reload_interval: Some(AGAIN),
        ..ServerTls::default()
    })
}

/// Announces where a part shows what it does.
pub(super) fn watch(scope: &mut Scope<'_>, part: &Ref<Deployment>, role: Role, count: Count) {
    let watched = Watched::new(part, SELF_METRICS).role(role);
    scope.announce(watched.count(count));
    let why = "what Jaeger says of itself as metrics is asked for in the open";
    tls::in_the_open(scope, part.id(), SELF_METRICS, why);
}

/// A Pod of the program that both parts are.
pub(super) fn program(
    scope: &mut Scope<'_>,
    name: &str,
    component: &'static str,
    config: &Config,
    memory: u64,
) -> Workload<Deployment> {
    crate::collector::check(scope, name, config, Release::JAEGER);
    let files = Files::one("config.yaml", config.to_yaml(Release::JAEGER));
    let files = files.build(scope, name);
    let mut workload = Workload::stateless(name, image::JAEGER).memory(memory);
    let pod = &mut workload.pod;
    pod.user = User::new(10001);
    pod.component = Some(component);
    pod.config(files.name(), "/etc/jaeger");
    pod.arg("--config=/etc/jaeger/config.yaml");
    let go_limit = Memory::of(memory).go_limit();
    pod.env("GOMEMLIMIT", go_bytes(go_limit));
    pod.listen(HEALTH);
    pod.listen(SELF_METRICS);
    let status = || http_probe(HEALTH.name, "/status");
    pod.container.startup_probe = Some(every(status(), 5, 60));
    pod.container.readiness_probe = Some(every(status(), 10, 3));
    pod.leave_slowly(5);
    workload
}
