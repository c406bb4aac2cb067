//! How does one resource name another?

use std::{fmt, marker::PhantomData};

use k8s_openapi::api::{
    core::v1::{
        ConfigMap, ConfigMapEnvSource, ConfigMapKeySelector, ConfigMapVolumeSource, EnvFromSource,
        EnvVarSource, PersistentVolumeClaim, PersistentVolumeClaimVolumeSource, Secret,
        SecretEnvSource, SecretKeySelector, SecretVolumeSource, ServiceAccount, Volume,
    },
    rbac::v1::{ClusterRole, Role, RoleRef, Subject},
};

use crate::id::ResourceId;

/// Points at one resource of kind `K`. Adding the resource is the only way to get one.
///
/// In Kubernetes the client chooses an object's identity, so a reference is an ordinary value: it can be
/// made, stored and copied before anything exists.
pub struct Ref<K: ?Sized> {
    id: ResourceId,
    kind: PhantomData<fn() -> K>,
}

impl<K: ?Sized> Ref<K> {
    pub(crate) fn new(id: ResourceId) -> Self {
        Self {
            id,
            kind: PhantomData,
        }
    }

    /// Which object it points at.
    pub fn id(&self) -> &ResourceId {
        &self.id
    }

    /// The object's name.
    pub fn name(&self) -> &str {
        &self.id.name
    }

    /// The object's namespace; empty for kinds of the whole cluster.
    pub fn namespace(&self) -> &str {
        self.id.namespace.as_deref().unwrap_or_default()
    }
}

impl<K: ?Sized> Clone for Ref<K> {
    fn clone(&self) -> Self {
        Self::new(self.id.clone())
    }
}

impl<K: ?Sized> fmt::Debug for Ref<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ref({})", self.id)
    }
}

impl Ref<ConfigMap> {
    /// All keys as files.
    pub fn volume(&self, name: &str) -> Volume {
        let source = ConfigMapVolumeSource {
            name: self.name().to_owned(),
            ..Default::default()
        };
        Volume {
            name: name.to_owned(),
            config_map: Some(source),
            ..Default::default()
        }
    }

    /// One key as the value of a variable.
    pub fn key(&self, key: &str) -> EnvVarSource {
        let selector = ConfigMapKeySelector {
            name: self.name().to_owned(),
            key: key.to_owned(),
            ..Default::default()
        };
        EnvVarSource {
            config_map_key_ref: Some(selector),
            ..Default::default()
        }
    }

    /// All keys as variables.
    pub fn env(&self) -> EnvFromSource {
        let source = ConfigMapEnvSource {
            name: self.name().to_owned(),
            ..Default::default()
        };
        EnvFromSource {
            config_map_ref: Some(source),
            ..Default::default()
        }
    }
}

impl Ref<Secret> {
    /// All keys as files.
    pub fn volume(&self, name: &str) -> Volume {
        let source = SecretVolumeSource {
            secret_name: Some(self.name().to_owned()),
            ..Default::default()
        };
        Volume {
            name: name.to_owned(),
            secret: Some(source),
            ..Default::default()
        }
    }

    /// One key as the value of a variable.
    pub fn key(&self, key: &str) -> EnvVarSource {
        let selector = SecretKeySelector {
            name: self.name().to_owned(),
            key: key.to_owned(),
            ..Default::default()
        };
        EnvVarSource {
            secret_key_ref: Some(selector),
            ..Default::default()
        }
    }

    /// All keys as variables.
    pub fn env(&self) -> EnvFromSource {
        let source = SecretEnvSource {
            name: self.name().to_owned(),
            ..Default::default()
        };
        EnvFromSource {
            secret_ref: Some(source),
            ..Default::default()
        }
    }
}

impl Ref<PersistentVolumeClaim> {
    /// The claim as a volume.
    pub fn volume(&self, name: &str) -> Volume {
        let source = PersistentVolumeClaimVolumeSource {
            claim_name: self.name().to_owned(),
            ..Default::default()
        };
        Volume {
            name: name.to_owned(),
            persistent_volume_claim: Some(source),
            ..Default::default()
        }
    }
}

impl Ref<ServiceAccount> {
    /// The account as the subject of a role binding.
    pub fn subject(&self) -> Subject {
        Subject {
            kind: "ServiceAccount".into(),
            name: self.name().to_owned(),
            namespace: Some(self.namespace().to_owned()),
            ..Default::default()
        }
    }
}

impl Ref<Role> {
    /// The role as a binding names it.
    pub fn role(&self) -> RoleRef {
        role_ref("Role", self.name())
    }
}

impl Ref<ClusterRole> {
    /// The role as a binding names it.
    pub fn role(&self) -> RoleRef {
        role_ref("ClusterRole", self.name())
    }
}

fn role_ref(kind: &str, name: &str) -> RoleRef {
    RoleRef {
        api_group: Some("rbac.authorization.k8s.io".into()),
        kind: kind.into(),
        name: name.into(),
    }
}
