//! Is every request that we send found in the API server's audit log, and only ours?

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use serde_json::{Value, json};
use support::{Live, Request, Site};

use super::pods::client;

#[tokio::test]
async fn requests_are_counted_once_each_and_dry_runs_are_no_writes() {
    let live = Live::expected();
    let Some(audit) = &live.audit else { return };
    let maps: Api<ConfigMap> = Api::namespaced(client(&live).await, "default");
    let name = live.name("counted");
    let map = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name }, "data": { "a": "b" } });
    let apply = PatchParams::apply("counting");

    let mark = audit.mark().unwrap();
    maps.patch(&name, &apply.clone().dry_run(), &Patch::Apply(&map))
        .await
        .unwrap();
    maps.patch(&name, &apply, &Patch::Apply(&map))
        .await
        .unwrap();
    maps.list(&ListParams::default()).await.unwrap();
    maps.delete(&name, &DeleteParams::default()).await.unwrap();
    maps.get_opt(&name).await.unwrap();

    let seen = audit.since(mark).unwrap();
    let seen: Vec<_> = seen
        .iter()
        .map(|r| (r.verb.as_str(), r.name.is_some(), r.code, r.is_write()))
        .collect();
    let expected = [
        ("patch", true, 201, false),
        ("patch", true, 201, true),
        ("list", false, 200, false),
        ("delete", true, 200, true),
        ("get", true, 404, false),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn prod_is_planned_with_one_list_per_kind_and_one_dry_run_per_object_and_written_only_once() {
    let live = Live::expected();
    let Some(audit) = &live.audit else { return };
    let site = Site::new("prod", &["observability", "observability-agents"]);
    let made = site.run(&["up", "prod", "--yes"]).expect(0);
    let made = made.out + &made.err;
    let all = made
        .split_once(" created in ")
        .unwrap()
        .0
        .rsplit(' ')
        .next()
        .unwrap();
    let all: usize = all.parse().unwrap();

    let rendered = site.user.run(&["render", "prod", "-o", "json"]).expect(0);
    let rendered: Value = serde_json::from_str(&rendered.out).unwrap();
    let objects = rendered["items"].as_array().unwrap();
    let kinds: BTreeSet<_> = objects
        .iter()
        .map(|o| (o["kind"].as_str(), o["metadata"]["namespace"].as_str()))
        .collect();
    // What is generated in the cluster is of the stack, and not rendered.
    let generated = BTreeSet::from([(Some("Secret"), Some("observability"))]);
    let kinds: BTreeSet<_> = kinds.union(&generated).collect();
    assert!(objects.len() > 50, "{}", objects.len());

    for command in [&["plan", "prod"] as &[&str], &["up", "prod", "--yes"]] {
        let mark = audit.mark().unwrap();
        let ran = site.run(command).expect(0);
        let said = ran.out + &ran.err;
        assert!(said.contains("plan: nothing to do"), "{said}");
        let seen = audit.since(mark).unwrap();
        let written: Vec<_> = seen
            .iter()
            .filter(|r| r.is_write() && !is_bookkeeping(r))
            .collect();
        assert!(written.is_empty(), "{command:?} wrote: {written:?}");
        let lists: Vec<_> = seen
            .iter()
            .filter(|r| r.verb == "list")
            .map(|r| (&r.resource, &r.namespace))
            .collect();
        assert_eq!(
            lists.len(),
            lists.iter().collect::<BTreeSet<_>>().len(),
            "{lists:?}"
        );
        assert!(lists.len() <= kinds.len(), "{lists:?} for {kinds:?}");
        let dry_runs = seen.iter().filter(|r| r.is_dry_run()).count();
        assert!(dry_runs <= all, "{dry_runs} of {all}");
        let others = seen.len() - lists.len() - dry_runs;
        // What is made after a recipe is read before it is judged.
        let recipes = all - objects.len();
        assert!(others <= 9 + recipes, "{others} further requests: {seen:?}");
    }
    takes_down(&site);
}

/// `down` removes what `up` made, and keeps and lists the volumes, which a later one deletes when asked.
fn takes_down(site: &Site) {
    let stranger = json!({ "metadata": { "name": "stranger" } });
    let maps = "/api/v1/namespaces/observability/configmaps";
    site.send("POST", maps, Some(&stranger)).unwrap();
    let claims = "/api/v1/namespaces/observability/persistentvolumeclaims";
    let names = |path: &str| -> BTreeSet<String> {
        let list = site.send("GET", path, None).unwrap();
        let items = list["items"].as_array().unwrap().iter();
        items
            .map(|i| i["metadata"]["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let volumes = names(claims);
    assert!(volumes.contains("data-search-2"), "{volumes:?}");

    let down = site.run(&["down", "prod", "--yes"]).expect(0);
    let said = down.out + &down.err;
    for volume in &volumes {
        assert!(
            said.contains(volume.as_str()),
            "{volume} is not listed:\n{said}"
        );
    }
    assert_eq!(names(claims), volumes);
    let maps = names(maps);
    let expected = ["kube-root-ca.crt", "stranger"].map(str::to_owned);
    assert_eq!(maps, expected.into(), "the stranger's stays, ours are gone");
    for path in [
        "/apis/apps/v1/statefulsets",
        "/apis/apps/v1/deployments",
        "/apis/apps/v1/daemonsets",
        "/apis/rbac.authorization.k8s.io/v1/clusterroles",
        "/apis/networking.k8s.io/v1/networkpolicies",
    ] {
        let ours = names(&format!(
            "{path}?labelSelector=app.kubernetes.io%2Fpart-of%3Dprod"
        ));
        assert!(ours.is_empty(), "{path}: {ours:?}");
    }
    let down = site
        .run(&["down", "prod", "--yes", "--delete-volumes"])
        .expect(0);
    assert!(down.err.contains("data-search-2"), "{}", down.err);
    assert_eq!(names(claims), BTreeSet::new(), "volumes go when asked for");
}

/// The lock and the inventory.
fn is_bookkeeping(request: &Request) -> bool {
    matches!(request.resource.as_deref(), Some("leases" | "secrets"))
        && (request.name.is_none() || request.name.as_deref() == Some("stacks-prod"))
}
