//! A world to tell a story in: a cluster, a stack, and somebody else who edits.
//!
//! The same story is told in the sandbox (`make test`) and on a real cluster (`make live`).

use std::{future::Future, sync::Arc};

use provider::{
    Cluster, ClusterConfig, ClusterOptions, Graph, Kind, Limits, Plan, Report, ResourceId, Scope,
    Stack,
    plan::{Choices, Volumes},
};
use sandbox::Sandbox;
use serde_json::Value;
use tokio::sync::Mutex;

use crate::Live;

/// A cluster, a stack, and somebody else who edits.
#[derive(Clone)]
pub struct World {
    /// The stack's name, which is nobody else's, and its namespace.
    pub name: String,
    /// The engine's door to the cluster.
    pub cluster: Cluster,
    /// The door of everybody else.
    pub client: kube::Client,
    /// The sandbox, where this is one.
    pub sandbox: Option<Sandbox>,
    definition: Arc<Mutex<Stack>>,
}

/// Tells a story in a world of its own, and takes away what is left of the stack even if the story fails.
///
/// # Panics
/// If the story panics.
pub async fn story<F, T>(
    name: &str,
    definition: impl Fn(&mut Scope<'_>) + Send + Sync + 'static,
    tell: F,
) where
    F: FnOnce(World) -> T,
    T: Future<Output = ()> + Send + 'static,
{
    let world = World::new(name, definition).await;
    let told = tokio::spawn(tell(world.clone())).await;
    if world.sandbox.is_none() {
        world.down(Volumes::Delete).await;
    }
    if let Err(error) = told {
        std::panic::resume_unwind(error.into_panic());
    }
}

impl World {
    async fn new(name: &str, definition: impl Fn(&mut Scope<'_>) + Send + Sync + 'static) -> Self {
        let options = ClusterOptions {
            holder: format!("story `{name}`"),
            ..ClusterOptions::default()
        };
        let Some(live) = Live::from_environment() else {
            let sandbox = Sandbox::new();
            let client = sandbox.client();
            let cluster = Cluster::new(sandbox.client(), options);
            return Self::of(name.to_owned(), cluster, client, Some(sandbox), definition);
        };
        let config = ClusterConfig::Kubeconfig {
            paths: vec![live.kubeconfig.clone()],
            context: None,
        };
        let (cluster, _) = Cluster::connect(&config, options)
            .await
            .expect("the live cluster can be connected to");
        let kubeconfig = kube::config::Kubeconfig::read_from(&live.kubeconfig)
            .expect("the live kubeconfig is readable");
        let choice = kube::config::KubeConfigOptions::default();
        let config = kube::Config::from_custom_kubeconfig(kubeconfig, &choice).await;
        let client = kube::Client::try_from(config.expect("the live kubeconfig is usable"));
        Self::of(
            live.name(name),
            cluster,
            client.expect("the live cluster has a client"),
            None,
            definition,
        )
    }

    fn of(
        name: String,
        cluster: Cluster,
        client: kube::Client,
        sandbox: Option<Sandbox>,
        definition: impl Fn(&mut Scope<'_>) + Send + Sync + 'static,
    ) -> Self {
        let definition = Arc::new(Mutex::new(Stack::new(name.clone(), definition)));
        Self {
            name,
            cluster,
            client,
            sandbox,
            definition,
        }
    }

    /// From now on the stack says something else.
    pub async fn redefine(&self, definition: impl Fn(&mut Scope<'_>) + Send + Sync + 'static) {
        *self.definition.lock().await = Stack::new(self.name.clone(), definition);
    }

    /// The graph of the definition as it is now.
    ///
    /// # Panics
    /// If the definition has mistakes.
    pub async fn graph(&self) -> Graph {
        self.definition
            .lock()
            .await
            .graph()
            .unwrap_or_else(|findings| panic!("{findings}"))
    }

    /// What `stacks plan` would find.
    pub async fn plan(&self) -> Plan {
        self.plan_with(&Choices::default()).await
    }

    /// The same with choices.
    ///
    /// # Panics
    /// If the cluster cannot be observed.
    pub async fn plan_with(&self, choices: &Choices) -> Plan {
        let graph = self.graph().await;
        let observation = self
            .cluster
            .observe(&graph)
            .await
            .expect("the cluster can be observed");
        Plan::with(&graph, &observation, choices)
    }

    /// The plan as `stacks plan` shows it, with the world's own name as `NAME`.
    pub async fn shown(&self) -> String {
        let plan = stacks::show(&self.plan().await);
        let times = plan
            .split(", last write ")
            .enumerate()
            .map(|(index, part)| match (index, part.find(')')) {
                (0, _) | (_, None) => part.to_owned(),
                (_, Some(end)) => part[end..].to_owned(),
            });
        times.collect::<String>().replace(&self.name, "NAME")
    }

    /// Plans and applies.
    pub async fn up(&self) -> Report {
        self.up_with(&Choices::default(), &limits()).await
    }

    /// The same with choices and limits.
    pub async fn up_with(&self, choices: &Choices, limits: &Limits) -> Report {
        let plan = self.plan_with(choices).await;
        self.cluster.apply(&plan, limits, &mut ()).await
    }

    /// Applies and expects that all is well.
    ///
    /// # Panics
    /// If it is not.
    pub async fn applied(&self) {
        let report = self.up().await;
        assert!(report.succeeded(), "{report:#?}");
    }

    /// Takes the stack down.
    ///
    /// # Panics
    /// If the cluster cannot be observed.
    pub async fn down(&self, volumes: Volumes) -> Report {
        let observation = self
            .cluster
            .observe_owned(&self.name, &self.name)
            .await
            .expect("the inventory can be read");
        let plan = Plan::teardown(&self.name, &self.name, &observation, volumes);
        self.cluster.apply(&plan, &limits(), &mut ()).await
    }

    /// An object as it is; none where there is none.
    ///
    /// # Panics
    /// On any answer but the object or that there is none.
    pub async fn get(&self, kind: &Kind, name: &str) -> Option<Value> {
        match self
            .send("GET", &self.path(kind, name), "application/json", None)
            .await
        {
            Ok(object) => Some(object),
            Err(kube::Error::Api(status)) if status.code == 404 => None,
            Err(error) => panic!("could not read {name}: {error}"),
        }
    }

    /// Somebody else changes an object, as `kubectl edit` does.
    ///
    /// # Panics
    /// If the server refuses.
    pub async fn edit(&self, manager: &str, kind: &Kind, name: &str, patch: &Value) -> Value {
        let path = format!("{}?fieldManager={manager}", self.path(kind, name));
        let answer = self
            .send("PATCH", &path, "application/merge-patch+json", Some(patch))
            .await;
        answer.unwrap_or_else(|error| panic!("{manager} could not edit {name}: {error}"))
    }

    /// Somebody else applies an object with their own field manager, by force.
    ///
    /// # Panics
    /// If the server refuses.
    pub async fn applies(&self, manager: &str, kind: &Kind, name: &str, object: &Value) -> Value {
        let path = format!(
            "{}?fieldManager={manager}&force=true",
            self.path(kind, name)
        );
        let answer = self
            .send("PATCH", &path, "application/apply-patch+yaml", Some(object))
            .await;
        answer.unwrap_or_else(|error| panic!("{manager} could not apply {name}: {error}"))
    }

    /// Somebody else deletes an object.
    ///
    /// # Panics
    /// If the server refuses.
    pub async fn delete(&self, kind: &Kind, name: &str) {
        let answer = self
            .send("DELETE", &self.path(kind, name), "application/json", None)
            .await;
        answer.unwrap_or_else(|error| panic!("could not delete {name}: {error}"));
    }

    /// The id of an object in the stack's namespace.
    pub fn id(&self, kind: &Kind, name: &str) -> ResourceId {
        ResourceId::new(kind, &self.name, name)
    }

    fn path(&self, kind: &Kind, name: &str) -> String {
        format!("{}/{name}", kind.path(Some(&self.name)))
    }

    async fn send(
        &self,
        verb: &str,
        path: &str,
        media: &str,
        body: Option<&Value>,
    ) -> Result<Value, kube::Error> {
        let body = body
            .map(|body| body.to_string().into_bytes())
            .unwrap_or_default();
        let request = http::Request::builder()
            .method(verb)
            .uri(path)
            .header("content-type", media)
            .body(body);
        self.client
            .request(request.expect("a well-formed request"))
            .await
    }
}

/// The limits of a story: real controllers take seconds, the sandbox's take none.
pub fn limits() -> Limits {
    Limits {
        resource: std::time::Duration::from_mins(2),
        ..Limits::default()
    }
}
