//! What can be measured, and which rules are there to judge it by?
//!
//! A module announces its programs and its rules; whoever measures asks for all of them at the end of the definition.

use provider_core::{Destination, Finding, Pods, Port, Scope, Security};

use crate::{file::Files, protocol::Http};

/// A program that shows what it does as Prometheus metrics.
///
/// ```
/// use modules::{Watched, Workload, protocol::Http};
/// use provider_core::{Port, Scope};
///
/// const WEB: Port<Http> = Port::new("web", 8080);
///
/// fn shop(stack: &mut Scope<'_>) {
///     let shop = stack.add(Workload::stateless("shop", "shop:1.0.0").listen(WEB));
///     stack.announce(Watched::new(&shop, WEB));
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Watched {
    /// What it is.
    pub role: Role,
    /// The value of the label `job` of all its series: its workload's name, unless it was given another.
    pub job: String,
    /// Its Pods.
    pub pods: Pods,
    /// How many of them there are.
    pub count: Count,
    /// How much memory each of them may have, where that is known.
    pub memory: Option<u64>,
    /// Where each of them answers.
    pub port: Port<Http>,
    /// The path.
    pub path: String,
    /// The name that its certificate is for, where the port speaks TLS.
    pub server_name: String,
    /// Where it is a container in others' Pods, which these Pods of ours are asked to put there.
    pub(crate) guest: Option<Guest>,
}

/// A container in the Pods of others, in namespaces that are not of the stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Guest {
    /// Its name.
    pub(crate) container: String,
    /// The label that its Pods have.
    pub(crate) label: &'static str,
    /// Where they are.
    pub(crate) namespaces: Vec<String>,
}

/// What a program is, for dashboards and alerts that know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// A collector on each node.
    Agent,
    /// Collectors that everything goes through.
    Gateway,
    /// Collectors that decide about traces.
    Sampler,
    /// The one collector that watches the cluster.
    ClusterCollector,
    /// A collector beside a program.
    Sidecar,
    /// The program that adds sidecars.
    Injector,
    /// Prometheus.
    Prometheus,
    /// Alertmanager.
    Alertmanager,
    /// VictoriaMetrics: one process that takes, keeps and answers.
    VictoriaMetrics,
    /// The part of a VictoriaMetrics cluster that takes samples.
    VictoriaInsert,
    /// The part of a VictoriaMetrics cluster that answers.
    VictoriaSelect,
    /// The part of a VictoriaMetrics cluster that keeps.
    VictoriaStorage,
    /// Measures for VictoriaMetrics.
    Vmagent,
    /// Works rules out against VictoriaMetrics.
    Vmalert,
    /// Takes spans and keeps them in a store.
    JaegerCollector,
    /// Answers questions about spans.
    JaegerQuery,
    /// Tempo.
    Tempo,
    /// Loki.
    Loki,
    /// Elasticsearch.
    Elasticsearch,
    /// Grafana.
    Grafana,
    /// A Postgres server.
    Postgres,
    /// A program that this catalogue does not know.
    Own,
}

/// How many Pods a program has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Count {
    /// So many.
    Replicas(u32),
    /// From so many to so many, as something decides that runs in the cluster.
    Between(u32, u32),
    /// One on each node.
    PerNode,
    /// Nobody says.
    Unknown,
    /// As many as others ask for, or none.
    Asked,
}

/// A file of recording or alerting rules, in Prometheus' language, that wants to be worked out.
///
/// Every program of the stack that works rules out takes it: `stack.announce(Rules::new("shop.yml", text))`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The file's name, such as `collector.yml`.
    pub file: String,
    /// What stands in it.
    pub content: String,
}

impl Watched {
    /// Pods that show their metrics at `/metrics` of that port.
    pub fn new<P>(pods: impl Into<Pods>, port: Port<P>) -> Self {
        let pods = pods.into();
        let namespace = pods.workload.namespace.as_deref().unwrap_or_default();
        Self {
            role: Role::Own,
            job: pods.workload.name.clone(),
            server_name: format!("{}.{namespace}.svc", pods.workload.name),
            pods,
            count: Count::Unknown,
            memory: None,
            port: Port::new(port.name, port.number).secured(port.security),
            path: "/metrics".to_owned(),
            guest: None,
        }
    }

    /// Is a container in others' Pods.
    #[must_use]
    pub(crate) fn guest(mut self, guest: Guest) -> Self {
        self.guest = Some(guest);
        self
    }

    /// Shows them at another path.
    #[must_use]
    pub fn path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// Gives its series another `job`, where one workload is measured at two ports.
    #[must_use]
    pub fn job(mut self, job: &str) -> Self {
        job.clone_into(&mut self.job);
        self
    }

    /// Has a certificate for that name, where it is not the one of the workload: `<workload>.<namespace>.svc`.
    #[must_use]
    pub fn server_name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.server_name);
        self
    }

    /// Speaks TLS where the stack does.
    #[must_use]
    pub(crate) fn over(mut self, security: Security) -> Self {
        self.port = self.port.secured(security);
        self
    }

    /// Says what it is.
    #[must_use]
    pub(crate) fn role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }

    /// Says how many Pods there are.
    #[must_use]
    pub(crate) fn count(mut self, count: Count) -> Self {
        self.count = count;
        self
    }

    /// Says how much memory each of them may have.
    #[must_use]
    pub(crate) fn memory(mut self, bytes: u64) -> Self {
        self.memory = Some(bytes);
        self
    }

    /// Whether it speaks TLS there, with a certificate of the stack's authority.
    pub fn is_secured(&self) -> bool {
        self.port.security != Security::Plain
    }

    /// The namespaces that it is found in.
    pub(crate) fn namespaces(&self) -> Vec<String> {
        match &self.guest {
            Some(guest) => guest.namespaces.clone(),
            None => vec![self.namespace().to_owned()],
        }
    }

    /// The namespace that its Pods live in.
    pub fn namespace(&self) -> &str {
        self.pods.workload.namespace.as_deref().unwrap_or_default()
    }
}

impl Guest {
    /// Where it answers in one of its namespaces, for policies.
    pub(crate) fn place<P>(&self, namespace: &str, port: Port<P>) -> Destination {
        Destination::Outside {
            // No Service has that name: what it means is the namespace.
            host: format!("{}.{namespace}.svc", self.container),
            port: port.number,
            transport: port.transport,
            security: port.security,
        }
    }
}

impl Rules {
    /// A file of that name.
    pub fn new(file: impl Into<String>, content: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            content: content.into(),
        }
    }
}

/// Who keeps what the whole stack shows, and works out its rules.
#[derive(Clone, Debug)]
struct Measurer(String);

/// Says that a store measures the whole stack. Where several do, everything is kept, and told, several times.
pub(crate) fn measures_everything(scope: &mut Scope<'_>, name: &str) {
    let earlier = scope.announced::<Measurer>();
    if let Some(Measurer(first)) = earlier.first() {
        let message = format!(
            "`{first}` and `{name}` both measure the whole stack, and both tell of its alerts"
        );
        let note = Finding::new("measured-twice", message);
        scope.note(note.hint("let one of them `measures(Measures::Itself)`"));
    }
    scope.announce(Measurer(name.to_owned()));
}

/// Says so where a program would have no Pods at all.
pub(crate) fn must_run(scope: &mut Scope<'_>, name: &str, replicas: u32) {
    if replicas == 0 {
        let message = format!("`{name}` runs nowhere: it has no replicas");
        scope.finding(Finding::new("no-replicas", message));
    }
}

/// All programs that were announced, by their jobs; of two with one job, the second is a finding.
pub(crate) fn watched(scope: &mut Scope<'_>) -> Vec<Watched> {
    let mut all = scope.announced::<Watched>();
    all.sort_by(|a, b| (&a.job, &a.pods).cmp(&(&b.job, &b.pods)));
    for pair in all.windows(2) {
        if pair[0].job == pair[1].job {
            let message = format!(
                "{} and {} are both measured as the job `{}`",
                pair[0].pods.workload, pair[1].pods.workload, pair[0].job
            );
            let finding = Finding::new("job-twice", message);
            scope.finding(finding.hint("give one of them another name, or another `job`"));
        }
    }
    all.dedup_by(|a, b| a.job == b.job);
    all
}

/// Rules as files, by their names; of two files with one name, the second is a finding.
pub(crate) fn rule_files(scope: &mut Scope<'_>, mut all: Vec<Rules>) -> Files {
    all.sort_by(|a, b| (&a.file, &a.content).cmp(&(&b.file, &b.content)));
    all.dedup();
    for pair in all.windows(2) {
        if pair[0].file == pair[1].file {
            let message = format!("two files of rules are called `{}`", pair[0].file);
            scope.finding(Finding::new("rules-twice", message));
        }
    }
    let mut files = Files::default();
    for Rules { file, content } in all {
        if file.strip_suffix(".yml").is_none() {
            let message = format!("the file of rules `{file}` would not be read");
            let finding = Finding::new("rules-name", message);
            scope.finding(finding.hint("let its name end with `.yml`"));
        }
        files.add(&file, content);
    }
    files
}
