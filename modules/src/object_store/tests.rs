//! What follows from a bucket for who uses it.

use k8s_openapi::api::core::v1::Secret;
use provider_core::{Findings, Scope, Stack};
use serde_json::{Value, json};

use super::ObjectStore;
use crate::{Tls, Workload, units::days};

type Store = fn(&mut Scope<'_>) -> ObjectStore;

/// The objects of a stack with one program that uses the bucket.
fn with(store: Store) -> Result<Vec<Value>, Findings> {
    let stack = Stack::new("shop", move |scope: &mut Scope<'_>| {
        let store = store(scope);
        let mut program = Workload::stateless("logs", "logs:1.0.0");
        store.attach(scope, &mut program.pod);
        store.must_hold(scope, "logs", days(30));
        let program = scope.add(program);
        store.connect(scope, &program);
    });
    let graph = stack.graph()?;
    Ok(graph
        .resources()
        .map(|resource| resource.object.clone())
        .collect())
}

fn find<'a>(objects: &'a [Value], kind: &str) -> &'a Value {
    let mut objects = objects.iter();
    objects.find(|object| object["kind"] == kind).unwrap()
}

/// The ports that the program may send to, and where.
fn egress(objects: &[Value]) -> Vec<(Value, Value)> {
    let policy = |object: &&Value| {
        object["kind"] == "NetworkPolicy" && object["metadata"]["name"] == "logs-deployment"
    };
    let policy = objects.iter().find(policy).unwrap();
    let rules = policy["spec"]["egress"].as_array().unwrap().iter();
    rules
        .map(|rule| (rule["ports"][0]["port"].clone(), rule["to"][0].clone()))
        .collect()
}

#[test]
fn keys_are_variables_that_refer_to_the_secret() {
    let objects = with(|scope| {
        let keys = scope.existing::<Secret>("keys");
        let store = ObjectStore::s3("logs").endpoint("http://garage.storage.svc:3900");
        store.keys(&keys, "id", "key").into()
    })
    .unwrap();
    let container = &find(&objects, "Deployment")["spec"]["template"]["spec"]["containers"][0];
    let reference = |key: &str| json!({ "secretKeyRef": { "name": "keys", "key": key } });
    assert_eq!(
        container["env"],
        json!([
            { "name": "AWS_ACCESS_KEY_ID", "valueFrom": reference("id") },
            { "name": "AWS_SECRET_ACCESS_KEY", "valueFrom": reference("key") },
        ])
    );
    let namespace = json!({ "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": "storage" } } });
    assert!(egress(&objects).contains(&(json!(3900), namespace)));
}

#[test]
fn a_key_file_is_mounted_and_named() {
    let objects = with(|scope| {
        let key = scope.existing::<Secret>("key");
        ObjectStore::gcs("logs")
            .key_file(&key, "google.json")
            .into()
    })
    .unwrap();
    let spec = &find(&objects, "Deployment")["spec"]["template"]["spec"];
    let path = "/var/run/secrets/object-store";
    assert_eq!(
        spec["containers"][0]["env"][0]["value"],
        format!("{path}/key.json")
    );
    assert_eq!(spec["containers"][0]["volumeMounts"][1]["mountPath"], path);
    let items = &spec["volumes"][1]["secret"]["items"];
    assert_eq!(
        *items,
        json!([{ "key": "google.json", "path": "key.json" }])
    );
}

#[test]
fn an_identity_is_an_account_without_a_token() {
    let role = "arn:aws:iam::111122223333:role/logs";
    let cases: [(Store, Value, u16); 4] = [
        (
            |_| {
                ObjectStore::s3("logs")
                    .role("arn:aws:iam::111122223333:role/logs")
                    .into()
            },
            json!({ "eks.amazonaws.com/role-arn": role }),
            443,
        ),
        (
            |_| ObjectStore::s3("logs").pod_identity().into(),
            Value::Null,
            80,
        ),
        (
            |_| {
                ObjectStore::gcs("logs")
                    .account("a@b.iam.gserviceaccount.com")
                    .into()
            },
            json!({ "iam.gke.io/gcp-service-account": "a@b.iam.gserviceaccount.com" }),
            988,
        ),
        (
            |_| ObjectStore::gcs("logs").identity().into(),
            Value::Null,
            988,
        ),
    ];
    for (store, annotations, port) in cases {
        let objects = with(store).unwrap();
        let account = find(&objects, "ServiceAccount");
        assert_eq!(account["metadata"]["annotations"], annotations);
        let spec = &find(&objects, "Deployment")["spec"]["template"]["spec"];
        assert_eq!(spec["serviceAccountName"], "logs");
        assert_eq!(spec["automountServiceAccountToken"], false);
        let ports: Vec<Value> = egress(&objects).into_iter().map(|(port, _)| port).collect();
        assert!(ports.contains(&json!(port)), "{ports:?}");
        assert!(ports.contains(&json!(443)), "{ports:?}");
    }
}

#[test]
fn pods_with_an_identity_of_eks_may_ask_its_agent_at_addresses_of_both_families() {
    let objects = with(|_| ObjectStore::s3("logs").pod_identity().into()).unwrap();
    let egress = egress(&objects);
    for cidr in ["169.254.170.23/32", "fd00:ec2::23/128"] {
        let agent = (json!(80), json!({ "ipBlock": { "cidr": cidr } }));
        assert!(egress.contains(&agent), "{egress:?}");
    }
}

#[test]
fn an_identity_is_asked_for_in_the_open_where_a_stack_speaks_tls() {
    let stores: [Store; 2] = [
        |scope| {
            scope.add(Tls::generated());
            ObjectStore::s3("logs").pod_identity().into()
        },
        |scope| {
            scope.add(Tls::generated());
            ObjectStore::gcs("logs").identity().into()
        },
    ];
    for store in stores {
        if let Err(findings) = with(store) {
            panic!("{findings}");
        }
    }
}

#[test]
fn what_is_wrong_with_a_bucket_is_said() {
    let messages = |store| {
        let findings: Findings = with(store).unwrap_err();
        let messages = findings.0.into_iter().map(|finding| finding.message);
        messages.collect::<Vec<_>>()
    };
    assert_eq!(
        messages(|_| ObjectStore::s3("No Name")
            .prefix("a/b")
            .endpoint("garage:3900")
            .into()),
        [
            "the bucket of `logs`: `No Name` is no name of a bucket",
            "the bucket of `logs`: `a/b` is no prefix",
            "the bucket of `logs`: `garage:3900` is no endpoint",
            "the bucket of `logs`: nobody said how to log in to `No Name`",
        ]
    );
    assert_eq!(
        messages(|_| ObjectStore::gcs("logs").identity().expire(days(7)).into()),
        ["the bucket `logs` deletes after 7 days what `logs` keeps for 30"]
    );
    assert!(with(|_| ObjectStore::gcs("logs").identity().expire(days(30)).into()).is_ok());
}

#[test]
fn the_rule_of_a_bucket_is_written_as_its_cloud_reads_it() {
    let s3: ObjectStore = ObjectStore::s3("logs")
        .prefix("cold")
        .expire(days(90))
        .into();
    let rule = s3.lifecycle_rule().unwrap();
    assert_eq!(
        rule.pointer("/Rules/0/Filter/Prefix"),
        Some(&json!("cold/"))
    );
    assert_eq!(rule.pointer("/Rules/0/Expiration/Days"), Some(&json!(90)));
    let gcs: ObjectStore = ObjectStore::gcs("logs").expire(days(90)).into();
    let rule = gcs.lifecycle_rule().unwrap();
    assert_eq!(
        rule.pointer("/rule/0/condition"),
        Some(&json!({ "age": 90 }))
    );
    let none: ObjectStore = ObjectStore::gcs("logs").into();
    assert_eq!(none.lifecycle_rule(), None);
}
