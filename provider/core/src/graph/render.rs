//! How does a graph read as YAML that `kubectl apply` accepts?

use std::fmt::{self, Write};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::Value;

use super::Graph;
use crate::{ResourceId, certificate::Certificate, resource::Resource, secret::Recipe};

/// Whether the values of Secrets are written down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SecretValues {
    /// A Secret that has values is left out, and a comment in its place says how to make it. A mask would be applied as
    /// if it were the value.
    #[default]
    Hidden,
    /// Secrets are written like everything else, except those with generated values, which nobody knows yet.
    Shown,
}

/// What the objects of a graph do not say when they are written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The resource that is left out, or a part of it.
    pub id: ResourceId,
    /// The part, as a JSON pointer; all of it where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// Why it is.
    pub why: Withheld,
}

/// Why something cannot be written down.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Withheld {
    /// Nobody may read it.
    Secret,
    /// It is made when the stack is applied.
    Unmade,
    /// It stands in another object then: which one, and where.
    Borrowed(String),
}

/// An object with the fields first that everybody reads first.
struct InOrder<'a>(&'a Value);

const FIRST: [&str; 3] = ["apiVersion", "kind", "metadata"];
/// Text longer than this is folded, which is right but hard to search: so none is.
const NEVER_FOLD: usize = 1 << 20;

impl Graph {
    /// One document for each resource, in the order of application.
    ///
    /// What the engine would do beyond applying is not part of it: waiting between objects, keeping what is created
    /// once, and leaving out what is no longer wanted.
    pub fn to_yaml(&self, secrets: SecretValues) -> String {
        let mut all = format!(
            "# Stack `{}`: kubectl apply --server-side --field-manager={} -f -\n",
            self.stack(),
            self.field_manager()
        );
        for resource in self.resources() {
            all.push_str("---\n");
            if withheld(resource, secrets).is_some() {
                all.push_str(&by_hand(resource, secrets));
            } else {
                for (pointer, borrowed) in &resource.borrowed {
                    let _ = writeln!(all, "# {pointer} is left out: it is {borrowed}");
                }
                all.push_str(&document(&resource.object));
            }
        }
        all
    }

    /// The objects that [`Graph::to_yaml`] writes as documents, in the same order, without their comments.
    pub fn to_objects(&self, secrets: SecretValues) -> Vec<&Value> {
        self.resources()
            .filter(|resource| withheld(resource, secrets).is_none())
            .map(|resource| &resource.object)
            .collect()
    }

    /// What [`Graph::to_yaml`] says in comments only, and [`Graph::to_objects`] not at all.
    pub fn left_out(&self, secrets: SecretValues) -> Vec<LeftOut> {
        let each = |resource: &Resource| {
            let left_out = |part: Option<&String>, why| LeftOut {
                id: resource.id.clone(),
                part: part.cloned(),
                why,
            };
            if let Some(why) = withheld(resource, secrets) {
                return vec![left_out(None, why)];
            }
            let parts = resource.borrowed.iter().map(|(pointer, borrowed)| {
                let why = Withheld::Borrowed(borrowed.to_string());
                left_out(Some(pointer), why)
            });
            parts.collect()
        };
        self.resources().flat_map(each).collect()
    }
}

/// Why a resource cannot be written down: a Secret with values that nobody may read, or that nobody knows yet.
fn withheld(resource: &Resource, secrets: SecretValues) -> Option<Withheld> {
    if !resource.id.is("", "Secret") {
        return None;
    }
    if !resource.recipes.is_empty() || resource.certificate.is_some() {
        return Some(Withheld::Unmade);
    }
    (secrets == SecretValues::Hidden && has_values(resource)).then_some(Withheld::Secret)
}

fn has_values(secret: &Resource) -> bool {
    let data = secret.object.get("data").and_then(Value::as_object);
    data.is_some_and(|data| !data.is_empty())
}

fn document(object: &Value) -> String {
    let options = serde_saphyr::ser_options! { folded_wrap_chars: NEVER_FOLD };
    // JSON is YAML too, for what the writer of nicer YAML may refuse.
    serde_saphyr::to_string_with_options(&InOrder(object), options)
        .unwrap_or_else(|_| format!("{object}\n"))
}

/// A comment that says how to make a Secret whose values are not written down.
fn by_hand(secret: &Resource, values: SecretValues) -> String {
    let mut text = format!(
        "# {} is left out, because its values are secret or do not exist yet. By hand, once:\n#   kubectl --namespace {} create secret generic {}",
        secret.id,
        secret.id.namespace.as_deref().unwrap_or_default(),
        secret.id.name
    );
    let kind = secret.object.get("type").and_then(Value::as_str);
    if let Some(kind) = kind.filter(|kind| *kind != "Opaque") {
        let _ = write!(text, " \\\n#     --type={kind}");
    }
    let data = secret.object.get("data").and_then(Value::as_object);
    for (key, value) in data.into_iter().flatten() {
        let value = match values {
            SecretValues::Hidden => "'…'".to_owned(),
            SecretValues::Shown => shell(value),
        };
        let _ = write!(text, " \\\n#     --from-literal={key}={value}");
    }
    for (key, Recipe::Generate { length }) in &secret.recipes {
        let _ = write!(
            text,
            " \\\n#     --from-literal={key}=\"$(LC_ALL=C tr -dc A-Za-z0-9 </dev/urandom | head -c {length})\""
        );
    }
    if let Some(certificate) = &secret.certificate {
        for key in certificate.first_keys() {
            let _ = write!(text, " \\\n#     --from-file={key}");
        }
        let _ = write!(text, "\n#   {}", recipe(certificate));
    }
    for (pointer, borrowed) in &secret.borrowed {
        let _ = write!(text, "\n#   {pointer} is {borrowed}");
    }
    text.push('\n');
    text
}

/// What a certificate must be that is made by hand.
fn recipe(certificate: &Certificate) -> String {
    match certificate {
        Certificate::Authority { .. } => certificate.to_string(),
        Certificate::Leaf { names, .. } => {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            format!("{certificate}: {}", names.join(", "))
        }
    }
}

/// A value as a shell would read it.
fn shell(value: &Value) -> String {
    let encoded = value.as_str().unwrap_or_default();
    let decoded = STANDARD.decode(encoded).ok();
    let text = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
    match text {
        Some(text) if !text.contains('\n') => format!("'{}'", text.replace('\'', r"'\''")),
        _ => format!("\"$(echo {encoded} | base64 -d)\""),
    }
}

impl fmt::Display for Withheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secret => f.write_str("its values are secret"),
            Self::Unmade => {
                f.write_str("its values do not exist yet: they are made when it is applied")
            }
            Self::Borrowed(borrowed) => write!(f, "it is {borrowed}"),
        }
    }
}

impl Serialize for Withheld {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for InOrder<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(object) = self.0.as_object() else {
            return self.0.serialize(serializer);
        };
        let mut map = serializer.serialize_map(Some(object.len()))?;
        for key in FIRST {
            if let Some(value) = object.get(key) {
                map.serialize_entry(key, value)?;
            }
        }
        for (key, value) in object {
            if !FIRST.contains(&key.as_str()) {
                map.serialize_entry(key, value)?;
            }
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{SecretValues, Withheld};
    use crate::{
        GeneratedSecret,
        graph::tests::{graph, object},
        k8s_openapi::api::core::v1::{ConfigMap, Secret},
    };

    fn shop() -> crate::Graph {
        graph(|stack| {
            stack.add(object::<ConfigMap>(json!({
                "metadata": { "name": "settings" },
                "data": {
                    "on": "yes",
                    "octal": "0777",
                    "file": "first: 1\nsecond: 2\n",
                    "long": "word ".repeat(60),
                },
            })));
            stack.add(object::<Secret>(
                json!({ "metadata": { "name": "given" }, "stringData": { "key": "it's" } }),
            ));
            let login = GeneratedSecret::new("login").plain("user", "admin");
            stack.add(login.generate("password", 32));
        })
        .unwrap()
    }

    fn documents(yaml: &str) -> Vec<Value> {
        yaml.split("---\n")
            .map(|document| serde_saphyr::from_str(document).expect("it is YAML"))
            .filter(|document: &Value| !document.is_null())
            .collect()
    }

    #[test]
    fn what_is_rendered_reads_back_as_it_was() {
        let graph = shop();
        let objects: Vec<_> = graph
            .resources()
            .filter(|resource| resource.recipes.is_empty())
            .map(|resource| resource.object.clone())
            .collect();
        assert_eq!(documents(&graph.to_yaml(SecretValues::Shown)), objects);
    }

    #[test]
    fn secrets_are_left_out_unless_they_are_asked_for() {
        let yaml = shop().to_yaml(SecretValues::Hidden);
        assert!(!yaml.contains("aXQncw=="), "{yaml}");
        assert!(!yaml.contains("admin"), "{yaml}");
        let kinds: Vec<_> = documents(&yaml)
            .iter()
            .map(|document| document["kind"].clone())
            .collect();
        assert_eq!(kinds, ["Namespace", "ConfigMap"]);
    }

    #[test]
    fn what_is_left_out_is_named_with_its_reason() {
        let graph = shop();
        let login = ("Secret/shop/login".to_owned(), Withheld::Unmade);
        let given = ("Secret/shop/given".to_owned(), Withheld::Secret);
        for (secrets, expected) in [
            (SecretValues::Hidden, vec![given, login.clone()]),
            (SecretValues::Shown, vec![login]),
        ] {
            let left_out = graph.left_out(secrets).into_iter();
            let said: Vec<_> = left_out.map(|one| (one.id.to_string(), one.why)).collect();
            assert_eq!(said, expected);
            // What is neither written nor named would be lost without a word.
            let written = graph.to_objects(secrets).len();
            assert_eq!(written + said.len(), graph.resources().count());
            assert_eq!(written, documents(&graph.to_yaml(secrets)).len());
        }
    }

    #[test]
    fn a_comment_says_how_to_make_what_nobody_knows_yet() {
        let yaml = shop().to_yaml(SecretValues::Shown);
        let comment: Vec<_> = yaml
            .lines()
            .skip_while(|line| !line.contains("Secret/shop/login"))
            .take_while(|line| *line != "---")
            .collect();
        assert_eq!(
            comment,
            [
                "# Secret/shop/login is left out, because its values are secret or do not exist yet. By hand, once:",
                "#   kubectl --namespace shop create secret generic login \\",
                "#     --from-literal=user='admin' \\",
                "#     --from-literal=password=\"$(LC_ALL=C tr -dc A-Za-z0-9 </dev/urandom | head -c 32)\"",
            ]
        );
    }
}
