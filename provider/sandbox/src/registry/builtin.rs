//! Which kinds does every API server have?

use super::Trait::{DeleteAnswersObject, OrphansByDefault, PutCreates, PutNeedsVersion};
use super::{GroupVersion, Origin, Resource, Scope, Subresource, Trait};

/// All verbs of an ordinary collection.
const ALL_VERBS: [&str; 8] = [
    "create",
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "update",
    "watch",
];
/// The verbs of `status` and `scale`.
pub(super) const STATUS_VERBS: [&str; 3] = ["get", "patch", "update"];

impl Resource {
    /// An ordinary namespaced resource; what departs from it is added by the methods below.
    pub(super) fn namespaced(group: &str, version: &str, kind: &str, plural: &str) -> Self {
        Self {
            group_version: GroupVersion::new(group, version),
            kind: kind.to_owned(),
            list_kind: format!("{kind}List"),
            plural: plural.to_owned(),
            singular: kind.to_lowercase(),
            short_names: Vec::new(),
            categories: Vec::new(),
            scope: Scope::Namespaced,
            verbs: ALL_VERBS.to_vec(),
            traits: Vec::new(),
            subresources: Vec::new(),
            storage_version: version.to_owned(),
            origin: Origin::BuiltIn,
        }
    }

    fn cluster(group: &str, version: &str, kind: &str, plural: &str) -> Self {
        Self {
            scope: Scope::Cluster,
            ..Self::namespaced(group, version, kind, plural)
        }
    }

    fn review(mut self) -> Self {
        self.verbs = vec!["create"];
        self.origin = Origin::Virtual;
        self
    }

    fn short(mut self, name: &str) -> Self {
        self.short_names.push(name.to_owned());
        self
    }

    fn category_all(mut self) -> Self {
        self.categories.push("all".to_owned());
        self
    }

    fn with(mut self, traits: &[Trait]) -> Self {
        self.traits.extend_from_slice(traits);
        self
    }

    pub(super) fn status(self) -> Self {
        self.sub("status", None, &STATUS_VERBS)
    }

    pub(super) fn scale(self) -> Self {
        self.sub("scale", Some(("autoscaling", "v1", "Scale")), &STATUS_VERBS)
    }

    fn sub(mut self, name: &str, kind: Option<(&str, &str, &str)>, verbs: &[&'static str]) -> Self {
        self.subresources.push(Subresource {
            name: name.to_owned(),
            kind: kind.map(|(group, version, kind)| (group.into(), version.into(), kind.into())),
            verbs: verbs.to_vec(),
        });
        self
    }
}

/// Every built-in resource, in the order in which discovery lists the groups.
pub(super) fn resources() -> Vec<Resource> {
    [
        core(),
        core_cluster(),
        reviews(),
        workloads(),
        policies(),
        access(),
        storage(),
        machinery(),
    ]
    .concat()
}

fn core() -> Vec<Resource> {
    let core = |kind, plural| Resource::namespaced("", "v1", kind, plural);
    vec![
        core("ConfigMap", "configmaps").short("cm"),
        core("Endpoints", "endpoints")
            .short("ep")
            .with(&[PutCreates]),
        core("Event", "events").short("ev").with(&[PutCreates]),
        core("LimitRange", "limitranges")
            .short("limits")
            .with(&[PutCreates]),
        core("PersistentVolumeClaim", "persistentvolumeclaims")
            .short("pvc")
            .with(&[DeleteAnswersObject])
            .status(),
        core("Pod", "pods")
            .short("po")
            .category_all()
            .with(&[DeleteAnswersObject])
            .sub("binding", Some(("", "v1", "Binding")), &["create"])
            .sub("eviction", Some(("policy", "v1", "Eviction")), &["create"])
            .sub("log", None, &["get"])
            .status(),
        core("PodTemplate", "podtemplates").with(&[DeleteAnswersObject, PutCreates]),
        core("ReplicationController", "replicationcontrollers")
            .short("rc")
            .category_all()
            .with(&[OrphansByDefault])
            .scale()
            .status(),
        core("ResourceQuota", "resourcequotas")
            .short("quota")
            .with(&[DeleteAnswersObject])
            .status(),
        core("Secret", "secrets"),
        core("ServiceAccount", "serviceaccounts")
            .short("sa")
            .with(&[DeleteAnswersObject])
            .sub(
                "token",
                Some(("authentication.k8s.io", "v1", "TokenRequest")),
                &["create"],
            ),
        core("Service", "services")
            .short("svc")
            .category_all()
            .with(&[DeleteAnswersObject, PutCreates])
            .sub(
                "proxy",
                Some(("", "", "ServiceProxyOptions")),
                &["create", "delete", "get", "patch", "update"],
            )
            .status(),
    ]
}

fn core_cluster() -> Vec<Resource> {
    let core = |kind, plural| Resource::cluster("", "v1", kind, plural);
    let mut namespaces = core("Namespace", "namespaces")
        .short("ns")
        .with(&[DeleteAnswersObject]);
    namespaces.verbs.retain(|verb| *verb != "deletecollection");
    let mut statuses = core("ComponentStatus", "componentstatuses").short("cs");
    statuses.verbs = vec!["get", "list"];
    vec![
        namespaces.sub("finalize", None, &["update"]).status(),
        core("Node", "nodes").short("no").status(),
        statuses,
        core("PersistentVolume", "persistentvolumes")
            .short("pv")
            .with(&[DeleteAnswersObject])
            .status(),
    ]
}

fn reviews() -> Vec<Resource> {
    const AUTHORIZATION: &str = "authorization.k8s.io";
    const AUTHENTICATION: &str = "authentication.k8s.io";
    let review = |group, kind, plural| Resource::cluster(group, "v1", kind, plural).review();
    vec![
        review(AUTHENTICATION, "SelfSubjectReview", "selfsubjectreviews"),
        review(AUTHENTICATION, "TokenReview", "tokenreviews"),
        Resource::namespaced(
            AUTHORIZATION,
            "v1",
            "LocalSubjectAccessReview",
            "localsubjectaccessreviews",
        )
        .review(),
        review(
            AUTHORIZATION,
            "SelfSubjectAccessReview",
            "selfsubjectaccessreviews",
        ),
        review(
            AUTHORIZATION,
            "SelfSubjectRulesReview",
            "selfsubjectrulesreviews",
        ),
        review(AUTHORIZATION, "SubjectAccessReview", "subjectaccessreviews"),
    ]
}

fn workloads() -> Vec<Resource> {
    let apps = |kind, plural| Resource::namespaced("apps", "v1", kind, plural);
    let workload = |kind, plural, short| apps(kind, plural).short(short).category_all();
    let batch = |kind, plural| Resource::namespaced("batch", "v1", kind, plural);
    let scaler = |version| {
        let mut scaler = Resource::namespaced(
            "autoscaling",
            version,
            "HorizontalPodAutoscaler",
            "horizontalpodautoscalers",
        );
        "v2".clone_into(&mut scaler.storage_version);
        scaler.short("hpa").category_all().status()
    };
    vec![
        apps("ControllerRevision", "controllerrevisions"),
        workload("DaemonSet", "daemonsets", "ds").status(),
        workload("Deployment", "deployments", "deploy")
            .scale()
            .status(),
        workload("ReplicaSet", "replicasets", "rs").scale().status(),
        workload("StatefulSet", "statefulsets", "sts")
            .scale()
            .status(),
        scaler("v2"),
        scaler("v1"),
        batch("CronJob", "cronjobs")
            .short("cj")
            .category_all()
            .status(),
        batch("Job", "jobs")
            .category_all()
            .with(&[OrphansByDefault])
            .status(),
    ]
}

fn policies() -> Vec<Resource> {
    let networking = |kind, plural| Resource::namespaced("networking.k8s.io", "v1", kind, plural);
    let networking_cluster =
        |kind, plural| Resource::cluster("networking.k8s.io", "v1", kind, plural);
    vec![
        networking_cluster("IngressClass", "ingressclasses"),
        networking("Ingress", "ingresses").short("ing").status(),
        networking("NetworkPolicy", "networkpolicies").short("netpol"),
        networking_cluster("IPAddress", "ipaddresses").short("ip"),
        networking_cluster("ServiceCIDR", "servicecidrs").status(),
        Resource::namespaced(
            "policy",
            "v1",
            "PodDisruptionBudget",
            "poddisruptionbudgets",
        )
        .short("pdb")
        .with(&[PutNeedsVersion])
        .status(),
    ]
}

fn access() -> Vec<Resource> {
    const RBAC: &str = "rbac.authorization.k8s.io";
    vec![
        Resource::cluster(RBAC, "v1", "ClusterRoleBinding", "clusterrolebindings")
            .with(&[PutCreates]),
        Resource::cluster(RBAC, "v1", "ClusterRole", "clusterroles").with(&[PutCreates]),
        Resource::namespaced(RBAC, "v1", "RoleBinding", "rolebindings").with(&[PutCreates]),
        Resource::namespaced(RBAC, "v1", "Role", "roles").with(&[PutCreates]),
    ]
}

fn storage() -> Vec<Resource> {
    let cluster = |kind, plural| Resource::cluster("storage.k8s.io", "v1", kind, plural);
    vec![
        cluster("CSIDriver", "csidrivers").with(&[PutNeedsVersion]),
        cluster("CSINode", "csinodes").with(&[PutNeedsVersion]),
        Resource::namespaced(
            "storage.k8s.io",
            "v1",
            "CSIStorageCapacity",
            "csistoragecapacities",
        )
        .with(&[PutNeedsVersion]),
        cluster("StorageClass", "storageclasses")
            .short("sc")
            .with(&[DeleteAnswersObject]),
        cluster("VolumeAttachment", "volumeattachments").status(),
        cluster("VolumeAttributesClass", "volumeattributesclasses").short("vac"),
    ]
}

fn machinery() -> Vec<Resource> {
    const ADMISSION: &str = "admissionregistration.k8s.io";
    let admission = |kind, plural| Resource::cluster(ADMISSION, "v1", kind, plural);
    let webhook = |kind, plural| admission(kind, plural).with(&[PutNeedsVersion]);
    vec![
        webhook(
            "MutatingWebhookConfiguration",
            "mutatingwebhookconfigurations",
        ),
        webhook(
            "ValidatingWebhookConfiguration",
            "validatingwebhookconfigurations",
        ),
        admission("ValidatingAdmissionPolicy", "validatingadmissionpolicies").status(),
        admission(
            "ValidatingAdmissionPolicyBinding",
            "validatingadmissionpolicybindings",
        ),
        Resource::cluster(
            "apiextensions.k8s.io",
            "v1",
            "CustomResourceDefinition",
            "customresourcedefinitions",
        )
        .short("crd")
        .short("crds")
        .with(&[PutNeedsVersion])
        .status(),
        Resource::cluster(
            "scheduling.k8s.io",
            "v1",
            "PriorityClass",
            "priorityclasses",
        )
        .short("pc"),
        Resource::namespaced("coordination.k8s.io", "v1", "Lease", "leases")
            .with(&[PutCreates, PutNeedsVersion]),
        Resource::cluster("node.k8s.io", "v1", "RuntimeClass", "runtimeclasses"),
        Resource::namespaced("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices"),
        Resource::namespaced("events.k8s.io", "v1", "Event", "events")
            .short("ev")
            .with(&[PutCreates]),
    ]
}
