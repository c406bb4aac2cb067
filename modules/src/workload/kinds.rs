//! The kinds that keep Pods running: what each has that the others have not.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::{
        apps::v1::{
            DaemonSet, DaemonSetSpec, DaemonSetUpdateStrategy, Deployment, DeploymentSpec,
            DeploymentStrategy, RollingUpdateDaemonSet, RollingUpdateDeployment, StatefulSet,
            StatefulSetSpec,
        },
        core::v1::{PersistentVolumeClaim, PersistentVolumeClaimSpec, VolumeResourceRequirements},
    },
    apimachinery::pkg::util::intstr::IntOrString,
};
use provider_core::{Borrowed, Destination, Module, Ref, RunsPods, Scope, kube_core::ObjectMeta};

use super::Workload;
use crate::{collector::Sidecar, units, watch::Count};

impl Workload<Deployment> {
    /// Pods that are all alike and keep nothing.
    pub fn stateless(name: &str, image: impl Into<String>) -> Self {
        Self::new(name, image)
    }

    /// Runs so many Pods.
    #[must_use]
    pub fn replicas(mut self, replicas: u32) -> Self {
        self.wanted = replicas;
        self
    }
}

impl Workload<StatefulSet> {
    /// Pods that each have a name of their own, and may keep a volume.
    pub fn stateful(name: &str, image: impl Into<String>) -> Self {
        Self::new(name, image)
    }

    /// Runs so many Pods.
    #[must_use]
    pub fn replicas(mut self, replicas: u32) -> Self {
        self.wanted = replicas;
        self
    }

    /// Each Pod keeps so many bytes below that path.
    #[must_use]
    pub fn keep(mut self, bytes: u64, path: &str) -> Self {
        self.pod.mount("data", path);
        self.claim = Some(bytes);
        self
    }

    fn claims(&self) -> Option<Vec<PersistentVolumeClaim>> {
        let resources = VolumeResourceRequirements {
            requests: Some([("storage".to_owned(), units::bytes(self.claim?))].into()),
            ..VolumeResourceRequirements::default()
        };
        let spec = PersistentVolumeClaimSpec {
            access_modes: Some(vec!["ReadWriteOnce".to_owned()]),
            resources: Some(resources),
            ..PersistentVolumeClaimSpec::default()
        };
        Some(vec![PersistentVolumeClaim {
            metadata: ObjectMeta {
                name: Some("data".to_owned()),
                ..ObjectMeta::default()
            },
            spec: Some(spec),
            ..PersistentVolumeClaim::default()
        }])
    }
}

impl Workload<DaemonSet> {
    /// One Pod on each node.
    pub fn per_node(name: &str, image: impl Into<String>) -> Self {
        Self::new(name, image)
    }
}

impl Module for Workload<Deployment> {
    type Outputs = Ref<Deployment>;

    fn build(mut self, scope: &mut Scope<'_>) -> Ref<Deployment> {
        let sends = self.tell(scope);
        self.budget(scope);
        let rolling = RollingUpdateDeployment {
            max_surge: Some(IntOrString::Int(1)),
            max_unavailable: Some(IntOrString::Int(0)),
        };
        let (type_, rolling_update) = if self.one_at_a_time {
            ("Recreate", None)
        } else {
            ("RollingUpdate", Some(rolling))
        };
        let strategy = DeploymentStrategy {
            type_: Some(type_.to_owned()),
            rolling_update,
        };
        let marks = self.pod.marks.clone();
        let added = scope.add(Deployment {
            metadata: self.metadata(scope.stack()),
            spec: DeploymentSpec {
                replicas: Some(count(self.wanted)),
                selector: self.selector(),
                strategy: Some(strategy),
                template: self.pod.template(scope.stack(), self.wanted),
                ..DeploymentSpec::default()
            },
            status: None,
        });
        mark(scope, &added, marks);
        watch(
            scope,
            &added,
            self.beside.as_deref(),
            Count::Replicas(self.wanted),
        );
        connect(scope, &added, &sends);
        added
    }
}

impl Module for Workload<StatefulSet> {
    type Outputs = Ref<StatefulSet>;

    fn build(mut self, scope: &mut Scope<'_>) -> Ref<StatefulSet> {
        let sends = self.tell(scope);
        self.budget(scope);
        let claims = self.claims();
        let marks = self.pod.marks.clone();
        let added = scope.add(StatefulSet {
            metadata: self.metadata(scope.stack()),
            spec: StatefulSetSpec {
                pod_management_policy: self.parallel.then(|| "Parallel".to_owned()),
                replicas: Some(count(self.wanted)),
                selector: self.selector(),
                service_name: self.serves_as.clone(),
                template: self.pod.template(scope.stack(), self.wanted),
                volume_claim_templates: claims,
                ..StatefulSetSpec::default()
            },
            status: None,
        });
        mark(scope, &added, marks);
        watch(
            scope,
            &added,
            self.beside.as_deref(),
            Count::Replicas(self.wanted),
        );
        connect(scope, &added, &sends);
        added
    }
}

impl Module for Workload<DaemonSet> {
    type Outputs = Ref<DaemonSet>;

    fn build(mut self, scope: &mut Scope<'_>) -> Ref<DaemonSet> {
        let sends = self.tell(scope);
        let rolling = RollingUpdateDaemonSet {
            max_unavailable: Some(IntOrString::String("10%".to_owned())),
            ..RollingUpdateDaemonSet::default()
        };
        let marks = self.pod.marks.clone();
        let added = scope.add(DaemonSet {
            metadata: self.metadata(scope.stack()),
            spec: DaemonSetSpec {
                selector: self.selector(),
                template: self.pod.template(scope.stack(), 1),
                update_strategy: Some(DaemonSetUpdateStrategy {
                    type_: Some("RollingUpdate".to_owned()),
                    rolling_update: Some(rolling),
                }),
                ..DaemonSetSpec::default()
            },
            status: None,
        });
        mark(scope, &added, marks);
        watch(scope, &added, self.beside.as_deref(), Count::PerNode);
        connect(scope, &added, &sends);
        added
    }
}

/// Kubernetes counts replicas in `i32`.
fn count(replicas: u32) -> i32 {
    i32::try_from(replicas).unwrap_or(i32::MAX)
}

/// Marks the Pods with what is in the files that they read only at their start.
fn mark<K>(scope: &mut Scope<'_>, pods: &Ref<K>, marks: BTreeMap<String, Borrowed>) {
    for (annotation, borrowed) in marks {
        let annotation = annotation.replace('/', "~1");
        let pointer = format!("/spec/template/metadata/annotations/{annotation}");
        scope.borrow(pods, pointer, borrowed);
    }
}

/// Announces the collector beside the program, if there is one.
fn watch<K: RunsPods>(
    scope: &mut Scope<'_>,
    pods: &Ref<K>,
    sidecar: Option<&Sidecar>,
    count: Count,
) {
    if let Some(sidecar) = sidecar {
        sidecar.watch(scope, pods, count);
    }
}

/// Declares where the Pods send their telemetry to.
pub(super) fn connect<K: RunsPods>(scope: &mut Scope<'_>, pods: &Ref<K>, sends: &[Destination]) {
    for to in sends {
        scope.connect(pods, to);
    }
}
