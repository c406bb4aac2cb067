//! Which Kubernetes is this?

use provider_core::{Finding, Graph};
use serde::Serialize;
use serde_json::Value;

use crate::cluster::{CallError, Cluster, Patience, call::Call};

/// The minors of version 1 that are supported: the four newest, up to the one whose schemas this program has.
const SUPPORTED: std::ops::RangeInclusive<u32> = 34..=37;

/// What an older cluster does not know, and drops or refuses: since which minor it is there without being asked for.
const FEATURES: [(u32, &str, Uses); 3] = [
    (28, "conditions of webhooks", |key, value| {
        key == "matchConditions" && value.is_array()
    }),
    (29, "native sidecar containers", |key, value| {
        let mut containers = value.as_array().into_iter().flatten();
        key == "initContainers" && containers.any(|one| one["restartPolicy"] == "Always")
    }),
    (
        30,
        "containers that sleep before they stop",
        |key, value| key == "preStop" && value["sleep"].is_object(),
    ),
];

/// Whether a field of that name and value uses a feature.
type Uses = fn(&str, &Value) -> bool;

/// The version of an API server.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Version {
    /// As in `1` of `1.36`.
    pub major: u32,
    /// As in `36` of `1.36`.
    pub minor: u32,
    /// In full, as in `v1.36.3`.
    pub git_version: String,
}

impl Version {
    /// What a stack uses that a cluster of this version may not have. Nothing, where it is one of those supported.
    pub fn judge(&self, graph: &Graph) -> Vec<Finding> {
        let objects: Vec<&Value> = graph.resources().map(|resource| &resource.object).collect();
        self.notes(&objects)
    }

    fn notes(&self, objects: &[&Value]) -> Vec<Finding> {
        if self.major == 1 && SUPPORTED.contains(&self.minor) {
            return Vec::new();
        }
        let (least, most) = (SUPPORTED.start(), SUPPORTED.end());
        let message = format!(
            "the cluster is {}, and 1.{least} to 1.{most} are supported",
            self.git_version
        );
        let hint = "what is written was checked against the schemas of those alone";
        let mut notes = vec![Finding::new("cluster-version", message).hint(hint)];
        for (since, what, uses) in FEATURES {
            let older = (self.major, self.minor) < (1, since);
            if older && objects.iter().any(|object| holds(object, uses)) {
                let message = format!("the stack uses {what}, which are there since 1.{since}");
                notes.push(Finding::new("cluster-too-old", message));
            }
        }
        notes
    }
}

/// Whether any field of an object uses a feature.
fn holds(value: &Value, uses: Uses) -> bool {
    match value {
        Value::Object(fields) => fields
            .iter()
            .any(|(key, value)| uses(key, value) || holds(value, uses)),
        Value::Array(items) => items.iter().any(|item| holds(item, uses)),
        _ => false,
    }
}

impl Cluster {
    /// The version of the API server: one request, and the quickest way to learn whether it answers.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub async fn version(&self) -> Result<Version, CallError> {
        let answer = self
            .send(&Call::path("/version"), Patience::READING)
            .await?;
        Ok(read(&answer.body))
    }
}

fn read(body: &Value) -> Version {
    let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default();
    // Some providers write `36+`.
    let number = |key: &str| {
        text(key)
            .trim_end_matches(|letter: char| !letter.is_ascii_digit())
            .parse()
            .unwrap_or(0)
    };
    Version {
        major: number("major"),
        minor: number("minor"),
        git_version: text("gitVersion").to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn versions_of_providers_are_read_as_well() {
        let version = read(&json!({"major": "1", "minor": "36+", "gitVersion": "v1.36.3-gke.1"}));
        assert_eq!(
            (version.major, version.minor, version.git_version.as_str()),
            (1, 36, "v1.36.3-gke.1")
        );
    }

    #[test]
    fn a_cluster_out_of_what_is_supported_is_told_what_it_lacks() {
        let of = |minor| Version {
            major: 1,
            minor,
            git_version: format!("v1.{minor}.0"),
        };
        let pod = json!({ "spec": { "template": { "spec": {
            "initContainers": [{ "name": "otel", "restartPolicy": "Always" }],
            "containers": [{ "lifecycle": { "preStop": { "sleep": { "seconds": 5 } } } }],
        } } } });
        let webhook = json!({ "webhooks": [{ "matchConditions": [{ "name": "asks" }] }] });
        let plain = json!({ "spec": { "initContainers": [{ "name": "migrate" }] } });
        let all = [pod, webhook, plain.clone()];
        for (minor, objects, expected) in [
            (36, &all[..], &[][..]),
            (33, &all, &["v1.33.0"]),
            (38, &all, &["v1.38.0"]),
            (29, &all, &["v1.29.0", "sleep"]),
            (27, &all, &["v1.27.0", "webhooks", "sidecar", "sleep"]),
            (27, &[plain], &["v1.27.0"]),
        ] {
            let notes = of(minor).notes(&objects.iter().collect::<Vec<_>>());
            let notes: Vec<&str> = notes.iter().map(|note| note.message.as_str()).collect();
            assert_eq!(notes.len(), expected.len(), "1.{minor}: {notes:?}");
            for (note, word) in notes.iter().zip(expected) {
                assert!(note.contains(word), "1.{minor}: {notes:?}");
            }
        }
    }
}
