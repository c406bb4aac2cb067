//! API servers that are busy, forbid, go away, or refuse dry runs.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, combinators::UnsyncBoxBody};
use kube::client::Body;
use provider::{
    Cluster, ClusterOptions, Limits, ObserveError, Verdict,
    cluster::{Failure, Patience},
    k8s_openapi::api::core::v1::Secret,
    plan::Plan,
    report::Class,
};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::world::{World, config, limits, stack};

type Bytes = bytes::Bytes;
type Answer = Response<UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>>;

/// What happens to requests instead of reaching the sandbox.
#[derive(Clone)]
struct Fault {
    method: &'static str,
    path: &'static str,
    times: usize,
    answer: Result<(u16, Value), ()>,
}

/// A cluster that fails as told before it answers.
fn failing(world: &World, faults: Vec<Fault>) -> Cluster {
    let (sandbox, faults) = (world.sandbox.clone(), Arc::new(Mutex::new(faults)));
    let service = tower::service_fn(move |request: Request<Body>| {
        let (sandbox, faults) = (sandbox.clone(), Arc::clone(&faults));
        async move {
            if let Some(fault) = due(&faults, &request) {
                let (code, body) =
                    fault.map_err(|()| std::io::Error::other("connection refused"))?;
                let body = Full::new(Bytes::from(body.to_string()))
                    .map_err(|never: Infallible| match never {})
                    .boxed_unsync();
                let answer: Answer = Response::builder()
                    .status(StatusCode::from_u16(code).unwrap())
                    .body(body)
                    .unwrap();
                return Ok::<_, std::io::Error>(answer);
            }
            let answer = sandbox
                .oneshot(request)
                .await
                .map_err(std::io::Error::other)?;
            Ok(answer.map(|body| body.map_err(Into::into).boxed_unsync()))
        }
    });
    Cluster::new(
        kube::Client::new(service, "default"),
        ClusterOptions::default(),
    )
}

fn due(faults: &Mutex<Vec<Fault>>, request: &Request<Body>) -> Option<Result<(u16, Value), ()>> {
    let mut faults = faults.lock().unwrap();
    let uri = request.uri().to_string();
    let fault = faults.iter_mut().find(|fault| {
        fault.times > 0 && request.method() == fault.method && uri.contains(fault.path)
    })?;
    fault.times -= 1;
    Some(fault.answer.clone())
}

#[expect(clippy::unnecessary_wraps, reason = "the other answer is none at all")]
fn status(code: u16, reason: &str, message: &str) -> Result<(u16, Value), ()> {
    Ok((
        code,
        json!({"kind": "Status", "code": code, "reason": reason, "message": message}),
    ))
}

fn fault(
    method: &'static str,
    path: &'static str,
    times: usize,
    answer: Result<(u16, Value), ()>,
) -> Fault {
    Fault {
        method,
        path,
        times,
        answer,
    }
}

fn shop() -> provider::Stack {
    stack(|scope| {
        scope.add(config("settings", &[("mode", "fast")]));
    })
}

async fn apply(cluster: &Cluster, plan: &Plan, limits: &Limits) -> provider::Report {
    cluster.apply(plan, limits, &mut ()).await
}

#[tokio::test]
async fn a_server_that_is_busy_is_asked_again() {
    let world = World::new();
    let cluster = failing(
        &world,
        vec![
            fault(
                "POST",
                "configmaps",
                2,
                status(429, "TooManyRequests", "later"),
            ),
            fault(
                "POST",
                "secrets",
                1,
                status(500, "InternalError", "etcdserver: leader changed"),
            ),
            fault(
                "PATCH",
                "dryRun=All",
                2,
                status(503, "ServiceUnavailable", "not yet"),
            ),
        ],
    );
    let graph = shop().graph().unwrap();
    let plan = Plan::new(&graph, &cluster.observe(&graph).await.unwrap());
    let report = apply(&cluster, &plan, &limits()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
}

#[tokio::test]
async fn everything_that_is_forbidden_is_said_at_once_with_the_role_that_would_allow_it() {
    let world = World::new();
    let refusal = |verb: &str, resource: &str| {
        let message = format!(
            "x is forbidden: User \"ci\" cannot {verb} resource \"{resource}\" in API group \"\" in the namespace \"shop\""
        );
        status(403, "Forbidden", &message)
    };
    let cluster = failing(
        &world,
        vec![
            fault("GET", "configmaps?", 1, refusal("list", "configmaps")),
            fault(
                "PATCH",
                "configmaps/settings",
                1,
                refusal("patch", "configmaps"),
            ),
        ],
    );
    let error = cluster.observe(&shop().graph().unwrap()).await.unwrap_err();
    let ObserveError::Forbidden(forbidden) = &error else {
        panic!("{error:?}")
    };
    assert_eq!(
        forbidden.to_string(),
        "user `ci` lacks permission: `list` on `configmaps` in namespace `shop`, `patch` on `configmaps` in namespace `shop`"
    );
    assert!(error.to_string().contains("kind: Role\n"), "{error}");
    assert!(
        error.to_string().contains("verbs: [\"list\", \"patch\"]"),
        "{error}"
    );
}

#[tokio::test]
async fn what_nobody_may_look_for_is_a_note_and_stops_nothing() {
    let world = World::new();
    let shop = stack(|scope| {
        scope.existing::<Secret>("login");
        scope.existing::<Secret>("token");
        scope.add(config("settings", &[]));
    });
    let refusal = |verb: &str| {
        let message = format!(
            "x is forbidden: User \"ci\" cannot {verb} resource \"secrets\" in API group \"\" in the namespace \"shop\""
        );
        status(403, "Forbidden", &message)
    };
    let cluster = failing(
        &world,
        vec![
            fault("GET", "secrets?", 1, refusal("list")),
            fault("GET", "secrets/login", 1, refusal("get")),
        ],
    );
    let graph = shop.graph().unwrap();
    let plan = Plan::new(&graph, &cluster.observe(&graph).await.unwrap());
    let missing: Vec<_> = plan
        .missing
        .iter()
        .map(|missing| missing.message.as_str())
        .collect();
    assert_eq!(
        missing,
        ["Secret/shop/token is not in the cluster; the definition says that it is"],
        "each is asked for where they cannot be listed"
    );
    let notes: Vec<_> = plan
        .notes
        .iter()
        .map(|note| note.message.as_str())
        .collect();
    let said = "it could not be seen whether Secret/shop/login is there: user `ci` lacks permission: \
                `get` on `secrets` in namespace `shop`";
    assert_eq!(notes, [said]);

    let report = apply(&cluster, &plan, &limits()).await;
    assert_eq!(report.stopped.unwrap().class, Class::Missing);
    assert_eq!(report.requests.total(), 0);
}

#[tokio::test]
async fn a_server_that_goes_away_in_the_middle_ends_the_run_clearly_and_the_next_one_converges() {
    let world = World::new();
    let shop = stack(|scope| {
        let first = scope.add(config("a", &[]));
        let second = scope.add(config("b", &[]));
        scope.depends_on(&second, &first);
    });
    let cluster = failing(
        &world,
        vec![fault(
            "POST",
            "configmaps",
            1,
            status(429, "TooManyRequests", "later"),
        )],
    );
    let graph = shop.graph().unwrap();
    let plan = Plan::new(&graph, &cluster.observe(&graph).await.unwrap());
    let gone = failing(&world, vec![fault("POST", "configmaps", 99, Err(()))]);
    let brief = Limits {
        patience: Patience {
            busy: Duration::from_secs(1),
            unreachable: Duration::from_secs(1),
        },
        ..limits()
    };
    let report = apply(&gone, &plan, &brief).await;
    assert_eq!(report.verdict, Verdict::Failed);
    let stopped = report.stopped.as_ref().unwrap();
    assert_eq!(stopped.class, Class::Unreachable);
    assert!(
        stopped.message.contains("the API server cannot be reached"),
        "{}",
        stopped.message
    );
    assert!(world.up(&shop).await.succeeded());
    assert!(world.plan(&shop).await.is_empty());
}

#[tokio::test]
async fn nobody_there_is_an_error_and_no_empty_cluster() {
    let world = World::new();
    let cluster = failing(&world, vec![fault("GET", "/", 99, Err(()))]);
    let error = cluster.observe(&shop().graph().unwrap()).await.unwrap_err();
    let mut chain = vec![error.to_string()];
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        chain.push(cause.to_string());
        source = cause.source();
    }
    assert_eq!(
        chain[..4],
        [
            "could not compare the stack with the cluster",
            "could not reach the inventory",
            "could not read Secret/shop/stacks-shop",
            "the API server cannot be reached",
        ]
    );
}

#[tokio::test]
async fn expired_credentials_and_webhooks_without_dry_run_are_their_own_answers() {
    let world = World::new();
    let cluster = failing(
        &world,
        vec![fault(
            "GET",
            "secrets/stacks-shop",
            1,
            status(401, "Unauthorized", "Unauthorized"),
        )],
    );
    let error = cluster.observe(&shop().graph().unwrap()).await.unwrap_err();
    let ObserveError::Inventory(provider::InventoryError::Call(call)) = error else {
        panic!("{error:?}")
    };
    assert!(matches!(call.failure, Failure::Unauthorized(_)));

    let message = "admission webhook \"w.example.com\" does not support dry run";
    let cluster = failing(
        &world,
        vec![fault(
            "PATCH",
            "configmaps/settings",
            1,
            status(400, "BadRequest", message),
        )],
    );
    let graph = shop().graph().unwrap();
    let plan = Plan::new(&graph, &cluster.observe(&graph).await.unwrap());
    let report = apply(&cluster, &plan, &limits()).await;
    assert_eq!(report.verdict, Verdict::Failed);
    assert_eq!(report.requests.writes(), 0, "nothing is touched");
    let (_, failed) = report.failures().next().unwrap();
    assert!(
        failed.message.contains("does not support dry run"),
        "{}",
        failed.message
    );
}

#[tokio::test]
async fn a_create_whose_answer_was_lost_is_known_again() {
    let world = World::new();
    let shop = || {
        stack(|scope| {
            scope.add(config("settings", &[("mode", "fast")]));
            scope.add(config("other", &[]));
        })
    };
    world
        .up(&stack(|scope| drop(scope.add(config("other", &[])))))
        .await;
    let graph = shop().graph().unwrap();
    let plan = Plan::new(&graph, &world.cluster.observe(&graph).await.unwrap());
    // The first create arrives, and its answer does not; the second finds what the first has made.
    let exactly = graph
        .resources()
        .find(|resource| resource.id.name == "settings")
        .unwrap();
    let path = "/api/v1/namespaces/shop/configmaps";
    let by_us = format!("{path}?fieldManager=stacks%2Fshop");
    world
        .send("POST", &by_us, "application/json", &exactly.object)
        .await;
    let report = apply(&world.cluster, &plan, &limits()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(world.plan(&shop()).await.is_empty());
}

#[tokio::test]
async fn what_somebody_else_made_meanwhile_is_not_overwritten() {
    let world = World::new();
    let graph = shop().graph().unwrap();
    world
        .up(&stack(|scope| drop(scope.add(config("other", &[])))))
        .await;
    let plan = Plan::new(&graph, &world.cluster.observe(&graph).await.unwrap());
    let theirs = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"mode": "slow"}});
    let path = "/api/v1/namespaces/shop/configmaps";
    world.send("POST", path, "application/json", &theirs).await;
    let report = apply(&world.cluster, &plan, &limits()).await;
    assert_eq!(report.verdict, Verdict::Stale, "{report:#?}");
    assert_eq!(
        world.get(&format!("{path}/settings")).await["data"]["mode"],
        "slow"
    );
}
