//! Names that lead somewhere, and names that do not.

use serde_json::{Value, json};

use super::{broken, config, deployment, graph, object};
use crate::{
    Findings, Network, Scope,
    k8s_openapi::api::{
        apps::v1::Deployment,
        core::v1::{ConfigMap, Namespace, Secret, ServiceAccount},
        rbac::v1::{Role, RoleBinding},
    },
};

type Definition = Box<dyn Fn(&mut Scope<'_>) + Send + Sync>;

#[test]
fn names_that_lead_nowhere_are_found_with_their_line() {
    let line = line!() + 5;
    let Err(Findings(findings)) = graph(|stack| {
        stack.network(Network::Open);
        let mut api = deployment("api");
        api["spec"]["template"]["spec"]["serviceAccountName"] = json!("nobody");
        stack.add(object::<Deployment>(api));
    }) else {
        panic!("a finding was expected");
    };
    assert_eq!(findings.len(), 1);
    let finding = &findings[0];
    assert_eq!(finding.rule, "dangling-reference");
    assert_eq!(
        finding.message,
        "Deployment/shop/api refers to ServiceAccount/shop/nobody in `spec.template.spec.serviceAccountName`, which is not in this stack"
    );
    let origin = finding.origin.as_ref().unwrap();
    assert_eq!((origin.file, origin.line), (file!(), line));
}

#[test]
fn what_exists_already_may_be_named() {
    let found = broken(|stack| {
        stack.network(Network::Open);
        let login = stack.existing::<Secret>("login");
        let mut api = deployment("api");
        api["spec"]["template"]["spec"]["containers"][0]["env"] =
            json!([{ "name": "PASSWORD", "valueFrom": login.key("password") }]);
        stack.add(object::<Deployment>(api));
    });
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn what_exists_elsewhere_may_be_named_without_making_its_namespace() {
    let graph = graph(|stack| {
        let account = stack.existing_in::<ServiceAccount>("monitoring", "reader");
        let role = stack.existing::<Role>("read");
        let binding = json!({
            "metadata": { "name": "read" },
            "roleRef": role.role(),
            "subjects": [account.subject()],
        });
        stack.add(object::<RoleBinding>(binding));
    })
    .unwrap();
    let ids: Vec<_> = graph
        .resources()
        .map(|resource| resource.id.to_string())
        .collect();
    assert_eq!(ids, ["Namespace/shop", "RoleBinding/shop/read"]);
}

#[test]
fn hints_say_what_would_mend_it() {
    let hint = |namespace: &'static str| {
        let definition = move |stack: &mut Scope<'_>| {
            stack.add(object::<ServiceAccount>(
                json!({ "metadata": { "name": "known" } }),
            ));
            stack.add(object::<RoleBinding>(json!({
                "metadata": { "name": "read" },
                "roleRef": { "kind": "ClusterRole", "name": "view" },
                "subjects": [{ "kind": "ServiceAccount", "name": "known", "namespace": namespace }],
            })));
        };
        match graph(definition) {
            Ok(_) => None,
            Err(Findings(findings)) => findings[0].hint.clone(),
        }
    };
    assert_eq!(hint("shop"), None);
    let expected = "say the namespace of ServiceAccount/shop/known, if it is meant";
    assert_eq!(hint("other").as_deref(), Some(expected));
}

#[test]
fn mistakes_in_references_have_their_own_names() {
    let with_env = |from: Value| {
        let mut api = deployment("api");
        api["spec"]["template"]["spec"]["containers"][0]["env"] =
            json!([{ "name": "A", "valueFrom": from }]);
        object::<Deployment>(api)
    };
    let key = |optional: bool| json!({ "configMapKeyRef": { "name": "settings", "key": "absent", "optional": optional } });
    let (required, optional) = (with_env(key(false)), with_env(key(true)));
    let (again, elsewhere) = (required.clone(), required.clone());
    let cases: [(&str, Vec<&str>, Definition); 5] = [
        (
            "a key that is not there",
            vec!["missing-key"],
            Box::new(move |stack| {
                stack.add(config("settings"));
                stack.add(required.clone());
            }),
        ),
        (
            "an optional key",
            vec![],
            Box::new(move |stack| {
                stack.add(config("settings"));
                stack.add(optional.clone());
            }),
        ),
        (
            "an object of another namespace",
            vec!["other-namespace"],
            Box::new(move |stack| {
                stack.within("other", |other| other.add(config("settings")));
                stack.add(again.clone());
            }),
        ),
        (
            "a namespace that nobody knows",
            vec!["unknown-namespace"],
            Box::new(|stack| {
                stack.add(object::<ConfigMap>(
                    json!({ "metadata": { "name": "a", "namespace": "nowhere" } }),
                ));
            }),
        ),
        (
            "a namespace that exists already",
            vec![],
            Box::new(move |stack| {
                stack.existing::<Namespace>("there");
                stack.within("there", |there| {
                    there.add(object::<ConfigMap>(
                        json!({ "metadata": { "name": "settings" }, "data": { "absent": "" } }),
                    ));
                    there.add(elsewhere.clone());
                });
            }),
        ),
    ];
    for (case, expected, define) in cases {
        let found = broken(move |stack| {
            stack.network(Network::Open);
            define(stack);
        });
        assert_eq!(found, expected, "{case}");
    }
}
