//! The standards, control by control.

use serde_json::{Value, json};

use super::violations;
use crate::{
    graph::{
        template::Template,
        tests::{deployment, graph, object},
    },
    k8s_openapi::api::apps::v1::Deployment,
    scope::Network,
    stack::PodSecurity::{self, Baseline, Privileged, Restricted},
};

/// The paths that a level forbids in a faultless Pod after one change at a JSON pointer of its spec.
fn after(pointer: &str, value: &Value, level: PodSecurity) -> Vec<String> {
    let mut object: Value = deployment("api");
    object["apiVersion"] = json!("apps/v1");
    object["kind"] = json!("Deployment");
    put(
        &mut object["spec"]["template"]["spec"],
        pointer,
        value.clone(),
    );
    let graph = graph(move |stack| {
        stack.network(Network::Open);
        stack.add(crate::graph::tests::object::<Deployment>(deployment("api")));
    })
    .unwrap();
    let mut resource = graph
        .resources()
        .find(|resource| resource.id.kind == "Deployment")
        .unwrap()
        .clone();
    resource.object = object;
    let pods = Template::of(&resource).unwrap();
    violations(&pods, level)
        .into_iter()
        .map(|violation| violation.path.replacen("spec.template.spec.", "", 1))
        .collect()
}

fn put(root: &mut Value, pointer: &str, value: Value) {
    let mut at = root;
    for step in pointer.split('/').skip(1) {
        at = match step.parse::<usize>() {
            Ok(index) => &mut at[index],
            Err(_) => &mut at[step],
        };
    }
    *at = value;
}

#[test]
fn what_baseline_forbids_restricted_forbids_too() {
    let c = "/containers/0";
    for (pointer, value, path) in [
        ("/hostNetwork", json!(true), "hostNetwork"),
        ("/hostPID", json!(true), "hostPID"),
        ("/hostIPC", json!(true), "hostIPC"),
        (
            "/securityContext/windowsOptions",
            json!({ "hostProcess": true }),
            "securityContext.windowsOptions.hostProcess",
        ),
        (
            "/volumes",
            json!([{ "name": "logs", "hostPath": { "path": "/var/log" } }]),
            "volumes[logs].hostPath",
        ),
        (
            "/securityContext/sysctls",
            json!([{ "name": "kernel.msgmax", "value": "1" }]),
            "securityContext.sysctls[kernel.msgmax].name",
        ),
        (
            "/securityContext/seccompProfile/type",
            json!("Unconfined"),
            "securityContext.seccompProfile.type",
        ),
        (
            "/securityContext/seLinuxOptions",
            json!({ "type": "spc_t" }),
            "securityContext.seLinuxOptions.type",
        ),
        (
            &format!("{c}/securityContext/privileged"),
            json!(true),
            "containers[api].securityContext.privileged",
        ),
        (
            &format!("{c}/securityContext/capabilities/add"),
            json!(["SYS_ADMIN"]),
            "containers[api].securityContext.capabilities.add[0]",
        ),
        (
            &format!("{c}/securityContext/procMount"),
            json!("Unmasked"),
            "containers[api].securityContext.procMount",
        ),
        (
            &format!("{c}/securityContext/appArmorProfile"),
            json!({ "type": "Unconfined" }),
            "containers[api].securityContext.appArmorProfile.type",
        ),
        (
            &format!("{c}/ports/0/hostPort"),
            json!(80),
            "containers[api].ports[http].hostPort",
        ),
        (
            &format!("{c}/livenessProbe"),
            json!({ "httpGet": { "host": "10.0.0.1", "port": 80 } }),
            "containers[api].livenessProbe.httpGet.host",
        ),
    ] {
        assert_eq!(after(pointer, &value, Baseline), [path], "{pointer}");
        let restricted = after(pointer, &value, Restricted);
        assert!(
            restricted.contains(&path.to_owned()),
            "{pointer}: {restricted:?}"
        );
        assert!(after(pointer, &value, Privileged).is_empty(), "{pointer}");
    }
}

#[test]
fn what_restricted_asks_for_baseline_does_not() {
    let c = "/containers/0/securityContext";
    for (pointer, value, path) in [
        (
            "/securityContext/runAsNonRoot",
            json!(null),
            "containers[api].securityContext.runAsNonRoot",
        ),
        (
            "/securityContext/runAsUser",
            json!(0),
            "securityContext.runAsUser",
        ),
        (
            "/securityContext/seccompProfile",
            json!(null),
            "containers[api].securityContext.seccompProfile.type",
        ),
        (
            "/volumes",
            json!([{ "name": "share", "nfs": { "server": "a", "path": "/" } }]),
            "volumes[share]",
        ),
        (
            &format!("{c}/allowPrivilegeEscalation"),
            json!(null),
            "containers[api].securityContext.allowPrivilegeEscalation",
        ),
        (
            &format!("{c}/capabilities/drop"),
            json!(["NET_RAW"]),
            "containers[api].securityContext.capabilities.drop",
        ),
        (
            &format!("{c}/capabilities/add"),
            json!(["CHOWN"]),
            "containers[api].securityContext.capabilities.add[0]",
        ),
        (
            &format!("{c}/runAsNonRoot"),
            json!(false),
            "containers[api].securityContext.runAsNonRoot",
        ),
    ] {
        assert_eq!(after(pointer, &value, Restricted), [path], "{pointer}");
        assert!(after(pointer, &value, Baseline).is_empty(), "{pointer}");
    }
}

#[test]
fn what_is_harmless_is_allowed() {
    for (pointer, value) in [
        ("/hostNetwork", json!(false)),
        ("/volumes", json!([{ "name": "a", "emptyDir": {} }])),
        ("/containers/0/ports/0/hostPort", json!(0)),
        (
            "/containers/0/securityContext/capabilities/add",
            json!(["NET_BIND_SERVICE"]),
        ),
        ("/securityContext/runAsUser", json!(65532)),
    ] {
        assert!(after(pointer, &value, Restricted).is_empty(), "{pointer}");
    }
}

#[test]
fn on_windows_what_is_about_linux_does_not_count() {
    let windows = json!({
        "os": { "name": "windows" },
        "securityContext": { "runAsNonRoot": true },
        "containers": [{ "name": "api", "image": "it:1" }],
    });
    assert!(after("", &windows, Restricted).is_empty());
}

#[test]
fn nodes_may_do_what_others_may_not() {
    let mut agent = deployment("agent");
    agent["spec"]["template"]["spec"]["hostPID"] = json!(true);
    let agent: Deployment = object(agent);
    let outside = agent.clone();
    let inside = graph(move |stack| {
        stack.on_nodes(|nodes| nodes.add(agent.clone()));
    });
    assert!(inside.is_ok());
    let crate::Findings(findings) = graph(move |stack| {
        stack.add(outside.clone());
    })
    .unwrap_err();
    assert_eq!(
        findings[0].message,
        "`spec.template.spec.hostPID` of Deployment/shop/agent is true, which the restricted namespace `shop` does not allow"
    );
}
