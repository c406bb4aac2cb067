//! Are conflicts predicted as a real API server finds them?
//!
//! The transcripts of the conformance suite hold hundreds of applies without force, each with the object as it was
//! before and the server's verdict. Here the verdict is computed from the object alone.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::plan::{normal, ownership::Owners, schema::Schemas};

/// Managers and the fields that they hold against an apply.
type Verdict = BTreeSet<(String, String)>;

/// One apply without force.
struct Apply {
    about: String,
    sent: Value,
    before: Value,
    manager: String,
    verdict: Verdict,
    schemas: Schemas,
}

#[test]
fn conflicts_are_those_that_a_real_server_finds() {
    let applies = applies();
    let contested = applies
        .iter()
        .filter(|apply| !apply.verdict.is_empty())
        .count();
    assert!(
        applies.len() > 150 && contested > 20,
        "{} {contested}",
        applies.len()
    );
    let wrong = applies.iter().filter_map(|apply| {
        let predicted = predicted(apply);
        let told = || format!("{}: {predicted:?} is not {:?}", apply.about, apply.verdict);
        (predicted != apply.verdict).then(told)
    });
    let wrong: Vec<_> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn predicted(apply: &Apply) -> Verdict {
    let schema = apply.schemas.get(&super::world::kind_of(&apply.sent));
    let mut owners = Owners::of(&apply.before, &apply.manager, &schema);
    // Without a migration our own `Update` entry is a stranger to the server.
    owners.others.extend(owners.written.take());
    let desired = normal::comparable(&apply.sent, &schema);
    let live = normal::comparable(&apply.before, &schema);
    let contested = owners.contested(&desired, &live, &schema).into_iter();
    contested
        .map(|(path, manager)| (manager.name, path.to_string()))
        .collect()
}

fn scenarios(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            scenarios(&path, found);
        } else if path.extension().is_some_and(|end| end == "json") {
            found.push(path);
        }
    }
}

fn applies() -> Vec<Apply> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance/scenarios");
    let mut files = Vec::new();
    scenarios(&folder, &mut files);
    files.sort();
    let mut found = Vec::new();
    for file in files {
        let scenario: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        read(&name, &scenario, &mut found);
    }
    found
}

/// What a scenario has shown so far: each object as it was last seen, and the schemas of its kinds.
#[derive(Default)]
struct Seen {
    objects: BTreeMap<String, Value>,
    schemas: Schemas,
}

/// Follows one scenario.
fn read(name: &str, scenario: &Value, found: &mut Vec<Apply>) {
    let hides_owners = |ignored: &&Value| ignored["pointer"] == "/metadata/managedFields";
    let ignored = scenario["ignore"].as_array().into_iter().flatten();
    // Two elements of one key cannot be told apart by a path, so their conflict is not foreseen.
    if ignored.filter(hides_owners).count() > 0 || name == "env-duplicate-name" {
        return;
    }
    let mut seen = Seen::default();
    for step in scenario["steps"].as_array().unwrap() {
        let Some(whole) = step["path"].as_str() else {
            continue;
        };
        let (path, query) = whole.split_once('?').unwrap_or((whole, ""));
        found.extend(seen.apply(name, step, path, query));
        if !query.contains("dryRun") {
            seen.follow(step, path);
        }
    }
}

impl Seen {
    fn apply(&self, name: &str, step: &Value, path: &str, query: &str) -> Option<Apply> {
        let content = step["headers"]["content-type"].as_str()?;
        let manager = query
            .split('&')
            .find_map(|pair| pair.strip_prefix("fieldManager="))?;
        // The server treats `kubectl` as one with its client-side past. What is below `/status` is never ours.
        if path.ends_with("/status")
            || !content.contains("apply-patch")
            || query.contains("force=true")
            || manager == "kubectl"
        {
            return None;
        }
        step["body"].as_object()?;
        Some(Apply {
            about: format!("{name}, {}", step["about"]),
            sent: step["body"].clone(),
            before: self.objects.get(path)?.clone(),
            manager: manager.replace("%2F", "/"),
            verdict: verdict(&step["expect"])?,
            schemas: self.schemas.clone(),
        })
    }

    fn follow(&mut self, step: &Value, path: &str) {
        let expect = &step["expect"];
        let body = &expect["body"];
        let below = |object: &String| {
            path.strip_prefix(object.as_str())
                .is_some_and(|rest| rest.starts_with('/'))
        };
        if self.objects.keys().any(below) {
            // Written through a subresource: what the object is now is known when it is read again.
            self.objects.retain(|object, _| !below(object));
        } else if body["metadata"]["uid"].is_string() {
            let name = body["metadata"]["name"].as_str().unwrap();
            let at = if step["method"] == "POST" {
                format!("{path}/{name}")
            } else {
                path.to_owned()
            };
            self.schemas.learn(body);
            self.objects.insert(at, body.clone());
        } else if step["method"] != "GET" && expect["status"].as_u64() < Some(300) {
            self.objects.retain(|object, _| !object.starts_with(path));
        }
    }
}

/// What the server said; none where it looked at something else first.
fn verdict(expect: &Value) -> Option<Verdict> {
    match expect["status"].as_u64() {
        Some(200) => Some(Verdict::new()),
        Some(409) => {
            let causes = expect["body"]["details"]["causes"].as_array()?;
            let conflicts = causes
                .iter()
                .filter(|cause| cause["reason"] == "FieldManagerConflict");
            let read = |cause: &Value| {
                let manager = cause["message"].as_str()?.split('"').nth(1)?.to_owned();
                Some((manager, cause["field"].as_str()?.to_owned()))
            };
            conflicts.map(read).collect()
        }
        _ => None,
    }
}
