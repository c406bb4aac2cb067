//! How would a node start the containers of a stack? With which arguments, variables and files?

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use provider::Graph;
use serde_json::Value;

use crate::leaf;

/// What a Pod's address is until it has one of its own.
const LOOPBACK: &str = "127.0.0.1";

/// A container as a node would start it, with the files that are mounted in a folder of our own.
///
/// Where arguments and files name a place in the container, they name the same place in that folder.
#[derive(Debug)]
pub struct Container {
    /// What runs it: `Deployment/otlp`.
    pub workload: String,
    /// Its image.
    pub image: String,
    /// Its command and arguments.
    pub args: Vec<String>,
    /// Its variables; those whose values only a cluster knows have values that look like them.
    pub env: BTreeMap<String, String>,
    folder: PathBuf,
}

impl Container {
    /// All containers of a stack, those that run first too.
    ///
    /// # Panics
    /// If the files cannot be written.
    pub fn all(graph: &Graph) -> Vec<Self> {
        Self::of_objects(graph.resources().map(|resource| &resource.object))
    }

    /// The same of objects as a cluster holds them, with what is made there: certificates, and what is borrowed.
    ///
    /// # Panics
    /// If the files cannot be written.
    pub fn of_objects<'a>(objects: impl IntoIterator<Item = &'a Value>) -> Vec<Self> {
        let objects: Vec<&Value> = objects.into_iter().collect();
        let mut containers = Vec::new();
        for object in &objects {
            let Some(template) = template(object) else {
                continue;
            };
            let spec = &template["spec"];
            for field in ["initContainers", "containers"] {
                for container in spec[field].as_array().into_iter().flatten() {
                    containers.push(Self::of(object, spec, container, &objects));
                }
            }
        }
        containers
    }

    fn of(owner: &Value, pod: &Value, container: &Value, objects: &[&Value]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder =
            std::env::temp_dir().join(format!("otelier-container-{}-{number}", process::id()));
        fs::create_dir_all(&folder).expect("a folder below the temporary one");
        let texts = |field: &str| container[field].as_array().into_iter().flatten();
        let mut this = Self {
            workload: format!("{}/{}", text(owner, "/kind"), text(owner, "/metadata/name")),
            image: text(container, "/image"),
            args: texts("command")
                .chain(texts("args"))
                .map(|arg| text(arg, ""))
                .collect(),
            env: texts("env").fold(BTreeMap::new(), variable),
            folder,
        };
        let namespace = text(owner, "/metadata/namespace");
        let mounts: Vec<String> = texts("volumeMounts")
            .map(|mount| text(mount, "/mountPath"))
            .collect();
        for mount in texts("volumeMounts") {
            let volumes = pod["volumes"].as_array().into_iter().flatten();
            let mut named = volumes.filter(|volume| volume["name"] == mount["name"]);
            let files = named
                .next()
                .map(|volume| files(volume, &namespace, objects))
                .unwrap_or_default();
            this.mount(mount, &files);
        }
        this.move_places(&mounts);
        this
    }

    fn mount(&self, mount: &Value, files: &BTreeMap<String, String>) {
        let place = self.path(&text(mount, "/mountPath"));
        if let Some(file) = mount["subPath"].as_str() {
            let parent = place.parent().expect("a file lies in a folder");
            fs::create_dir_all(parent).expect("a folder of ours");
            fs::write(&place, files.get(file).map_or("", String::as_str)).expect("a file of ours");
            return;
        }
        fs::create_dir_all(&place).expect("a folder of ours");
        for (name, content) in files {
            let path = place.join(name);
            fs::create_dir_all(path.parent().expect("a file lies in a folder"))
                .expect("a folder of ours");
            fs::write(path, content).expect("a file of ours");
        }
    }

    /// Lets arguments, variables and files name places in our folder.
    fn move_places(&mut self, mounts: &[String]) {
        let mut mounts: Vec<&String> = mounts.iter().filter(|mount| mount.len() > 1).collect();
        // The longest first: a mount may lie within another.
        mounts.sort_by_key(|mount| std::cmp::Reverse(mount.len()));
        let moved = |text: &str| self.moved(text, &mounts);
        for file in all_files(&self.folder) {
            let content = fs::read_to_string(&file).expect("a file of ours");
            fs::write(&file, moved(&content)).expect("a file of ours");
        }
        let args = self.args.iter().map(|arg| moved(arg)).collect();
        let env = self
            .env
            .iter()
            .map(|(name, value)| (name.clone(), moved(value)))
            .collect();
        (self.args, self.env) = (args, env);
    }

    fn moved(&self, text: &str, mounts: &[&String]) -> String {
        let mut moved = String::new();
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            // `/prometheus` is a place, and no part of `/etc/prometheus`.
            let within =
                moved.ends_with(|before: char| before.is_alphanumeric() || "._-/".contains(before));
            let ends = |after: &str| {
                !after.starts_with(|c: char| c.is_alphanumeric() || "._-".contains(c))
            };
            let here = |mount: &&&String| rest.strip_prefix(mount.as_str()).is_some_and(ends);
            if let Some(mount) = mounts.iter().find(here).filter(|_| !within) {
                moved += &self.path(mount).display().to_string();
                rest = &rest[mount.len()..];
            } else {
                moved.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
        moved
    }

    /// Where a path of the container lies here.
    pub fn path(&self, inside: &str) -> PathBuf {
        self.folder.join(inside.trim_start_matches('/'))
    }

    /// The value of an argument such as `--config`.
    pub fn argument(&self, name: &str) -> Option<&str> {
        let with_value = |arg: &'_ String| {
            arg.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with('='))
        };
        self.args
            .iter()
            .find(|arg| with_value(arg))
            .map(|arg| &arg[name.len() + 1..])
    }

    /// Lives at an address of its own on this machine, which is what its variables say then.
    #[must_use]
    pub fn at(mut self, address: &str) -> Self {
        for value in self.env.values_mut().filter(|value| *value == LOOPBACK) {
            address.clone_into(value);
        }
        self
    }

    /// Changes one of its files, where what stands there exists in a cluster only.
    ///
    /// # Panics
    /// If there is no such file.
    pub fn edit(&self, path: &str, change: impl FnOnce(String) -> String) {
        let content = fs::read_to_string(path).expect("a file of the container");
        fs::write(path, change(content)).expect("a file of ours");
    }

    /// Whether its image is that repository, whatever registry it comes from.
    pub fn runs(&self, repository: &str) -> bool {
        let name = self.image.split('@').next().unwrap_or_default();
        let name = name.rsplit_once(':').map_or(name, |(name, _)| name);
        name.ends_with(repository)
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        // What cannot be removed lies in the temporary folder, where it does no harm.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn template(object: &Value) -> Option<&Value> {
    match object["kind"].as_str()? {
        "Deployment" | "StatefulSet" | "DaemonSet" | "Job" => Some(&object["spec"]["template"]),
        "CronJob" => Some(&object["spec"]["jobTemplate"]["spec"]["template"]),
        _ => None,
    }
}

fn text(value: &Value, pointer: &str) -> String {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// One more variable, which may name those before it; what a cluster would fill in looks as it would look there.
fn variable(mut before: BTreeMap<String, String>, variable: &Value) -> BTreeMap<String, String> {
    let value = match variable
        .pointer("/valueFrom/fieldRef/fieldPath")
        .and_then(Value::as_str)
    {
        Some("status.podIP" | "status.podIPs" | "status.hostIP") => LOOPBACK.to_owned(),
        Some(path) => path.rsplit('.').next().unwrap_or("name").to_lowercase(),
        None if variable["valueFrom"].is_object() => "secret".to_owned(),
        None => before
            .iter()
            .fold(text(variable, "/value"), |text, (name, value)| {
                text.replace(&format!("$({name})"), value)
            }),
    };
    before.insert(text(variable, "/name"), value);
    before
}

/// The files of a volume. What only a cluster holds, such as certificates, is made up where the objects are those of a
/// graph.
fn files(volume: &Value, namespace: &str, objects: &[&Value]) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let projected = volume
        .pointer("/projected/sources")
        .and_then(Value::as_array);
    for source in projected.into_iter().flatten() {
        files.append(&mut self::files(source, namespace, objects));
    }
    let named = |kind: &str, name: &Value| {
        objects.iter().find(|object| {
            object["kind"] == kind
                && object["metadata"]["name"] == *name
                && object["metadata"]["namespace"] == namespace
        })
    };
    let source = if volume["configMap"].is_object() {
        &volume["configMap"]
    } else {
        &volume["secret"]
    };
    if let Some(map) = named("ConfigMap", &volume["configMap"]["name"]) {
        for (name, content) in map["data"].as_object().into_iter().flatten() {
            let content = text(content, "");
            let made_up = leaf::file(name).filter(|_| !content.starts_with("-----BEGIN"));
            files.insert(name.clone(), made_up.map_or(content, str::to_owned));
        }
    }
    let secret = ["secretName", "name"].map(|field| &volume["secret"][field]);
    let secret = secret
        .into_iter()
        .find_map(|name| named("Secret", name)?["data"].as_object());
    if let Some(data) = secret {
        for (name, content) in data {
            let content = STANDARD
                .decode(text(content, ""))
                .expect("a Secret holds base64");
            let content = String::from_utf8(content).expect("a text");
            files.insert(name.clone(), content);
        }
    } else if volume["secret"].is_object() {
        for key in ["tls.crt", "tls.key", "ca.crt", "password"] {
            let content = leaf::file(key).unwrap_or("secret");
            files.insert(key.to_owned(), content.to_owned());
        }
    }
    for item in source["items"].as_array().into_iter().flatten() {
        if let Some(content) = files.remove(&text(item, "/key")) {
            files.insert(text(item, "/path"), content);
        }
    }
    files
}

fn all_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of ours").flatten() {
        let path = entry.path();
        if path.is_symlink() {
            continue; // the machine itself
        }
        if path.is_dir() {
            files.append(&mut all_files(&path));
        } else {
            files.push(path);
        }
    }
    files
}
