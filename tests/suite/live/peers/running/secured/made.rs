//! What does a stack look like once it is up, with all that only a cluster makes?

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use provider::{Cluster, ClusterOptions, Plan, Stack};
use sandbox::Sandbox;
use serde_json::Value;
use support::{Container, limits};

use super::super::super::graph;

/// The objects of a stack as a cluster holds them.
pub(super) struct Made(Vec<Value>);

impl Made {
    /// Applies a stack in a sandbox of its own.
    pub(super) fn of(stack: &Stack) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(Self::applied(stack))
    }

    async fn applied(stack: &Stack) -> Self {
        let sandbox = Sandbox::new();
        let cluster = Cluster::new(sandbox.client(), ClusterOptions::default());
        let graph = graph(stack);
        let observation = cluster.observe(&graph).await.unwrap();
        let plan = Plan::new(&graph, &observation);
        let report = cluster.apply(&plan, &limits(), &mut ()).await;
        assert!(report.succeeded(), "{report:#?}");
        let mut objects = Vec::new();
        for resource in graph.resources() {
            let collection = resource.kind.path(resource.id.namespace.as_deref());
            let path = format!("{collection}/{}", resource.id.name);
            let request = http::Request::get(path).body(Vec::new()).unwrap();
            objects.push(sandbox.client().request(request).await.unwrap());
        }
        Self(objects)
    }

    /// Its containers whose image is that repository.
    pub(super) fn containers(&self, repository: &str) -> Vec<Container> {
        let all = Container::of_objects(&self.0).into_iter();
        all.filter(|container| container.runs(repository)).collect()
    }

    /// The namespace of a workload such as `Deployment/otlp`.
    pub(super) fn namespace(&self, workload: &str) -> &str {
        let (kind, name) = workload.split_once('/').unwrap();
        let mut all = self.0.iter();
        let found = all.find(|object| object["kind"] == kind && object["metadata"]["name"] == name);
        found.unwrap()["metadata"]["namespace"].as_str().unwrap()
    }

    /// The files of each Secret with a certificate.
    pub(super) fn certificates(&self) -> impl Iterator<Item = BTreeMap<String, String>> {
        let secrets = self.0.iter().filter(|object| object["kind"] == "Secret");
        let with_one = secrets.filter(|secret| secret["data"]["tls.crt"].is_string());
        with_one.map(|secret| {
            let data: BTreeMap<String, String> =
                serde_json::from_value(secret["data"].clone()).unwrap();
            let text = |value: String| String::from_utf8(STANDARD.decode(value).unwrap()).unwrap();
            data.into_iter()
                .map(|(key, value)| (key, text(value)))
                .collect()
        })
    }
}
