//! How does Prometheus find what it measures?
//!
//! By asking the API for the Pods of the namespaces in which something was announced. DNS would need no rights, but it
//! knows addresses only, of Pods that are ready: a series would not say which Pod it is of, would end with each
//! restart, and a program that is broken would be measured no longer, just when its metrics are wanted. Asking for Pods
//! needs to list and watch Pods of these namespaces and nothing else, where endpoints would need Services too.

use std::collections::BTreeSet;

use k8s_openapi::api::{
    apps::v1::StatefulSet,
    core::v1::ServiceAccount,
    rbac::v1::{PolicyRule, Role, RoleBinding},
};
use provider_core::{Destination, Finding, Ref, Scope, kube_core::ObjectMeta};
use serde_json::json;

use super::config::{KubernetesPods, Namespaces, Relabel, ScrapeConfig, ScrapeFile};
use crate::{
    collector::WANTED_BY,
    tls::TlsConfig,
    watch::{self, Guest, Watched},
};

/// The account that asks for Pods.
pub(crate) fn account(scope: &mut Scope<'_>, name: &str) -> Ref<ServiceAccount> {
    scope.add(ServiceAccount {
        metadata: named(name),
        // The Pod asks for its token itself.
        automount_service_account_token: Some(false),
        ..ServiceAccount::default()
    })
}

/// What is asked, as a file.
pub(crate) fn file(watched: &[Watched]) -> ScrapeFile {
    ScrapeFile {
        scrape_configs: watched.iter().map(job).collect(),
    }
}

/// Lets the Pods of `server` ask what is watched, and find it.
pub(crate) fn allow(
    scope: &mut Scope<'_>,
    server: &Ref<StatefulSet>,
    account: &Ref<ServiceAccount>,
    watched: &[Watched],
) {
    let (mut own, mut foreign) = (BTreeSet::new(), BTreeSet::new());
    for program in watched {
        let Some(guest) = &program.guest else {
            scope.visit(server, &program.pods, program.port);
            own.extend(program.namespaces());
            continue;
        };
        for namespace in &guest.namespaces {
            scope.connect(server, &guest.place(namespace, program.port));
        }
        let note = let_in(server, guest, program.port.number);
        scope.note(note);
        foreign.extend(program.namespaces());
    }
    for namespace in foreign.difference(&own) {
        scope.within_foreign(namespace, |scope| may_find_pods(scope, account));
    }
    for namespace in own {
        scope.within(namespace, |scope| may_find_pods(scope, account));
    }
    scope.connect(server, &Destination::KubernetesApi);
}

/// What others have to write: whoever measures is let out here, and not in there.
fn let_in(server: &Ref<StatefulSet>, guest: &Guest, port: u16) -> Finding {
    let Guest {
        container, label, ..
    } = guest;
    let names = guest.namespaces.iter().map(|name| format!("`{name}`"));
    let names: Vec<_> = names.collect();
    let (who, from) = (server.name(), server.namespace());
    let message = format!(
        "`{who}` measures the sidecars `{container}` at port {port} of Pods in {}, whose networks are others': where \
         something closes them, that port is closed too",
        names.join(", ")
    );
    let policy = json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": { "name": format!("{from}-{who}-measures-{container}") },
        "spec": {
            "podSelector": { "matchExpressions": [{ "key": label, "operator": "Exists" }] },
            "policyTypes": ["Ingress"],
            "ingress": [{
                "from": [{
                    "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": from } },
                    "podSelector": { "matchLabels": { "app.kubernetes.io/name": who } },
                }],
                "ports": [{ "port": port, "protocol": "TCP" }],
            }],
        },
    });
    let hint = format!(
        "where Pods are closed by other policies already (for others, this alone would close them), apply this in each: \
         {policy}"
    );
    Finding::new("sidecars-closed", message).hint(hint)
}

fn may_find_pods(scope: &mut Scope<'_>, account: &Ref<ServiceAccount>) {
    // Two servers of one name may look into the same namespace from two of their own.
    let name = if account.namespace() == scope.namespace() {
        account.name().to_owned()
    } else {
        format!("{}-{}", account.namespace(), account.name())
    };
    let rule = PolicyRule {
        api_groups: Some(vec![String::new()]),
        resources: Some(vec!["pods".to_owned()]),
        verbs: vec!["list".to_owned(), "watch".to_owned()],
        ..PolicyRule::default()
    };
    let why = format!(
        "list and watch pods: {} finds what it measures",
        account.name()
    );
    let role = scope.add(Role {
        metadata: ObjectMeta {
            annotations: Some([(WANTED_BY.to_owned(), why)].into()),
            ..named(&name)
        },
        rules: Some(vec![rule]),
    });
    scope.add(RoleBinding {
        metadata: named(&name),
        role_ref: role.role(),
        subjects: Some(vec![account.subject()]),
    });
}

fn named(name: &str) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.to_owned()),
        ..ObjectMeta::default()
    }
}

/// One program. Jobs of one namespace ask for its Pods in the same words, so that they share one watch.
fn job(watched: &Watched) -> ScrapeConfig {
    let mut relabel_configs = vec![
        which(watched),
        // The address of a Pod that has ended may be another's by now.
        Relabel::drop(&["pod_phase"], "Succeeded|Failed"),
        Relabel::copy("namespace", "namespace"),
        Relabel::copy("pod_name", "pod"),
        // A member of a StatefulSet that comes back with another address goes on with its series.
        Relabel::copy("pod_name", "instance"),
    ];
    if watched.guest.is_none() && watched.pods.workload.kind == "DaemonSet" {
        relabel_configs.push(Relabel::copy("pod_node_name", "node"));
    }
    ScrapeConfig {
        job_name: watched.job.clone(),
        metrics_path: (watched.path != "/metrics").then(|| watched.path.clone()),
        scheme: watched.is_secured().then(|| "https".to_owned()),
        // Pods are asked by their addresses, and have a certificate for the name that they share.
        tls_config: watched
            .is_secured()
            .then(|| TlsConfig::named(watched.server_name.clone())),
        kubernetes_sd_configs: vec![KubernetesPods {
            role: "pod".to_owned(),
            namespaces: Namespaces {
                names: watched.namespaces(),
            },
        }],
        relabel_configs,
        metric_relabel_configs: renamed(watched.role),
        ..ScrapeConfig::default()
    }
}

/// Only the ports of its own Pods, or of containers of its name in Pods that were given one.
fn which(watched: &Watched) -> Relabel {
    if let Some(guest) = &watched.guest {
        let label = guest.label.replace(['.', '/', '-'], "_");
        let present = format!("pod_labelpresent_{label}");
        return Relabel::keep(
            &[&present, "pod_container_name", "pod_container_port_name"],
            format!("true;{};{}", guest.container, watched.port.name),
        );
    }
    let workload = &watched.pods.workload;
    let (kind, name) = match workload.kind.as_str() {
        // A Deployment's Pods belong to its ReplicaSets, which have no further dash in their names.
        "Deployment" => ("ReplicaSet", format!("{}-[a-z0-9]+", workload.name)),
        kind => (kind, workload.name.clone()),
    };
    let owner = ["pod_controller_kind", "pod_controller_name"];
    Relabel::keep(
        &[owner[0], owner[1], "pod_container_port_name"],
        format!("{kind};{name};{}", watched.port.name),
    )
}

/// Collectors say which version they are of as `service.version`, or with an underscore to who asks for that, and rules
/// need one name.
fn renamed(role: watch::Role) -> Vec<Relabel> {
    match role {
        watch::Role::Agent
        | watch::Role::Gateway
        | watch::Role::Sampler
        | watch::Role::ClusterCollector
        | watch::Role::Sidecar => vec![Relabel::also("service[._]version", "version")],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pods_are_known_by_what_runs_them() {
        // Regular expressions of Prometheus match the whole.
        let pattern = |kind: &str| {
            let pods = provider_core::Pods {
                workload: provider_core::ResourceId {
                    group: "apps".to_owned(),
                    kind: kind.to_owned(),
                    namespace: Some("shop".to_owned()),
                    name: "web".to_owned(),
                },
            };
            let port = provider_core::Port::<crate::protocol::Http>::new("http", 80);
            let job = job(&Watched::new(&pods, port));
            job.relabel_configs[0].regex.clone()
        };
        for (kind, expected) in [
            ("Deployment", "ReplicaSet;web-[a-z0-9]+;http"),
            ("StatefulSet", "StatefulSet;web;http"),
            ("DaemonSet", "DaemonSet;web;http"),
        ] {
            assert_eq!(pattern(kind).as_deref(), Some(expected));
        }
    }
}
