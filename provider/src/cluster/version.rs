//! Which Kubernetes is this?

use serde::Serialize;
use serde_json::Value;

use crate::cluster::{CallError, Cluster, Patience, call::Call};

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
}
