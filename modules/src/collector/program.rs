//! What does every tier have in common? Its configuration, its account and its Pod.

use collector_config::{Config, Problem, Release, Telemetry, components::health::HealthCheck};
use k8s_openapi::api::{
    core::v1::ServiceAccount,
    rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding},
};
use provider_core::{Destination, Pods, Port, Ref, RunsPods, Scope, kube_core::ObjectMeta};

use super::{
    Memory, check,
    needs::{Needs, Rights},
};
use crate::{
    elasticsearch::logs,
    file::Files,
    image,
    pod::{Pod, User, every, http_probe},
    protocol::{Http, OTLP_GRPC, OTLP_HTTP},
    units::go_bytes,
};

const HEALTH: Port<Http> = Port::new("health", 13133);
const SELF_METRICS: Port<Http> = Port::new("metrics", 8888);

/// A collector that is ready to be run by some workload.
pub(super) struct Program {
    pub(super) pod: Pod,
    sends: Vec<Destination>,
}

/// A configuration with what every collector has.
pub(super) fn base() -> Config {
    let mut config = Config::default();
    config.service.telemetry = Telemetry::standard("${env:POD_IP}", SELF_METRICS.number);
    config.add(&HealthCheck {
        endpoint: format!("${{env:POD_IP}}:{}", HEALTH.number),
        path: None,
    });
    config
}

/// The smallest distribution that contains what a configuration uses.
fn release_for(config: &Config) -> Release {
    let missing = |mistake: collector_config::Mistake| {
        matches!(mistake.problem, Problem::NotInDistribution(..))
    };
    if config.check(Release::KUBERNETES).into_iter().any(missing) {
        Release::CONTRIB
    } else {
        Release::KUBERNETES
    }
}

impl Program {
    /// Adds the configuration and the account, and makes the Pod.
    pub(super) fn new(
        scope: &mut Scope<'_>,
        name: &str,
        component: &'static str,
        config: &Config,
        memory: u64,
    ) -> Self {
        let release = release_for(config);
        check(scope, name, config, release);
        let contrib = release == Release::CONTRIB;
        let image = if contrib {
            image::COLLECTOR_CONTRIB
        } else {
            image::COLLECTOR
        };
        let files = Files::one("config.yaml", config.to_yaml(release));
        let needs = Needs::of(config, scope.namespace());

        let mut pod = Pod::new(name, image);
        pod.user = User::new(10001);
        pod.component = Some(component);
        pod.resources.memory_request = memory;
        pod.resources.memory_limit = memory;
        pod.config(files.build(scope, name).name(), "/etc/otelcol");
        pod.arg("--config=/etc/otelcol/config.yaml");
        for (variable, field) in &needs.fields {
            pod.env_field(variable, field);
        }
        pod.env("GOMEMLIMIT", go_bytes(Memory::of(memory).go_limit()));
        pod.listen(OTLP_GRPC);
        pod.listen(OTLP_HTTP);
        pod.listen(HEALTH);
        pod.listen(SELF_METRICS);
        let health = || http_probe(HEALTH.name, "/");
        pod.container.startup_probe = Some(every(health(), 2, 60));
        pod.container.readiness_probe = Some(every(health(), 10, 3));
        pod.container.liveness_probe = Some(every(health(), 15, 6));
        if needs.calls_api() {
            pod.account = Some(account(scope, name, &needs).name().to_owned());
        }
        Self {
            pod,
            sends: needs.sends,
        }
    }
}

/// Declares where the Pods send to, beside `to`.
pub(super) fn connect<K: RunsPods>(
    scope: &mut Scope<'_>,
    pods: &Ref<K>,
    sends: &[Destination],
    to: impl IntoIterator<Item = Destination>,
) {
    for destination in sends.iter().cloned().chain(to) {
        scope.connect(Pods::from(pods), &destination);
        logs::prepare_for(scope, &Pods::from(pods), &destination);
    }
}

impl Program {
    /// The Pod, and where it sends to beside its exporters.
    pub(super) fn into_parts(self) -> (Pod, Vec<Destination>) {
        (self.pod, self.sends)
    }
}

/// An account with the rights that a configuration needs, and no others.
fn account(scope: &mut Scope<'_>, name: &str, needs: &Needs) -> Ref<ServiceAccount> {
    let metadata = |name: String| ObjectMeta {
        name: Some(name),
        ..ObjectMeta::default()
    };
    let account = scope.add(ServiceAccount {
        metadata: metadata(name.to_owned()),
        // The Pod asks for its token itself.
        automount_service_account_token: Some(false),
        ..ServiceAccount::default()
    });
    if !needs.cluster.rules.is_empty() {
        // Roles of the cluster share one namespace of names with everyone.
        let name = format!("{}-{name}", scope.namespace());
        let role = scope.add(ClusterRole {
            metadata: explained(metadata(name.clone()), &needs.cluster),
            rules: Some(needs.cluster.rules.clone()),
            ..ClusterRole::default()
        });
        scope.add(ClusterRoleBinding {
            metadata: metadata(name),
            role_ref: role.role(),
            subjects: Some(vec![account.subject()]),
        });
    }
    for (namespace, rights) in &needs.namespaced {
        let subject = account.subject();
        scope.within(namespace.clone(), |scope| {
            let role = scope.add(Role {
                metadata: explained(metadata(name.to_owned()), rights),
                rules: Some(rights.rules.clone()),
            });
            scope.add(RoleBinding {
                metadata: metadata(name.to_owned()),
                role_ref: role.role(),
                subjects: Some(vec![subject]),
            });
        });
    }
    account
}

/// Says who wants the rules of a role.
fn explained(metadata: ObjectMeta, rights: &Rights) -> ObjectMeta {
    ObjectMeta {
        annotations: Some(rights.annotations()),
        ..metadata
    }
}
