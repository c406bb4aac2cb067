//! What does the engine cost per object: to describe, to observe, to compare, to apply?
//!
//! Against the sandbox in memory, so that only our own work is timed. `BENCH_SERVERS` is how many
//! servers the stack has, each a ConfigMap, a Deployment and a Service.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for the terminal, and a test of sorts"
)]

use std::time::{Duration, Instant};

use k8s_openapi::api::{apps::v1::Deployment, core::v1::ConfigMap};
use provider::{
    Cluster, ClusterOptions, Graph, Limits, Network, Plan, Port, Protocol, Scope, Stack,
};
use sandbox::Sandbox;
use serde_json::json;

/// Each measurement is the median of so many.
const ROUNDS: usize = 7;

struct Http;
impl Protocol for Http {
    const SCHEME: &'static str = "http";
}
const HTTP: Port<Http> = Port::new("http", 8080);

fn servers(count: usize) -> impl Fn(&mut Scope<'_>) + Send + Sync + 'static {
    move |stack| {
        stack.network(Network::Open);
        for index in 0..count {
            let name = format!("server-{index}");
            let page = stack.add(page(&name));
            let mut server = server(&name);
            server.spec.template.spec.get_or_insert_default().volumes =
                Some(vec![page.volume("page")]);
            let server = stack.add(server);
            stack.expose(&server, HTTP);
        }
    }
}

fn page(name: &str) -> ConfigMap {
    serde_json::from_value(
        json!({ "metadata": { "name": name }, "data": { "index.html": "hello" } }),
    )
    .unwrap()
}

fn server(name: &str) -> Deployment {
    let labels = json!({ "app.kubernetes.io/name": name });
    serde_json::from_value(json!({
        "metadata": { "name": name },
        "spec": {
            "replicas": 1,
            "selector": { "matchLabels": labels },
            "template": {
                "metadata": { "labels": labels },
                "spec": {
                    "securityContext": { "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" } },
                    "containers": [{
                        "name": "web",
                        "image": "registry.invalid/web:1",
                        "ports": [{ "name": "http", "containerPort": 8080 }],
                        "securityContext": { "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } },
                    }],
                },
            },
        },
    }))
    .unwrap()
}

/// One line: what was done, how often it asked the server, and how long it took.
fn print(what: &str, objects: usize, requests: u64, took: Duration) {
    let each = took / u32::try_from(objects.max(1)).unwrap_or(u32::MAX);
    println!("{what:<28} {objects:>6} {requests:>9} {took:>12.1?} {each:>10.1?}");
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn describe(stack: &Stack) -> Graph {
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let started = Instant::now();
        std::hint::black_box(stack.graph().unwrap());
        times.push(started.elapsed());
    }
    let graph = stack.graph().unwrap();
    print("describe", graph.len(), 0, median(times));
    graph
}

/// Observes and plans, timing the two apart.
async fn compare(what: &str, cluster: &Cluster, graph: &Graph) -> Plan {
    let (mut observing, mut planning, mut requests, mut last) = (Vec::new(), Vec::new(), 0, None);
    for _ in 0..ROUNDS {
        let before = cluster.requests();
        let started = Instant::now();
        let observation = cluster.observe(graph).await.unwrap();
        observing.push(started.elapsed());
        requests = cluster.requests().since(&before).total();
        let started = Instant::now();
        last = Some(Plan::new(graph, &observation));
        planning.push(started.elapsed());
    }
    print(
        &format!("observe {what}"),
        graph.len(),
        requests,
        median(observing),
    );
    print(&format!("plan {what}"), graph.len(), 0, median(planning));
    last.expect("there is at least one round")
}

async fn apply(cluster: &Cluster, plan: &Plan) {
    let limits = Limits {
        resource: Duration::from_secs(30),
        ..Limits::default()
    };
    let before = cluster.requests();
    let started = Instant::now();
    let report = cluster.apply(plan, &limits, &mut ()).await;
    let requests = cluster.requests().since(&before).total();
    assert!(
        report.succeeded(),
        "the stack did not become ready: {:?}",
        report.verdict
    );
    print(
        "apply until ready",
        plan.steps.len(),
        requests,
        started.elapsed(),
    );
}

#[tokio::main]
async fn main() {
    let count = std::env::var("BENCH_SERVERS")
        .ok()
        .and_then(|count| count.parse().ok())
        .unwrap_or(100);
    let stack = Stack::new("bench", servers(count));
    let sandbox = Sandbox::new();
    let cluster = Cluster::new(sandbox.client(), ClusterOptions::default());

    println!(
        "{:<28} {:>6} {:>9} {:>12} {:>10}",
        "", "objects", "requests", "median", "each"
    );
    let graph = describe(&stack);
    let plan = compare("nothing yet", &cluster, &graph).await;
    apply(&cluster, &plan).await;
    let plan = compare("what is there", &cluster, &graph).await;
    assert!(
        plan.is_empty(),
        "a second run has something to do: {:?}",
        plan.counts()
    );
}
