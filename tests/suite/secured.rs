//! A stack that speaks TLS: made once, quiet afterwards, and renewed with the Pods that would not notice.

use k8s_openapi::jiff::SignedDuration;
use modules::{Collector, Prometheus, Tls, metrics};
use provider::{
    Plan, Scope,
    plan::{Action, Cause},
};
use support::{World, story};

fn metrics_over_tls(stack: &mut Scope<'_>) {
    stack.add(Tls::generated());
    let prometheus = stack.add(Prometheus::new("prometheus"));
    let gateway = Collector::gateway("otlp").pipeline(metrics().export(&prometheus.otlp));
    stack.add(gateway);
}

async fn plan_in(world: &World, days: i64) -> Plan {
    let graph = world.graph().await;
    let mut observation = world.cluster.observe(&graph).await.unwrap();
    observation.now += SignedDuration::from_hours(24 * days);
    Plan::new(&graph, &observation)
}

/// What a plan does, in a few words.
fn told(plan: &Plan) -> Vec<String> {
    let moving = plan.steps.iter().filter(|step| step.action != Action::Keep);
    let name = |step: &provider::plan::Step| format!("{}/{}", step.id.kind, step.id.name);
    moving.map(name).collect()
}

#[tokio::test]
async fn a_second_up_finds_nothing_to_do_and_a_later_one_renews() {
    story("secured", metrics_over_tls, async |world| {
        world.applied().await;
        let again = world.plan().await;
        assert!(again.is_empty(), "{:?}", told(&again));

        // Both programs read a renewed certificate by themselves: nothing restarts.
        let plan = plan_in(&world, 61).await;
        assert_eq!(told(&plan), ["Secret/otlp-tls", "Secret/prometheus-tls"]);

        // A collector reads whom to trust only when it starts.
        let plan = plan_in(&world, 4 * 365 + 1).await;
        let gateway = plan
            .steps
            .iter()
            .find(|step| step.id.kind == "Deployment")
            .unwrap();
        assert!(
            matches!(gateway.changes[0].cause, Cause::Follows { .. }),
            "{:?}",
            gateway.changes
        );
        let server = plan
            .steps
            .iter()
            .find(|step| step.id.kind == "StatefulSet")
            .unwrap();
        assert_eq!(server.action, Action::Keep, "{:?}", server.changes);
    })
    .await;
}
