//! One Deployment and one Service: any typed Kubernetes object is a module of one resource.
//!
//! `cargo run -p examples --bin hello -- up hello`

use provider::{Endpoint, Network, Port, Protocol, Ref, Scope, Stack};
use provider::{
    k8s_openapi::api::{apps::v1::Deployment, core::v1::Container},
    kube_core::ObjectMeta,
};
use serde_json::json;

struct Http;
impl Protocol for Http {
    const SCHEME: &'static str = "http";
}
const HTTP: Port<Http> = Port::new("http", 8080);

fn hello(stack: &mut Scope<'_>) {
    // A stack of raw workloads whose traffic nobody describes says so in one visible line.
    stack.network(Network::Open);
    let server: Ref<Deployment> = stack.add(deployment("hello"));
    let _page: Endpoint<Http> = stack.expose(&server, HTTP);
}

fn deployment(name: &str) -> Deployment {
    let labels = json!({ "app.kubernetes.io/name": name });
    let container: Container = serde_json::from_value(json!({
        "name": "web",
        "image": "nginxinc/nginx-unprivileged:1.29.3",
        "ports": [{ "name": HTTP.name, "containerPort": HTTP.number }],
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "capabilities": { "drop": ["ALL"] },
            "runAsNonRoot": true,
            "seccompProfile": { "type": "RuntimeDefault" },
        },
    }))
    .expect("a container in the shape of the API");
    let mut deployment: Deployment = serde_json::from_value(json!({
        "spec": {
            "replicas": 2,
            "selector": { "matchLabels": labels },
            "template": { "metadata": { "labels": labels }, "spec": { "containers": [container] } },
        },
    }))
    .expect("a Deployment in the shape of the API");
    deployment.metadata = ObjectMeta {
        name: Some(name.to_owned()),
        ..ObjectMeta::default()
    };
    deployment
}

fn main() -> std::process::ExitCode {
    stacks::run([Stack::new("hello", hello)])
}
