//! Where do the objects of Kubernetes name other objects?

use super::Need;

/// One place where objects name others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) on: On,
    /// The path of the object that holds the name, as [`find`](super::super::walk::find) reads it.
    pub(super) holder: &'static str,
    pub(super) target: Target,
    pub(super) part: Part,
    pub(super) need: Need,
}

/// Which objects have the place.
#[derive(Clone, Copy, Debug)]
pub(super) enum On {
    /// The description of Pods, wherever a kind keeps it.
    PodSpec,
    /// One kind: its group and its name.
    Kind(&'static str, &'static str),
    /// All.
    Any,
}

/// What the place names.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target {
    /// An object of that group and kind in the same namespace, or of the cluster; then the field of its name.
    Named(&'static str, &'static str, &'static str),
    /// The same, where a field `namespace` beside it may say another namespace.
    Elsewhere(&'static str, &'static str, &'static str),
    /// Fields `apiVersion`, `kind` and `name` say which.
    ApiVersion,
    /// Fields for the group, `kind`, `name` and perhaps `namespace` say which; with what holds where they are silent.
    Group {
        field: &'static str,
        group: &'static str,
        kind: &'static str,
    },
}

/// What of the object is used.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    /// All of it, or nothing in particular.
    Whole,
    /// The key in a field `key`.
    Key,
    /// The keys in the field `items`.
    Items,
}

const CONFIG_MAP: Target = Target::Named("", "ConfigMap", "name");
const SECRET: Target = Target::Named("", "Secret", "name");
const CLAIM_CLASS: Target = Target::Named("storage.k8s.io", "StorageClass", "storageClassName");
const ATTRIBUTES_CLASS: Target = Target::Named(
    "storage.k8s.io",
    "VolumeAttributesClass",
    "volumeAttributesClassName",
);
const SERVICE: Target = Target::Named("", "Service", "name");
const ANY_SERVICE: Target = Target::Elsewhere("", "Service", "name");
const API_GROUP: Target = Target::Group {
    field: "apiGroup",
    group: "",
    kind: "",
};
const ROLE: Target = Target::Group {
    field: "apiGroup",
    group: RBAC,
    kind: "",
};
const ROUTE_PARENT: Target = Target::Group {
    field: "group",
    group: GATEWAY,
    kind: "Gateway",
};
const ROUTE_BACKEND: Target = Target::Group {
    field: "group",
    group: "",
    kind: "Service",
};

const ISSUER: Target = Target::Group {
    field: "group",
    group: CERT_MANAGER,
    kind: "Issuer",
};

const ADMISSION: &str = "admissionregistration.k8s.io";
const CERT_MANAGER: &str = "cert-manager.io";
const FLOW: &str = "flowcontrol.apiserver.k8s.io";
const GATEWAY: &str = "gateway.networking.k8s.io";
const NETWORK: &str = "networking.k8s.io";
const RBAC: &str = "rbac.authorization.k8s.io";

pub(super) const ROWS: &[Row] = &[
    // What Pods use.
    pods("volumes[].configMap", CONFIG_MAP).items(),
    pods(
        "volumes[].secret",
        Target::Named("", "Secret", "secretName"),
    )
    .items(),
    pods("volumes[].projected.sources[].configMap", CONFIG_MAP).items(),
    pods("volumes[].projected.sources[].secret", SECRET).items(),
    pods(
        "volumes[].persistentVolumeClaim",
        Target::Named("", "PersistentVolumeClaim", "claimName"),
    ),
    pods("volumes[].ephemeral.volumeClaimTemplate.spec", CLAIM_CLASS),
    pods(
        "volumes[].ephemeral.volumeClaimTemplate.spec",
        ATTRIBUTES_CLASS,
    ),
    pods("volumes[].csi.nodePublishSecretRef", SECRET),
    pods("volumes[].iscsi.secretRef", SECRET),
    pods("volumes[].cephfs.secretRef", SECRET),
    pods("volumes[].rbd.secretRef", SECRET),
    pods("volumes[].flexVolume.secretRef", SECRET),
    pods(
        "volumes[].azureFile",
        Target::Named("", "Secret", "secretName"),
    ),
    pods("containers[].env[].valueFrom.configMapKeyRef", CONFIG_MAP).key(),
    pods("containers[].env[].valueFrom.secretKeyRef", SECRET).key(),
    pods("containers[].envFrom[].configMapRef", CONFIG_MAP),
    pods("containers[].envFrom[].secretRef", SECRET),
    pods(
        "initContainers[].env[].valueFrom.configMapKeyRef",
        CONFIG_MAP,
    )
    .key(),
    pods("initContainers[].env[].valueFrom.secretKeyRef", SECRET).key(),
    pods("initContainers[].envFrom[].configMapRef", CONFIG_MAP),
    pods("initContainers[].envFrom[].secretRef", SECRET),
    // Pods start without a pull secret that is missing, and fail only where the registry insists; but nobody
    // names one for nothing.
    pods("imagePullSecrets[]", SECRET),
    pods(
        "",
        Target::Named("", "ServiceAccount", "serviceAccountName"),
    ),
    pods(
        "",
        Target::Named("scheduling.k8s.io", "PriorityClass", "priorityClassName"),
    ),
    pods(
        "",
        Target::Named("node.k8s.io", "RuntimeClass", "runtimeClassName"),
    ),
    pods(
        "resourceClaims[]",
        Target::Named("resource.k8s.io", "ResourceClaim", "resourceClaimName"),
    ),
    pods(
        "resourceClaims[]",
        Target::Named(
            "resource.k8s.io",
            "ResourceClaimTemplate",
            "resourceClaimTemplateName",
        ),
    ),
    // Workloads, scaling, storage.
    on(
        "apps",
        "StatefulSet",
        "spec",
        Target::Named("", "Service", "serviceName"),
    ),
    on(
        "apps",
        "StatefulSet",
        "spec.volumeClaimTemplates[].spec",
        CLAIM_CLASS,
    ),
    on(
        "apps",
        "StatefulSet",
        "spec.volumeClaimTemplates[].spec",
        ATTRIBUTES_CLASS,
    ),
    on(
        "autoscaling",
        "HorizontalPodAutoscaler",
        "spec.scaleTargetRef",
        Target::ApiVersion,
    ),
    on(
        "autoscaling",
        "HorizontalPodAutoscaler",
        "spec.metrics[].object.describedObject",
        Target::ApiVersion,
    ),
    on("", "PersistentVolumeClaim", "spec", CLAIM_CLASS),
    on("", "PersistentVolumeClaim", "spec", ATTRIBUTES_CLASS),
    on(
        "",
        "PersistentVolumeClaim",
        "spec",
        Target::Named("", "PersistentVolume", "volumeName"),
    ),
    on("", "PersistentVolumeClaim", "spec.dataSource", API_GROUP),
    on("", "PersistentVolumeClaim", "spec.dataSourceRef", API_GROUP),
    // A volume may be reserved for a claim that comes later, and its class may be a mere word.
    on(
        "",
        "PersistentVolume",
        "spec.claimRef",
        Target::Elsewhere("", "PersistentVolumeClaim", "name"),
    )
    .optional(),
    on("", "PersistentVolume", "spec", CLAIM_CLASS).optional(),
    // Who may do what.
    on("", "ServiceAccount", "imagePullSecrets[]", SECRET),
    on("", "ServiceAccount", "secrets[]", SECRET),
    on(RBAC, "RoleBinding", "roleRef", ROLE),
    on(RBAC, "ClusterRoleBinding", "roleRef", ROLE),
    on(RBAC, "RoleBinding", "subjects[]", API_GROUP),
    on(RBAC, "ClusterRoleBinding", "subjects[]", API_GROUP),
    // Traffic.
    on(
        NETWORK,
        "Ingress",
        "spec",
        Target::Named(NETWORK, "IngressClass", "ingressClassName"),
    ),
    on(NETWORK, "Ingress", "spec.defaultBackend.service", SERVICE),
    on(
        NETWORK,
        "Ingress",
        "spec.defaultBackend.resource",
        API_GROUP,
    ),
    on(
        NETWORK,
        "Ingress",
        "spec.rules[].http.paths[].backend.service",
        SERVICE,
    ),
    on(
        NETWORK,
        "Ingress",
        "spec.rules[].http.paths[].backend.resource",
        API_GROUP,
    ),
    on(
        NETWORK,
        "Ingress",
        "spec.tls[]",
        Target::Named("", "Secret", "secretName"),
    ),
    on(
        GATEWAY,
        "Gateway",
        "spec",
        Target::Named(GATEWAY, "GatewayClass", "gatewayClassName"),
    ),
    on(
        GATEWAY,
        "Gateway",
        "spec.listeners[].tls.certificateRefs[]",
        Target::Group {
            field: "group",
            group: "",
            kind: "Secret",
        },
    ),
    on(GATEWAY, "HTTPRoute", "spec.parentRefs[]", ROUTE_PARENT),
    on(
        GATEWAY,
        "HTTPRoute",
        "spec.rules[].backendRefs[]",
        ROUTE_BACKEND,
    ),
    on(GATEWAY, "GRPCRoute", "spec.parentRefs[]", ROUTE_PARENT),
    on(
        GATEWAY,
        "GRPCRoute",
        "spec.rules[].backendRefs[]",
        ROUTE_BACKEND,
    ),
    // The API server's own extensions.
    on(
        ADMISSION,
        "MutatingWebhookConfiguration",
        "webhooks[].clientConfig.service",
        ANY_SERVICE,
    ),
    on(
        ADMISSION,
        "ValidatingWebhookConfiguration",
        "webhooks[].clientConfig.service",
        ANY_SERVICE,
    ),
    on(
        ADMISSION,
        "ValidatingAdmissionPolicyBinding",
        "spec",
        Target::Named(ADMISSION, "ValidatingAdmissionPolicy", "policyName"),
    ),
    on(
        ADMISSION,
        "MutatingAdmissionPolicyBinding",
        "spec",
        Target::Named(ADMISSION, "MutatingAdmissionPolicy", "policyName"),
    ),
    on(
        "apiregistration.k8s.io",
        "APIService",
        "spec.service",
        ANY_SERVICE,
    ),
    // A definition is established before anything converts, and its converter often is one of its own objects'.
    on(
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        "spec.conversion.webhook.clientConfig.service",
        ANY_SERVICE,
    )
    .optional(),
    on(
        FLOW,
        "FlowSchema",
        "spec.priorityLevelConfiguration",
        Target::Named(FLOW, "PriorityLevelConfiguration", "name"),
    ),
    Row {
        on: On::Any,
        ..on("", "", "metadata.ownerReferences[]", Target::ApiVersion)
    },
];

/// Places of kinds that others define. Who names one there need not say that it is there, but whoever says so learns who
/// needs it.
pub(super) const NAMED: &[Row] = &[
    on(CERT_MANAGER, "Certificate", "spec.issuerRef", ISSUER),
    on(
        NETWORK,
        "Ingress",
        "metadata.annotations",
        Target::Named(
            CERT_MANAGER,
            "ClusterIssuer",
            "cert-manager.io/cluster-issuer",
        ),
    ),
    on(
        NETWORK,
        "Ingress",
        "metadata.annotations",
        Target::Named(CERT_MANAGER, "Issuer", "cert-manager.io/issuer"),
    ),
];

const fn pods(holder: &'static str, target: Target) -> Row {
    Row {
        on: On::PodSpec,
        ..on("", "", holder, target)
    }
}

const fn on(group: &'static str, kind: &'static str, holder: &'static str, target: Target) -> Row {
    Row {
        on: On::Kind(group, kind),
        holder,
        target,
        part: Part::Whole,
        need: Need::Required,
    }
}

impl Row {
    const fn key(self) -> Self {
        Self {
            part: Part::Key,
            ..self
        }
    }

    const fn items(self) -> Self {
        Self {
            part: Part::Items,
            ..self
        }
    }

    const fn optional(self) -> Self {
        Self {
            need: Need::Optional,
            ..self
        }
    }
}
