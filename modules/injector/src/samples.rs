//! A configuration and Pods for tests to begin with.

use json_patch::PatchOperation;
use serde_json::{Value, json};

use crate::{
    config::Config,
    inject::inject,
    review::{Kind, Request},
};

/// Pods of `shop` may ask, those of `bank` have one unasked.
pub(crate) fn config() -> Config {
    let config = r#"
name: otel
namespace: obs
stack: prod
annotations: [sidecar.otelier.dev/inject, sidecar.opentelemetry.io/inject]
namespaces:
  shop: {}
  bank: { unasked: inject }
never: [kube-system, kube-node-lease]
sidecar:
  container:
    name: otel-sidecar
    image: registry.invalid/otelcol:1
    ports:
      - { name: otlp-grpc, containerPort: 4317, protocol: TCP }
      - { name: otlp-http, containerPort: 4318, protocol: TCP }
      - { name: health, containerPort: 13133, protocol: TCP }
      - { name: otel-metrics, containerPort: 8888, protocol: TCP }
    startupProbe: { httpGet: { path: /, port: health } }
    volumeMounts: [{ name: otel-sidecar, mountPath: /etc/otelcol }]
  volumes: [{ name: otel-sidecar, configMap: { name: otel-0123456789 } }]
  application: { grpc: "http://127.0.0.1:4317", http: "http://127.0.0.1:4318" }
"#;
    Config::read(config).unwrap()
}

/// A Pod with these annotations and this specification.
pub(crate) fn pod(annotations: &Value, spec: &Value) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": "api", "namespace": "shop", "annotations": annotations },
        "spec": spec,
    })
}

/// A Pod that asks, with this specification.
pub(crate) fn asking(spec: &Value) -> Value {
    pod(&json!({ "sidecar.otelier.dev/inject": "true" }), spec)
}

/// The request to make that Pod in that namespace.
pub(crate) fn request(namespace: &str, object: Value) -> Request {
    Request {
        uid: "a question".to_owned(),
        kind: Kind {
            group: String::new(),
            version: "v1".to_owned(),
            kind: "Pod".to_owned(),
        },
        namespace: namespace.to_owned(),
        operation: "CREATE".to_owned(),
        object,
        ..Request::default()
    }
}

/// The Pod with its sidecar, as the API server makes it of the patch.
pub(crate) fn patched(object: &Value, config: &Config) -> Value {
    let (_, operations) = inject(object.clone(), "shop", config);
    applied(object, &operations)
}

/// The Pod as the API server makes it of a patch.
pub(crate) fn applied(object: &Value, operations: &[PatchOperation]) -> Value {
    let text = serde_json::to_vec(operations).unwrap();
    let read: Vec<PatchOperation> = serde_json::from_slice(&text).unwrap();
    let mut object = object.clone();
    json_patch::patch(&mut object, &read).unwrap();
    object
}
