//! What others made or are taking away: each is named, and the next run converges.

use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams, PostParams},
};
use serde_json::json;
use support::{Site, story};

use crate::fixtures::hello;

#[test]
fn an_object_that_helm_made_is_a_conflict_until_it_is_adopted_or_its_fields_are_taken() {
    let site = Site::new("foreign", &["dev"]);
    let _ = site
        .run(&["up", "dev", "--yes", "--only", "Namespace/dev"])
        .expect(0);
    let helms = json!({
        "metadata": { "name": "loki", "labels": { "app.kubernetes.io/managed-by": "Helm" } },
        "spec": { "ports": [{ "name": "query", "port": 3100, "targetPort": 9 }], "selector": { "app": "theirs" } },
    });
    let path = "/api/v1/namespaces/dev/services";
    site.send("POST", &format!("{path}?fieldManager=helm"), Some(&helms))
        .unwrap();

    let refused = site.run(&["up", "dev", "--yes"]).expect(3);
    for words in [
        "Service/dev/loki",
        "helm",
        "app.kubernetes.io/managed-by",
        "targetPort",
    ] {
        assert!(
            refused.err.contains(words),
            "`{words}` is not said:\n{}",
            refused.err
        );
    }
    let live = site.send("GET", &format!("{path}/loki"), None).unwrap();
    assert_eq!(
        live["spec"]["selector"]["app"], "theirs",
        "nothing was touched"
    );

    let some = ["--take", "helm:metadata.labels"];
    let refused = site
        .run(&[&["up", "dev", "--yes"] as &[&str], &some].concat())
        .expect(3);
    assert!(refused.err.contains("targetPort"), "{}", refused.err);

    let taken = [
        "--take",
        "helm:metadata.labels",
        "--take",
        "helm:spec.ports@Service/loki",
        "--take",
        "helm:spec.selector",
    ];
    let plan = site.run(&[&["plan", "dev", "--detailed-exitcode"] as &[&str], &taken].concat());
    let plan = plan.expect(2);
    assert!(!plan.out.contains("in conflict"), "{}", plan.out);

    let adopt = ["up", "dev", "--yes", "--adopt", "Service/dev/loki"];
    let _ = site.run(&adopt).expect(0);
    let live = site.send("GET", &format!("{path}/loki"), None).unwrap();
    assert_ne!(live["spec"]["ports"][0]["targetPort"], 9);
    let plan = site.run(&["plan", "dev", "--detailed-exitcode"]).expect(0);
    assert!(plan.out.contains("plan: nothing to do"), "{}", plan.out);
}

#[tokio::test]
async fn a_namespace_that_is_being_deleted_stops_the_run_and_the_next_one_makes_it_anew() {
    story("leaving", hello(1), async |world| {
        let spaces: Api<Namespace> = Api::all(world.client.clone());
        let space = json!({ "metadata": { "name": world.name } });
        let space = serde_json::from_value(space).unwrap();
        spaces.create(&PostParams::default(), &space).await.unwrap();
        let maps: Api<ConfigMap> = Api::namespaced(world.client.clone(), &world.name);
        let held = json!({ "metadata": { "name": "held", "finalizers": ["example.com/hold"] } });
        let held = serde_json::from_value(held).unwrap();
        maps.create(&PostParams::default(), &held).await.unwrap();
        spaces
            .delete(&world.name, &DeleteParams::default())
            .await
            .unwrap();

        let report = world.up().await;
        assert!(!report.succeeded());
        let said: Vec<_> = report
            .failures()
            .map(|(id, f)| format!("{id} {}", f.message))
            .collect();
        assert!(
            !said.is_empty() && said.iter().all(|said| said.contains("being deleted")),
            "{said:#?}"
        );

        let free = json!({ "metadata": { "finalizers": null } });
        maps.patch("held", &PatchParams::default(), &Patch::Merge(&free))
            .await
            .unwrap();
        while spaces.get_opt(&world.name).await.unwrap().is_some() {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        world.applied().await;
        assert!(world.plan().await.is_empty());
    })
    .await;
}
