//! The gateway tier run by the gateway of this repository: the program itself reads what the module writes.

use gateway::{
    config::{Source, Surroundings, load},
    settings::{Choice, ExporterKind, Settings},
};
use modules::{
    Collector, logs, metrics,
    protocol::Otlp,
    traces,
    units::{GIB, MIB},
};
use provider_core::{Endpoint, Scope};
use serde_json::Value;

use crate::support::{config_of, graph, objects};

const IMAGE: &str = "registry.example/otelier/gateway:0.1.0";

fn elsewhere() -> Endpoint<Otlp> {
    Endpoint::outside("elsewhere.example", 4317)
}

fn both_layers(scope: &mut Scope<'_>) {
    let decided = traces().sample(0.1).export(&elsewhere());
    scope.add(
        Collector::otlp_gateway("otlp", IMAGE)
            .samplers(3, GIB)
            .keep_queue(10 * GIB)
            .pipeline(decided)
            .pipeline(metrics().export(&elsewhere()))
            .pipeline(logs().export(&elsewhere())),
    );
}

/// What the gateway makes of the configuration in the ConfigMap of that name.
fn read(objects: &[Value], name: &str) -> Settings {
    let around = Surroundings {
        variables: [("POD_IP".to_owned(), "127.0.0.1".to_owned())].into(),
        memory: Some(512 * MIB),
    };
    let text = config_of(objects, name).to_string();
    match load(&[Source::Text(text)], &around) {
        Ok(loaded) => loaded.settings,
        Err(problems) => panic!("{name}: {problems}"),
    }
}

#[test]
fn the_gateway_runs_what_the_module_writes_for_both_layers() {
    let objects = objects(both_layers);
    let first = read(&objects, "otlp");
    let routes = first
        .exporters
        .values()
        .find_map(|exporter| match &exporter.kind {
            ExporterKind::LoadBalancing(balancer) => Some(&balancer.choice),
            _ => None,
        });
    let Some(Choice::Fixed(hosts)) = routes else {
        panic!("{routes:?}")
    };
    assert_eq!(hosts.len(), 3);
    assert!(
        hosts[2].starts_with("otlp-traces-2.otlp-traces.")
            || hosts[2].starts_with("otlp-sampler-2.otlp-sampler."),
        "{hosts:?}"
    );
    let second = read(&objects, hosts[0].split("-0.").next().unwrap());
    assert!(
        !second.storages.is_empty(),
        "the second layer keeps its queue too"
    );
}

#[test]
fn both_layers_run_the_image_that_is_given() {
    let objects = objects(both_layers);
    let images: Vec<&Value> = objects
        .iter()
        .filter(|object| object["kind"] == "StatefulSet")
        .map(|object| &object["spec"]["template"]["spec"]["containers"][0])
        .collect();
    assert_eq!(images.len(), 2);
    for container in images {
        assert_eq!(container["image"], IMAGE);
        let names: Vec<_> = container["env"]
            .as_array()
            .unwrap()
            .iter()
            .map(|env| env["name"].as_str().unwrap())
            .collect();
        assert!(!names.contains(&"GOMEMLIMIT"), "{names:?}");
    }
}

#[test]
fn what_the_gateway_does_not_run_is_a_finding() {
    let findings = graph(|scope| {
        let gateway = Collector::otlp_gateway("otlp", IMAGE).name_pods();
        scope.add(gateway.pipeline(logs().export(&elsewhere())));
    });
    let findings = findings.unwrap_err().to_string();
    assert!(
        findings.contains("k8s_attributes") && findings.contains("gateway"),
        "{findings}"
    );
}
