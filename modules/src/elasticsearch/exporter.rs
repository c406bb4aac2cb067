//! How is a cluster measured? Elasticsearch shows no metrics itself, so a program beside it asks, and shows what it
//! was told.

use k8s_openapi::api::apps::v1::Deployment;
use provider_core::{Port, Ref, Scope};

use super::{Cluster, Rights, Wish};
use crate::{
    image,
    protocol::Http,
    tls::{self, Reads},
    units::{MIB, millicores},
    watch::{Count, Role, Watched},
    workload::Workload,
};

const METRICS: Port<Http> = Port::new("metrics", 9114);
const NOBODY: u32 = 65534;

/// What is asked beside the state of the cluster and of each member.
const ASKED: [&str; 5] = [
    "--es.all",
    // A cluster says by itself what is wrong with it, and an index that its policy could not go on with.
    "--collector.health-report",
    "--collector.ilm",
    "--collector.data-stream",
    // A busy cluster takes its time; nobody waits for the answer but Prometheus.
    "--es.timeout=20s",
];

/// It looks, and changes nothing.
fn rights(snapshots: bool) -> Rights {
    let mut cluster = vec!["monitor", "read_ilm"];
    if snapshots {
        cluster.extend(["read_slm", "monitor_snapshot"]);
    }
    Rights::of(&cluster).on(&["*".to_owned()], &["monitor", "view_index_metadata"])
}

/// Adds the program, and announces it.
pub(super) fn build(scope: &mut Scope<'_>, cluster: &Cluster, snapshots: bool) -> Ref<Deployment> {
    let name = format!("{}-metrics", cluster.name);
    let mut workload = Workload::stateless(&name, image::ELASTICSEARCH_EXPORTER)
        .listen(METRICS)
        .ready_at(METRICS, "/healthz")
        .user(NOBODY)
        .cpu(millicores(50))
        .memory(128 * MIB)
        .arg(format!("--es.uri={}", cluster.api.url()));
    for arg in ASKED {
        workload.pod.arg(arg);
    }
    if snapshots {
        workload.pod.arg("--collector.slm");
        workload.pod.arg("--collector.snapshots");
    }
    workload.pod.component = Some("metrics");
    if let Some(trusted) = tls::trust(scope, &mut workload.pod, Reads::Nothing) {
        workload.pod.arg(format!("--es.ca={trusted}"));
    }
    let user = cluster.login(scope, &name, &rights(snapshots));
    if let Some(user) = &user {
        user.variables(&mut workload.pod);
    }
    let exporter = scope.add(workload);
    scope.connect(&exporter, cluster.api.destination());
    if user.is_some() {
        scope.announce(Wish::of(cluster, Vec::new()).before(&exporter));
        let why = "what Elasticsearch says of itself as metrics is asked for in the open";
        tls::in_the_open(scope, exporter.id(), METRICS, why);
    }
    let watched = Watched::new(&exporter, METRICS).role(Role::Elasticsearch);
    scope.announce(watched.count(Count::Replicas(1)));
    exporter
}
