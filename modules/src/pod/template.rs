//! What is written down of a Pod: everything that a cluster would otherwise choose less safely.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::core::v1::{
        Capabilities, PodSecurityContext, PodSpec, PodTemplateSpec, ResourceRequirements,
        SeccompProfile, SecurityContext, Toleration, TopologySpreadConstraint,
    },
    apimachinery::pkg::{api::resource::Quantity, apis::meta::v1::LabelSelector},
};
use provider_core::kube_core::ObjectMeta;

use super::{Pod, Resources, User};
use crate::units;

/// How Pods that are alike are kept apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spread {
    /// On different nodes and zones where there are several; a Pod is never refused for it.
    #[default]
    Preferred,
    /// Never two on one node, also where one then has to wait for a node; on different zones where there are several.
    Required,
}

impl Pod {
    pub(crate) fn template(mut self, stack: &str, replicas: u32) -> PodTemplateSpec {
        let metadata = ObjectMeta {
            labels: Some(self.labels(stack)),
            ..ObjectMeta::default()
        };
        let spread = (replicas > 1).then(|| spread(&self.selector(), self.spread));
        let resources = self.resources.requirements();
        for container in self.init.iter_mut().chain([&mut self.container]) {
            container
                .security_context
                .get_or_insert_with(restricted_container);
            container.resources.get_or_insert_with(|| resources.clone());
        }
        let tolerations = self.tolerate_all.then(|| {
            vec![Toleration {
                operator: Some("Exists".to_owned()),
                ..Toleration::default()
            }]
        });
        let spec = PodSpec {
            automount_service_account_token: Some(self.account.is_some()),
            containers: vec![self.container],
            // A Service named `loki` would put LOKI_PORT into every environment, which Loki reads.
            enable_service_links: Some(false),
            init_containers: (!self.init.is_empty()).then_some(self.init),
            priority_class_name: self.priority_class,
            security_context: Some(self.user.context()),
            service_account_name: self.account.or(self.identity),
            termination_grace_period_seconds: self.grace_seconds,
            tolerations,
            topology_spread_constraints: spread,
            volumes: (!self.volumes.is_empty()).then_some(self.volumes),
            ..PodSpec::default()
        };
        PodTemplateSpec {
            metadata: Some(metadata),
            spec: Some(spec),
        }
    }
}

impl User {
    fn context(self) -> PodSecurityContext {
        let Self { uid, gid, volumes } = self;
        PodSecurityContext {
            run_as_non_root: Some(uid != 0),
            run_as_user: Some(uid),
            run_as_group: Some(gid),
            fs_group: volumes,
            fs_group_change_policy: volumes.map(|_| "OnRootMismatch".to_owned()),
            seccomp_profile: Some(SeccompProfile {
                type_: "RuntimeDefault".to_owned(),
                ..SeccompProfile::default()
            }),
            ..PodSecurityContext::default()
        }
    }
}

impl Resources {
    pub(crate) fn requirements(self) -> ResourceRequirements {
        let memory = |bytes| ("memory".to_owned(), units::bytes(bytes));
        let cpu = ("cpu".to_owned(), Quantity::from(self.cpu));
        ResourceRequirements {
            requests: Some(BTreeMap::from([cpu, memory(self.memory_request)])),
            limits: Some(BTreeMap::from([memory(self.memory_limit)])),
            ..ResourceRequirements::default()
        }
    }
}

fn restricted_container() -> SecurityContext {
    SecurityContext {
        allow_privilege_escalation: Some(false),
        capabilities: Some(Capabilities {
            drop: Some(vec!["ALL".to_owned()]),
            ..Capabilities::default()
        }),
        read_only_root_filesystem: Some(true),
        ..SecurityContext::default()
    }
}

fn spread(selector: &BTreeMap<String, String>, how: Spread) -> Vec<TopologySpreadConstraint> {
    let nodes = match how {
        Spread::Preferred => "ScheduleAnyway",
        Spread::Required => "DoNotSchedule",
    };
    [
        ("kubernetes.io/hostname", nodes),
        ("topology.kubernetes.io/zone", "ScheduleAnyway"),
    ]
    .into_iter()
    .map(|(key, otherwise)| TopologySpreadConstraint {
        label_selector: Some(LabelSelector {
            match_labels: Some(selector.clone()),
            ..LabelSelector::default()
        }),
        max_skew: 1,
        topology_key: key.to_owned(),
        when_unsatisfiable: otherwise.to_owned(),
        ..TopologySpreadConstraint::default()
    })
    .collect()
}
