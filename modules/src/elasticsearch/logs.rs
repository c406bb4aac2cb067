//! How do logs come to Elasticsearch, and how long do they stay?
//!
//! Collectors write them into data streams, `logs-<data set>.otel-<namespace>`, whose template Elasticsearch brings
//! itself. What is added to it is our lifecycle policy; without one, logs would stay until the disks are full.

use collector_config::{
    Class, ComponentId, Config, IdError,
    components::{
        auth::{BasicAuth, ClientAuth},
        connection::ClientTls,
        elasticsearch::{Authenticator, Elasticsearch as Exporter},
    },
};
use provider_core::{Destination, Pods, Protocol, ResourceId, Scope};

use super::{
    Cluster, ElasticsearchOutputs,
    api::{ComponentTemplate, LifecyclePolicy, Rights},
    login,
    setup::{Request, Wish},
};
use crate::{
    grafana::Source,
    pod::Pod,
    protocol::{Exports, Queue},
    signal::{Carries, Logs},
    tls::TRUST_FILE,
    units::Days,
};

/// The hook that Elasticsearch's own template of such streams leaves open.
const TEMPLATE: &str = "logs-otel@custom";
/// Ours; there is a policy named `logs` already.
const POLICY: &str = "collected-logs";
const WRITER: &str = "logs-writer";
const READER: &str = "logs-reader";
/// The streams that collectors write to, and all that Grafana is shown.
const STREAMS: &str = "logs-*.otel-*";

/// Logs, as Elasticsearch takes them from collectors.
///
/// ```
/// # use modules::{Collector, Elasticsearch, logs};
/// # fn logging(stack: &mut provider_core::Scope<'_>) {
/// let search = stack.add(Elasticsearch::new("search").nodes(3));
/// stack.add(Collector::gateway("otlp").pipeline(logs().export(&search.logs)));
/// # }
/// ```
///
/// Nothing else goes there:
///
/// ```compile_fail
/// fn measuring(search: &modules::ElasticsearchOutputs) {
///     modules::metrics().export(&search.logs); // `ElasticsearchLogs` does not carry `Metrics`
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub enum ElasticsearchLogs {}

impl Protocol for ElasticsearchLogs {
    const SCHEME: &'static str = "http";
    const APP_PROTOCOL: Option<&'static str> = Some("http");
}

impl Exports for ElasticsearchLogs {
    type Exporter = Exporter;

    fn exporter(to: &Destination, queue: &Queue) -> Exporter {
        let (scheme, tls) = if to.is_secured() {
            let trusting = ClientTls {
                ca_file: Some(TRUST_FILE.to_owned()),
                ..ClientTls::default()
            };
            ("https", trusting)
        } else {
            ("http", ClientTls::default())
        };
        Exporter {
            tls,
            sending_queue: Some(queue.sending()),
            ..Exporter::to(format!("{scheme}://{}", to.address()), queue.bytes)
        }
    }

    /// A cluster of the stack that asks who one is, is told.
    fn export(
        config: &mut Config,
        name: &str,
        to: &Destination,
        queue: &Queue,
    ) -> Result<ComponentId, IdError> {
        let mut exporter = Self::exporter(to, queue);
        if let Destination::Service(service) = to
            && to.is_secured()
        {
            let writer = ClientAuth {
                username: WRITER.to_owned(),
                password_file: login::password_file(&service.service.name),
                ..ClientAuth::default()
            };
            let login = BasicAuth {
                client_auth: Some(writer),
                ..BasicAuth::default()
            };
            let authenticator = config.add_named(name, &login)?;
            exporter.auth = Some(Authenticator { authenticator });
        }
        config.add_named(name, &exporter)
    }
}

impl Carries<Logs> for ElasticsearchLogs {}

/// A cluster that takes logs from whoever finds it here.
#[derive(Clone, Debug)]
struct Door {
    service: ResourceId,
    cluster: Cluster,
    wish: Wish,
}

/// Announces that a cluster takes logs. What it needs for that is only made if someone sends any.
pub(super) fn open(scope: &mut Scope<'_>, cluster: &Cluster, nodes: u32, keep: Days) {
    let Destination::Service(to) = cluster.api.destination() else {
        return;
    };
    let template = ComponentTemplate::living_by(POLICY, nodes, u32::from(nodes > 1));
    let requests = vec![
        Request::policy(POLICY, &LifecyclePolicy::keep(keep)),
        Request::component_template(TEMPLATE, &template),
    ];
    scope.announce(Door {
        service: to.service.clone(),
        cluster: cluster.clone(),
        wish: Wish::of(cluster, requests),
    });
}

/// Sees to it that these Pods, which send to `to`, find everything as it should be, if that is a cluster.
///
/// The first document of a stream makes its first index, with what the template says by then.
pub(crate) fn prepare_for(scope: &mut Scope<'_>, pods: &Pods, to: &Destination) {
    let Destination::Service(to) = to else {
        return;
    };
    let doors = scope.announced::<Door>();
    if let Some(door) = doors.into_iter().find(|door| door.service == to.service) {
        scope.announce(door.wish.before(pods));
    }
}

/// Lets a collector's Pod in wherever its configuration writes to a cluster of the stack.
pub(crate) fn admit(scope: &mut Scope<'_>, pod: &mut Pod, config: &Config) {
    let exporters = config.section(Class::Exporter);
    let written: Vec<String> = exporters
        .filter_map(|(id, _)| config.get::<Exporter>(id).ok())
        .flat_map(|exporter| exporter.endpoints)
        .collect();
    for door in scope.announced::<Door>() {
        if !written.contains(&door.cluster.api.url()) {
            continue;
        }
        let rights = Rights::of(&["monitor"]);
        let rights = rights.on(&[STREAMS.to_owned()], &["auto_configure", "create_doc"]);
        if let Some(login) = door.cluster.login(scope, WRITER, &rights) {
            login.mount(pod);
        }
    }
}

impl ElasticsearchOutputs {
    /// The logs as a source that Grafana asks, as a user who may read them and nothing else.
    ///
    /// ```
    /// # use modules::{Elasticsearch, Grafana};
    /// # fn looking(stack: &mut provider_core::Scope<'_>) {
    /// let search = stack.add(Elasticsearch::new("search").nodes(3));
    /// let logs = search.log_source(stack);
    /// stack.add(Grafana::new("grafana").ask(logs));
    /// # }
    /// ```
    pub fn log_source(&self, scope: &mut Scope<'_>) -> Source {
        let source = Source::of(&self.api).index(STREAMS);
        let rights = Rights::of(&["monitor"]);
        let rights = rights.on(&[STREAMS.to_owned()], &["read", "view_index_metadata"]);
        match self.cluster.login(scope, READER, &rights) {
            Some(login) => source.login(login.secret(), login::USERNAME, login::PASSWORD),
            None => source,
        }
    }
}
