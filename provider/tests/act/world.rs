//! A sandbox and the steps of a user, in one line each.

use provider::{
    Cluster, ClusterOptions, Limits, Plan, Report, Scope, Stack,
    cluster::Requests,
    event::Event,
    k8s_openapi::{
        api::{
            apps::v1::{Deployment, DeploymentSpec},
            core::v1::{ConfigMap, Container, PodSpec, PodTemplateSpec},
        },
        apimachinery::pkg::apis::meta::v1::LabelSelector,
    },
    kube_core::ObjectMeta,
    plan::Choices,
};
use sandbox::{Controllers, Sandbox};
use serde_json::Value;

pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) cluster: Cluster,
}

pub(crate) fn meta(name: &str) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.into()),
        ..ObjectMeta::default()
    }
}

pub(crate) fn config(name: &str, data: &[(&str, &str)]) -> ConfigMap {
    let data = data
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    ConfigMap {
        metadata: meta(name),
        data: Some(data.collect()),
        ..ConfigMap::default()
    }
}

pub(crate) fn deployment(name: &str, image: &str) -> Deployment {
    let labels = std::collections::BTreeMap::from([("app".to_owned(), name.to_owned())]);
    Deployment {
        metadata: meta(name),
        spec: DeploymentSpec {
            replicas: Some(2),
            selector: LabelSelector {
                match_labels: Some(labels.clone()),
                ..LabelSelector::default()
            },
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta {
                    labels: Some(labels),
                    ..ObjectMeta::default()
                }),
                spec: Some(PodSpec {
                    containers: vec![Container {
                        name: name.into(),
                        image: Some(image.into()),
                        ..Container::default()
                    }],
                    ..PodSpec::default()
                }),
            },
            ..DeploymentSpec::default()
        },
        ..Deployment::default()
    }
}

/// A stack of raw objects.
pub(crate) fn stack(definition: impl Fn(&mut Scope<'_>) + Send + Sync + 'static) -> Stack {
    Stack::new("shop", move |scope| {
        scope.network(provider::Network::Open);
        definition(scope);
    })
    .pod_security(provider::PodSecurity::Privileged)
}

impl World {
    pub(crate) fn new() -> Self {
        // Whatever happens by itself in a cluster is played by the tests, so that they know when.
        let sandbox = Sandbox::new().controllers(Controllers::Off);
        let cluster = Self::cluster_of(&sandbox, "ana@laptop");
        Self { sandbox, cluster }
    }

    pub(crate) fn cluster_of(sandbox: &Sandbox, holder: &str) -> Cluster {
        Cluster::new(
            sandbox.client(),
            ClusterOptions {
                holder: holder.into(),
                ..ClusterOptions::default()
            },
        )
    }

    pub(crate) async fn plan(&self, stack: &Stack) -> Plan {
        self.plan_with(stack, &Choices::default()).await
    }

    pub(crate) async fn plan_with(&self, stack: &Stack, choices: &Choices) -> Plan {
        let graph = stack.graph().expect("the definition is right");
        let observation = self
            .cluster
            .observe(&graph)
            .await
            .expect("the sandbox answers");
        Plan::with(&graph, &observation, choices)
    }

    pub(crate) async fn apply(&self, plan: &Plan) -> Report {
        self.apply_within(plan, &limits()).await.0
    }

    pub(crate) async fn apply_within(&self, plan: &Plan, limits: &Limits) -> (Report, Vec<Event>) {
        let mut events = Vec::new();
        let report = self.cluster.apply(plan, limits, &mut events).await;
        (report, events)
    }

    pub(crate) async fn up(&self, stack: &Stack) -> Report {
        let report = self.apply(&self.plan(stack).await).await;
        assert!(report.succeeded(), "{report:#?}");
        report
    }

    /// One request of somebody else, as a path with a query and a JSON body.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        content: &str,
        body: &Value,
    ) -> Value {
        let body = if body.is_null() {
            Vec::new()
        } else {
            body.to_string().into_bytes()
        };
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", content)
            .body(body)
            .unwrap();
        self.sandbox
            .client()
            .request::<Value>(request)
            .await
            .unwrap_or_else(|error| serde_json::json!({"error": error.to_string()}))
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.send("GET", path, "application/json", &Value::Null)
            .await
    }

    /// What `kubectl edit` does.
    pub(crate) async fn edit(&self, path: &str, change: Value) {
        let uri = format!("{path}?fieldManager=kubectl-edit");
        let answer = self
            .send("PATCH", &uri, "application/merge-patch+json", &change)
            .await;
        assert!(answer.get("error").is_none(), "{answer}");
    }

    pub(crate) fn requests(&self) -> Requests {
        self.cluster.requests()
    }
}

pub(crate) fn limits() -> Limits {
    Limits {
        resource: std::time::Duration::from_secs(20),
        ..Limits::default()
    }
}

/// Applies a plan while `then` plays the controllers: it is given each event, one after the other.
pub(crate) async fn play(
    world: &World,
    plan: Plan,
    limits: Limits,
    then: impl AsyncFn(&World, &Event),
) -> Report {
    let (mut sender, mut events) = tokio::sync::mpsc::unbounded_channel();
    let cluster = world.cluster.clone();
    let run = tokio::spawn(async move { cluster.apply(&plan, &limits, &mut sender).await });
    while let Some(event) = events.recv().await {
        then(world, &event).await;
    }
    run.await.unwrap()
}
