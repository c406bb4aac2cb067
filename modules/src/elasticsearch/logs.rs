//! How do logs come to Elasticsearch, and how long do they stay?
//!
//! Collectors write them into data streams, `logs-<data set>.otel-<namespace>`, whose template Elasticsearch brings
//! itself. What is added to it is our lifecycle policy; without one, logs would stay until the disks are full.

use collector_config::components::elasticsearch::Elasticsearch as Exporter;
use provider_core::{Destination, Pods, Protocol, ResourceId, Scope};

use super::{
    Cluster,
    api::{ComponentTemplate, LifecyclePolicy},
    setup::{Request, Wish},
};
use crate::{
    protocol::{Exports, Queue},
    signal::{Carries, Logs},
    units::Days,
};

/// The hook that Elasticsearch's own template of such streams leaves open.
const TEMPLATE: &str = "logs-otel@custom";
/// Ours; there is a policy named `logs` already.
const POLICY: &str = "collected-logs";

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
        Exporter::to(format!("http://{}", to.address()), queue.bytes)
    }
}

impl Carries<Logs> for ElasticsearchLogs {}

/// A cluster that takes logs from whoever finds it here.
#[derive(Clone, Debug)]
struct Door {
    service: ResourceId,
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
