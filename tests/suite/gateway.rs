//! What `Collector::otlp_gateway` writes in the shapes of the catalogue's stacks: the program itself judges and runs it.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::Command as Process,
};

use modules::{
    Collector, Load, logs, metrics,
    otlp_gateway::{ENGINE, GATEWAY},
    protocol::Otlp,
    sampling::Policy,
    traces,
    units::GIB,
};
use provider::{Endpoint, Scope, Stack};
use serde_json::Value;
use support::Command;

pub(crate) const IMAGE: &str = "registry.example/otelier/gateway:0.1.0";

fn backend() -> Endpoint<Otlp> {
    Endpoint::outside("127.0.0.1", 9)
}

/// As in `prod`, without what the gateway does not measure.
fn prod(scope: &mut Scope<'_>) {
    scope.add(
        Collector::otlp_gateway("otlp", IMAGE)
            .replicas(3)
            .pipeline(traces().sample(0.1).export(&backend()))
            .pipeline(metrics().export(&backend()))
            .pipeline(logs().export(&backend())),
    );
}

/// As in `prod`, where nothing that was accepted may be lost with a Pod.
fn kept(scope: &mut Scope<'_>) {
    scope.add(
        Collector::otlp_gateway("otlp", IMAGE)
            .samplers(3, 2 * GIB)
            .keep_queue(10 * GIB)
            .pipeline(traces().sample(0.1).export(&backend()))
            .pipeline(logs().export(&backend())),
    );
}

/// As in `hybrid`, without its archive.
fn hybrid(scope: &mut Scope<'_>) {
    let policies = [Policy::errors(), Policy::slow(1000), Policy::share(10.0)];
    scope.add(
        Collector::otlp_gateway("otlp", IMAGE)
            .autoscale(3..=10)
            .samplers(3, 2 * GIB)
            .load(Load::spans(20_000).points(20_000).records(5_000))
            .pipeline(traces().sample_by(policies).export(&backend()))
            .pipeline(metrics().export(&backend()))
            .pipeline(logs().export(&backend())),
    );
}

/// As in `dev`, and samplers that write files too.
fn written(scope: &mut Scope<'_>) {
    scope.add(
        Collector::otlp_gateway("otlp", IMAGE)
            .replicas(1)
            .pipeline(traces().sample(0.5).write())
            .pipeline(metrics().write().export(&backend()))
            .pipeline(logs().write().export(&backend())),
    );
}

/// The configurations of a stack that the gateway reads, by their ConfigMaps.
pub(crate) fn configurations(stack: &Stack) -> Vec<(String, String)> {
    let graph = stack
        .graph()
        .unwrap_or_else(|findings| panic!("{findings}"));
    let maps = graph.resources().filter(|one| {
        let engine = one.at(&["metadata", "annotations", ENGINE]);
        one.is("", "ConfigMap") && engine.and_then(Value::as_str) == Some(GATEWAY)
    });
    let texts = maps.map(|map| {
        let text = map.at(&["data", "config.yaml"]).and_then(Value::as_str);
        (map.id.name.clone(), text.unwrap().to_owned())
    });
    texts.collect()
}

/// Keys that let any number of gateways run on one machine.
fn of_this_machine(text: &str, folder: &str) -> Vec<String> {
    let mut keys = vec![
        "receivers.otlp.protocols.grpc.endpoint=127.0.0.1:0".to_owned(),
        "receivers.otlp.protocols.http.endpoint=127.0.0.1:0".to_owned(),
        "extensions.health_check.endpoint=127.0.0.1:0".to_owned(),
        "service.telemetry.metrics.level=none".to_owned(),
    ];
    if text.contains("file_storage:") {
        keys.push(format!("extensions.file_storage.directory={folder}"));
    }
    // A Pod has a volume there.
    let files = ["traces", "metrics", "logs"].map(|signal| format!("file/{signal}"));
    let files = files
        .iter()
        .filter(|file| text.contains(&format!("{file}:")));
    keys.extend(files.map(|file| format!("exporters.{file}.path={folder}/out.jsonl")));
    keys.into_iter()
        .flat_map(|key| ["--set".to_owned(), key])
        .collect()
}

/// What defines a stack.
type Define = fn(&mut Scope<'_>);

#[test]
fn the_program_takes_and_runs_what_the_module_writes_for_every_layer() {
    let user = Command::new("gateway-variants").with("POD_IP", "127.0.0.1");
    let define: [(&str, Define, usize); 4] = [
        ("prod", prod, 2),
        ("kept", kept, 2),
        ("hybrid", hybrid, 2),
        ("written", written, 2),
    ];
    let stacks = define.map(|(name, define, layers)| (Stack::new(name, define), layers));
    let dev = stacks::catalog::all()
        .into_iter()
        .find(|stack| stack.name() == "dev");
    for (stack, layers) in stacks.into_iter().chain(dev.map(|dev| (dev, 1))) {
        let configurations = configurations(&stack);
        assert_eq!(configurations.len(), layers, "{}", stack.name());
        for (name, text) in configurations {
            let file = format!("{}-{name}.yaml", stack.name());
            fs::write(user.folder().join(&file), &text).unwrap();
            let valid = user.run_program("gateway", &["validate", "--config", &file]);
            assert!(valid.expect(0).err.contains("the configuration is valid"));
            runs(&user, &file, &text);
        }
    }
}

/// Runs it until it takes telemetry, and ends it.
fn runs(user: &Command, file: &str, text: &str) {
    let folder = user.folder().join(format!("{file}.storage"));
    fs::create_dir_all(&folder).unwrap();
    let set = of_this_machine(text, folder.to_str().unwrap());
    let set = set.iter().map(String::as_str);
    let arguments: Vec<&str> = ["--config", file, "--shards", "1"]
        .into_iter()
        .chain(set)
        .collect();
    let mut running = user.prepared("gateway", &arguments).spawn().unwrap();
    let mut said = Vec::new();
    let mut lines = BufReader::new(running.stderr.take().unwrap()).lines();
    let takes = lines.any(|line| {
        said.push(line.unwrap());
        said.last().unwrap().contains("the gateway takes telemetry")
    });
    let killed = Process::new("kill").arg(running.id().to_string()).status();
    // What it says while it ends must go somewhere.
    lines.for_each(drop);
    let ended = running.wait().unwrap();
    assert!(
        takes && killed.unwrap().success() && ended.success(),
        "{file}: {said:#?}"
    );
}
