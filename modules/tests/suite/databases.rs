//! Postgres, and what copies it.

use modules::{
    Grafana, ObjectStore, Postgres, Prometheus,
    postgres::{Database, Dump, Encryption},
    units::days,
};
use provider_core::{Endpoint, Scope, k8s_openapi::api::core::v1::Secret};
use serde_json::Value;

use crate::support::{graph, objects, own_yaml};

fn messages(define: fn(&mut Scope<'_>)) -> Vec<String> {
    let findings = graph(define).unwrap_err();
    findings
        .0
        .into_iter()
        .map(|finding| finding.message)
        .collect()
}

fn dumped(scope: &mut Scope<'_>) {
    let database = scope.add(Postgres::new("grafana-db", "grafana"));
    let keys = scope.existing::<Secret>("bucket-keys");
    let bucket = ObjectStore::s3("dumps").endpoint("https://garage.example:3900");
    let bucket = bucket
        .region("garage")
        .keys(&keys, "id", "key")
        .prefix("prod");
    scope.add(Dump::new("grafana-db-dump", &database, bucket).keep(days(14)));
}

#[test]
fn a_database_is_copied_to_a_bucket() {
    insta::assert_snapshot!(own_yaml(dumped));
}

#[test]
fn a_database_of_ones_own_and_a_bucket_of_googles_do_as_well() {
    let objects = objects(|scope| {
        let login = scope.existing::<Secret>("login");
        let server = Endpoint::outside("db.example", 5433);
        let database = Database::new(&server, "shop", &login).keys("name", "word");
        let bucket = ObjectStore::gcs("dumps").account("dumps@shop.iam.gserviceaccount.com");
        let database = database.encryption(Encryption::Verified);
        scope.add(Dump::new("shop-dump", &database, bucket).hour(23));
    });
    let job = objects
        .iter()
        .find(|object| object["kind"] == "CronJob")
        .unwrap();
    assert_eq!(job["spec"]["schedule"], "0 23 * * *");
    let spec = &job["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    assert_eq!(spec["serviceAccountName"], "shop-dump");
    let env = |container: &Value| container["env"].to_string();
    let dump = env(&spec["initContainers"][0]);
    for part in [
        r#""db.example""#,
        r#""5433""#,
        r#""verify-full""#,
        r#""system""#,
        r#""word""#,
    ] {
        assert!(dump.contains(part), "{part} in {dump}");
    }
    assert!(env(&spec["containers"][0]).contains("google cloud storage"));
    let upload = spec["initContainers"][1]["args"].to_string();
    assert!(
        upload.contains("store:dumps/shop-dump/$(JOB).dump"),
        "{upload}"
    );
}

#[test]
fn a_database_that_nobody_copies_is_noted() {
    let notes = |define| -> Vec<String> {
        let graph = graph(define).unwrap();
        graph
            .notes()
            .iter()
            .map(|note| note.message.clone())
            .collect()
    };
    let alone: fn(&mut Scope<'_>) = |scope| {
        let database = scope.add(Postgres::new("grafana-db", "grafana"));
        let prometheus = scope.add(Prometheus::new("prometheus"));
        let grafana = Grafana::new("grafana").source(&prometheus.query);
        scope.add(grafana.postgres(&database));
    };
    assert_eq!(
        notes(alone),
        ["what is in the Postgres `grafana-db` lies on one volume, and nothing copies it"]
    );
    assert_eq!(notes(dumped), [""; 0]);
}

#[test]
fn what_is_wrong_with_a_database_or_a_dump_is_said() {
    assert_eq!(
        messages(|scope| drop(scope.add(Postgres::new("db", "My-db")))),
        ["`My-db` is no name of a database"]
    );
    let found = messages(|scope| {
        let database = scope.add(Postgres::new("db", "shop"));
        let bucket = ObjectStore::gcs("dumps").identity().expire(days(7));
        scope.add(Dump::new("dump", &database, bucket).hour(24));
    });
    assert_eq!(
        found,
        [
            "the bucket `dumps` deletes after 7 days what `dump` keeps for 30",
            "the dump `dump` is to run at the hour 24",
        ]
    );
    let found = messages(|scope| {
        let database = scope.add(Postgres::new("db", "shop"));
        let bucket = ObjectStore::gcs("dumps").identity();
        scope.add(Dump::new("dump", &database, bucket).keep(days(0)));
    });
    assert_eq!(found, ["the dump `dump` keeps nothing"]);
}
