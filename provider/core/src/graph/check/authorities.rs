//! Does any Pod get hold of a key that signs?

use super::View;
use crate::{
    certificate::Certificate,
    graph::{Finding, reference::references, rules},
};

pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for pods in &view.templates {
        for reference in references(pods.owner) {
            let secret = view.resources.get(&reference.to);
            let certificate = secret.and_then(|secret| secret.certificate.as_ref());
            if !matches!(certificate, Some(Certificate::Authority { .. })) {
                continue;
            }
            let message = format!(
                "{} uses {} in `{}`, which holds the key of an authority: whoever has it can pretend to be anybody",
                pods.owner.id, reference.to, reference.path
            );
            let finding = pods.owner.finding(rules::AUTHORITY_IN_POD, message);
            findings.push(finding.hint("borrow its `ca.crt` into a ConfigMap, and use that"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{
        Borrowed, GeneratedAuthority,
        graph::tests::{graph, object},
        k8s_openapi::api::{apps::v1::Deployment, core::v1::ConfigMap},
        scope::Scope,
    };

    fn with(stack: &mut Scope<'_>, volume: &serde_json::Value) {
        stack.add(object::<Deployment>(json!({
            "metadata": { "name": "api" },
            "spec": { "selector": { "matchLabels": { "app": "api" } }, "template": {
                "metadata": { "labels": { "app": "api" } },
                "spec": {
                    "securityContext": { "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" } },
                    "containers": [{
                        "name": "api", "image": "api:1",
                        "securityContext": {
                            "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] },
                        },
                    }],
                    "volumes": [volume],
                },
            }},
        })));
    }

    #[test]
    fn no_pod_mounts_the_key_of_an_authority_and_every_pod_may_trust_it() {
        let findings = graph(|stack| {
            stack.add(GeneratedAuthority::new("authority"));
            with(
                stack,
                &json!({ "name": "ca", "secret": { "secretName": "authority" } }),
            );
        })
        .unwrap_err();
        let rules: Vec<_> = findings.0.iter().map(|finding| finding.rule).collect();
        assert_eq!(rules, ["authority-in-pod"], "{findings}");

        let fine = graph(|stack| {
            let authority = stack.add(GeneratedAuthority::new("authority"));
            let trust = stack.add(object::<ConfigMap>(
                json!({ "metadata": { "name": "trust" } }),
            ));
            stack.borrow(&trust, "/data/ca.crt", Borrowed::text(&authority, "ca.crt"));
            let items = json!([{ "key": "ca.crt", "path": "ca.crt" }]);
            with(
                stack,
                &json!({ "name": "ca", "configMap": { "name": "trust", "items": items } }),
            );
        });
        assert!(fine.is_ok(), "{}", fine.unwrap_err());
    }
}
