//! Which package may know which, and what does each never stand on?
//!
//! Manifests decide: the rules are compared with what `cargo metadata` resolved, so a forbidden
//! arrow fails here with its whole path before anyone has to see it in a review.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::process::Command;

use serde_json::Value;

/// What one package of ours may stand on. Each list is words between spaces.
struct Rule {
    package: &'static str,
    /// The packages of ours that it may name.
    ours: &'static str,
    /// Foreign packages that may not be reachable, however long the path.
    never: &'static str,
    /// Foreign packages that it may not name itself, though something below it may.
    unnamed: &'static str,
}

/// What reaches a cluster or a socket, and what runs it.
const IO: &str = "async-std hyper hyper-util kube kube-client kube-runtime mio reqwest rustls smol socket2 tokio tower";
/// The gateway's business is the network, so only Kubernetes is foreign to it.
const KUBERNETES: &str = "k8s-openapi kube kube-client kube-core kube-runtime";
/// `jiff` lies below `k8s-openapi`, whose `Time` it is, so only naming it can be forbidden.
const CLOCKS: &str = "chrono jiff time";
/// A definition is neither asynchronous nor aware of the time.
const ASYNC_AND_CLOCKS: &str = "async-trait chrono futures futures-util jiff time";
/// What prints, asks or parses arguments: the engine does none of it, and templates are the modules'.
const TERMINAL: &str = "clap console dialoguer indicatif tera tracing-subscriber";

/// The table of the design, row by row: package, ours, never, unnamed. Packages that come later
/// have their row already.
const RULES: &[Rule] = &[
    rule("fields", "", IO, CLOCKS),
    rule("collector-config", "", IO, CLOCKS),
    rule("gateway", "collector-config", KUBERNETES, ""),
    rule(
        "injector",
        "collector-config",
        "kube kube-client kube-runtime",
        "",
    ),
    rule("sandbox", "fields", "", ""),
    rule("provider-core", "fields", IO, CLOCKS),
    rule("provider", "provider-core fields", TERMINAL, ""),
    rule(
        "modules",
        "provider-core collector-config",
        IO,
        ASYNC_AND_CLOCKS,
    ),
    rule(
        "stacks",
        "provider modules collector-config sandbox gateway",
        "",
        "hyper kube-client kube-runtime reqwest",
    ),
    rule("examples", "provider modules stacks", "", ""),
    rule("image", "", KUBERNETES, ""),
    rule("load", "", KUBERNETES, ""),
    rule("tests", EVERYTHING, "", ""),
];
const EVERYTHING: &str = "collector-config examples fields gateway injector load modules provider provider-core sandbox stacks";

const fn rule(
    package: &'static str,
    ours: &'static str,
    never: &'static str,
    unnamed: &'static str,
) -> Rule {
    Rule {
        package,
        ours,
        never,
        unnamed,
    }
}

fn has(list: &str, word: &str) -> bool {
    list.split(' ').any(|each| each == word)
}

/// The resolved packages: which are ours, and who stands on whom (development arrows left out).
struct Packages {
    ours: BTreeSet<String>,
    arrows: BTreeMap<String, BTreeSet<String>>,
}

impl Packages {
    fn read(metadata: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let names: BTreeMap<String, String> = list(&metadata["packages"])
            .iter()
            .map(|p| (text(&p["id"]), text(&p["name"])))
            .collect();
        let name = |id: &Value| names.get(&text(id)).cloned().unwrap_or_default();

        let mut arrows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for node in list(&metadata["resolve"]["nodes"]) {
            let below = arrows.entry(name(&node["id"])).or_default();
            for dep in list(&node["deps"]) {
                if list(&dep["dep_kinds"]).iter().any(|k| k["kind"].is_null()) {
                    below.insert(name(&dep["pkg"]));
                }
            }
        }
        let ours = list(&metadata["workspace_members"])
            .iter()
            .map(name)
            .collect();
        Self { ours, arrows }
    }

    fn below(&self, package: &str) -> impl Iterator<Item = &String> {
        self.arrows.get(package).into_iter().flatten()
    }

    /// The shortest way from one package down to another.
    fn path(&self, from: &str, to: &str) -> Option<Vec<String>> {
        let mut seen = BTreeSet::from([from.to_owned()]);
        let mut queue = VecDeque::from([vec![from.to_owned()]]);
        while let Some(path) = queue.pop_front() {
            let last = path.last()?;
            if last == to {
                return Some(path);
            }
            for next in self.below(last) {
                if seen.insert(next.clone()) {
                    queue.push_back(path.iter().chain([next]).cloned().collect());
                }
            }
        }
        None
    }
}

/// Every arrow that a rule forbids, as a path that can be read aloud.
fn forbidden(packages: &Packages, rules: &[Rule]) -> Vec<String> {
    let mut found = Vec::new();
    for package in &packages.ours {
        let Some(rule) = rules.iter().find(|rule| rule.package == package) else {
            found.push(format!("{package}: has no rule"));
            continue;
        };
        for below in packages.below(package) {
            if packages.ours.contains(below) && !has(rule.ours, below) {
                found.push(format!("{package} → {below}"));
            }
            if has(rule.unnamed, below) {
                found.push(format!(
                    "{package} → {below}: it may lie below, but not be named"
                ));
            }
        }
        let paths = rule
            .never
            .split(' ')
            .filter_map(|never| packages.path(package, never));
        found.extend(paths.map(|path| path.join(" → ")));
    }
    found
}

/// `cargo metadata` of this workspace for this machine's platform: other platforms' packages need
/// not be downloaded. Without the network first, because everything built here is there already.
fn workspace_metadata() -> Value {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let version = Command::new(&cargo)
        .arg("-vV")
        .output()
        .expect("cargo runs");
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .expect("cargo -vV names its host");
    let run = |network: &[&str]| {
        Command::new(&cargo)
            .args([
                "metadata",
                "--format-version",
                "1",
                "--filter-platform",
                host,
            ])
            .args([
                "--manifest-path",
                concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"),
            ])
            .args(network)
            .output()
            .expect("cargo runs")
    };
    let mut output = run(&["--offline"]);
    if !output.status.success() {
        output = run(&[]);
    }
    assert!(
        output.status.success(),
        "cargo metadata: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("cargo metadata writes JSON")
}

#[test]
fn no_package_stands_on_what_it_must_not_know() {
    let packages = Packages::read(&workspace_metadata());
    let reachable = packages.path("stacks", "fields").is_some()
        && packages.path("provider", "kube-client").is_some();
    assert!(
        reachable,
        "the arrows were not read: {:?}",
        packages.arrows.keys()
    );

    let found = forbidden(&packages, RULES);
    assert!(
        found.is_empty(),
        "forbidden arrows:\n  {}",
        found.join("\n  ")
    );
}

/// Metadata as cargo would write it: packages of ours and the arrows (with their kind) between any two.
fn metadata(ours: &[&str], arrows: &[(&str, &str, Option<&str>)]) -> Packages {
    let names: BTreeSet<&str> = arrows
        .iter()
        .flat_map(|(from, to, _)| [*from, *to])
        .chain(ours.iter().copied())
        .collect();
    let node = |name: &&str| {
        let deps: Vec<Value> = (arrows.iter().filter(|(from, ..)| from == name))
            .map(|(_, to, kind)| serde_json::json!({ "pkg": to, "dep_kinds": [{ "kind": kind }] }))
            .collect();
        serde_json::json!({ "id": name, "deps": deps })
    };
    Packages::read(&serde_json::json!({
        "packages": names.iter().map(|name| serde_json::json!({ "id": name, "name": name })).collect::<Vec<_>>(),
        "workspace_members": ours,
        "resolve": { "nodes": names.iter().map(node).collect::<Vec<_>>() },
    }))
}

#[test]
fn each_kind_of_forbidden_arrow_is_named() {
    for (arrows, expected) in [
        (&[("sandbox", "provider", None)][..], "sandbox → provider"),
        (
            &[("provider-core", "helper", None), ("helper", "tokio", None)],
            "provider-core → helper → tokio",
        ),
        (
            &[("modules", "kube", None), ("kube", "kube-client", None)],
            "modules → kube",
        ),
        (
            &[("fields", "jiff", None)],
            "fields → jiff: it may lie below, but not be named",
        ),
        (&[("gateway", "k8s-openapi", None)], "gateway → k8s-openapi"),
        (&[("injector", "kube", None)], "injector → kube"),
        (&[("provider", "indicatif", None)], "provider → indicatif"),
        (&[("newcomer", "fields", None)], "newcomer: has no rule"),
    ] {
        let ours = [
            "fields",
            "gateway",
            "injector",
            "modules",
            "newcomer",
            "provider",
            "provider-core",
            "sandbox",
        ];
        let ours: Vec<&str> = ours
            .into_iter()
            .filter(|name| arrows.iter().any(|(a, b, _)| a == name || b == name))
            .collect();
        let found = forbidden(&metadata(&ours, arrows), RULES);
        assert!(
            found.contains(&expected.to_owned()),
            "expected {expected:?}, found {found:?}"
        );
    }
}

#[test]
fn arrows_of_tests_and_of_what_lies_below_are_allowed() {
    let packages = metadata(
        &["provider-core", "sandbox", "provider"],
        &[
            ("provider-core", "tokio", Some("dev")),
            ("provider", "sandbox", Some("dev")),
            ("provider-core", "kube-core", None),
            ("kube-core", "jiff", None),
        ],
    );
    assert_eq!(forbidden(&packages, RULES), Vec::<String>::new());
}
