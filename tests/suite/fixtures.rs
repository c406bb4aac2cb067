//! Small stacks that stories are told about.

use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::{ConfigMap, Service},
};
use provider::{Kind, Network, Port, Protocol, Scope};
use serde_json::json;

pub(crate) struct Http;
impl Protocol for Http {
    const SCHEME: &'static str = "http";
}
pub(crate) const HTTP: Port<Http> = Port::new("http", 8080);

pub(crate) fn deployments() -> Kind {
    Kind::of::<Deployment>()
}

pub(crate) fn config_maps() -> Kind {
    Kind::of::<ConfigMap>()
}

pub(crate) fn services() -> Kind {
    Kind::of::<Service>()
}

/// A ConfigMap, a Deployment that mounts it, and a Service in front: as many replicas as asked for.
pub(crate) fn hello(replicas: i32) -> impl Fn(&mut Scope<'_>) + Send + Sync + 'static {
    move |stack| {
        stack.network(Network::Open);
        let page = stack.add(page("hello"));
        let mut server = server("hello", "nginxinc/nginx-unprivileged:1.29.3", replicas);
        let pod = server.spec.template.spec.get_or_insert_default();
        pod.volumes = Some(vec![page.volume("page")]);
        let server = stack.add(server);
        stack.expose(&server, HTTP);
    }
}

/// A ConfigMap with one file.
pub(crate) fn page(name: &str) -> ConfigMap {
    serde_json::from_value(
        json!({ "metadata": { "name": name }, "data": { "index.html": "hello" } }),
    )
    .unwrap()
}

/// A Deployment that the restricted level admits.
pub(crate) fn server(name: &str, image: &str, replicas: i32) -> Deployment {
    let labels = json!({ "app.kubernetes.io/name": name });
    serde_json::from_value(json!({
        "metadata": { "name": name },
        "spec": {
            "replicas": replicas,
            "selector": { "matchLabels": labels },
            "template": {
                "metadata": { "labels": labels },
                "spec": {
                    "securityContext": { "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" } },
                    "containers": [{
                        "name": "web",
                        "image": image,
                        "ports": [{ "name": "http", "containerPort": 8080 }],
                        "securityContext": {
                            "allowPrivilegeEscalation": false,
                            "capabilities": { "drop": ["ALL"] },
                        },
                    }],
                },
            },
        },
    }))
    .unwrap()
}
