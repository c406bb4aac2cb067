//! What does every cluster have?

use crate::id::ResourceId;

/// The kinds of Kubernetes itself whose objects live in no namespace.
const CLUSTER_KINDS: &[(&str, &str)] = &[
    ("", "Namespace"),
    ("", "Node"),
    ("", "PersistentVolume"),
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicy"),
    (
        "admissionregistration.k8s.io",
        "MutatingAdmissionPolicyBinding",
    ),
    (
        "admissionregistration.k8s.io",
        "MutatingWebhookConfiguration",
    ),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
    (
        "admissionregistration.k8s.io",
        "ValidatingAdmissionPolicyBinding",
    ),
    (
        "admissionregistration.k8s.io",
        "ValidatingWebhookConfiguration",
    ),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("apiregistration.k8s.io", "APIService"),
    ("certificates.k8s.io", "CertificateSigningRequest"),
    ("certificates.k8s.io", "ClusterTrustBundle"),
    ("flowcontrol.apiserver.k8s.io", "FlowSchema"),
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"),
    ("gateway.networking.k8s.io", "GatewayClass"),
    ("networking.k8s.io", "IPAddress"),
    ("networking.k8s.io", "IngressClass"),
    ("networking.k8s.io", "ServiceCIDR"),
    ("node.k8s.io", "RuntimeClass"),
    ("rbac.authorization.k8s.io", "ClusterRole"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
    ("resource.k8s.io", "DeviceClass"),
    ("resource.k8s.io", "ResourceSlice"),
    ("scheduling.k8s.io", "PriorityClass"),
    ("storage.k8s.io", "CSIDriver"),
    ("storage.k8s.io", "CSINode"),
    ("storage.k8s.io", "StorageClass"),
    ("storage.k8s.io", "VolumeAttachment"),
    ("storage.k8s.io", "VolumeAttributesClass"),
];

/// The objects that every cluster has: namespace (`*` for any), kind and name.
const OBJECTS: &[(&str, &str, &str)] = &[
    ("*", "ServiceAccount", "default"),
    ("*", "ConfigMap", "kube-root-ca.crt"),
    ("default", "Service", "kubernetes"),
    (
        "kube-system",
        "Role",
        "extension-apiserver-authentication-reader",
    ),
    (
        "kube-system",
        "ConfigMap",
        "extension-apiserver-authentication",
    ),
    ("", "ClusterRole", "view"),
    ("", "ClusterRole", "edit"),
    ("", "ClusterRole", "admin"),
    ("", "ClusterRole", "cluster-admin"),
    ("", "PriorityClass", "system-node-critical"),
    ("", "PriorityClass", "system-cluster-critical"),
    ("", "PriorityLevelConfiguration", "exempt"),
    ("", "PriorityLevelConfiguration", "catch-all"),
    ("", "PriorityLevelConfiguration", "global-default"),
    ("", "PriorityLevelConfiguration", "leader-election"),
    ("", "PriorityLevelConfiguration", "node-high"),
    ("", "PriorityLevelConfiguration", "system"),
    ("", "PriorityLevelConfiguration", "workload-high"),
    ("", "PriorityLevelConfiguration", "workload-low"),
];

/// Whether the objects of a kind of Kubernetes itself live in no namespace.
pub(crate) fn is_cluster_kind(group: &str, kind: &str) -> bool {
    CLUSTER_KINDS.contains(&(group, kind))
}

/// Whether a kind belongs to Kubernetes itself, and not to a custom resource's definition.
pub(crate) fn is_builtin_group(group: &str) -> bool {
    match group {
        "" | "apps" | "autoscaling" | "batch" | "policy" => true,
        "gateway.networking.k8s.io" | "snapshot.storage.k8s.io" | "metrics.k8s.io" => false,
        _ => CLUSTER_KINDS.iter().any(|(known, _)| *known == group) || BUILTIN.contains(&group),
    }
}

const BUILTIN: &[&str] = &[
    "authentication.k8s.io",
    "authorization.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "internal.apiserver.k8s.io",
    "storagemigration.k8s.io",
];

/// Whether every cluster has this object, so that nobody needs to add it.
pub(crate) fn is_everywhere(id: &ResourceId) -> bool {
    if id.kind == "Namespace" && is_system_namespace(&id.name) {
        return true;
    }
    if matches!(id.kind.as_str(), "ClusterRole" | "Role") && id.name.starts_with("system:") {
        return true;
    }
    let namespace = id.namespace.as_deref().unwrap_or_default();
    OBJECTS.iter().any(|(place, kind, name)| {
        *kind == id.kind && *name == id.name && (*place == "*" || *place == namespace)
    })
}

/// The namespaces that belong to the cluster: nobody labels them but its operator.
pub(crate) fn is_system_namespace(name: &str) -> bool {
    name == "default" || name.starts_with("kube-")
}
