//! Who is a collector to the API? An account with the rights that its configuration needs.

use std::collections::BTreeMap;

use k8s_openapi::api::{
    core::v1::ServiceAccount,
    rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding},
};
use provider_core::{Ref, Scope, kube_core::ObjectMeta};

use super::needs::{Needs, Rights};

/// An account with the rights that a configuration needs, and no others.
pub(super) fn account(
    scope: &mut Scope<'_>,
    name: &str,
    needs: &Needs,
    annotations: BTreeMap<String, String>,
) -> Ref<ServiceAccount> {
    let metadata = |name: String| ObjectMeta {
        name: Some(name),
        ..ObjectMeta::default()
    };
    let account = scope.add(ServiceAccount {
        metadata: ObjectMeta {
            annotations: (!annotations.is_empty()).then_some(annotations),
            ..metadata(name.to_owned())
        },
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
