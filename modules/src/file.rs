//! Files that a program reads, in a ConfigMap whose name says what is in it.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ConfigMap;
use provider_core::{Finding, Ref, Scope, kube_core::ObjectMeta};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// What an API server takes as the data of one ConfigMap.
const LIMIT: usize = 1 << 20;

/// The files of one program.
///
/// The ConfigMap is immutable and named after a digest of its content: other content is another object, so Pods
/// that read it roll out, and those that are not replaced yet keep the files that they started with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files {
    content: BTreeMap<String, String>,
    /// What is said about them; it may change without another object.
    annotations: BTreeMap<String, String>,
}

impl Files {
    pub(crate) fn add(&mut self, name: &str, content: String) {
        self.content.insert(name.to_owned(), content);
    }

    pub(crate) fn one(name: &str, content: String) -> Self {
        Self {
            content: BTreeMap::from([(name.to_owned(), content)]),
            annotations: BTreeMap::new(),
        }
    }

    pub(crate) fn annotated(mut self, (key, value): (String, String)) -> Self {
        self.annotations.insert(key, value);
        self
    }

    pub(crate) fn build(self, scope: &mut Scope<'_>, program: &str) -> Ref<ConfigMap> {
        let name = format!("{program}-{}", digest(&self.content));
        self.put(scope, program, name, Some(true))
    }

    /// The same for files that the program reads again by itself when they change: `<program>-<what>`.
    pub(crate) fn build_reloaded(
        self,
        scope: &mut Scope<'_>,
        program: &str,
        what: &str,
    ) -> Ref<ConfigMap> {
        self.put(scope, program, format!("{program}-{what}"), None)
    }

    fn put(
        self,
        scope: &mut Scope<'_>,
        program: &str,
        name: String,
        immutable: Option<bool>,
    ) -> Ref<ConfigMap> {
        let Self {
            content: files,
            annotations,
        } = self;
        let size: usize = files
            .iter()
            .map(|(name, text)| name.len() + text.len())
            .sum();
        if size > LIMIT {
            let message = format!(
                "the files of `{program}` in the ConfigMap `{name}` have {} KiB, and one holds 1024",
                size.div_ceil(1024)
            );
            scope.finding(Finding::new("config-map-too-large", message));
        }
        let labels = BTreeMap::from([
            ("app.kubernetes.io/name".to_owned(), program.to_owned()),
            (
                "app.kubernetes.io/part-of".to_owned(),
                scope.stack().to_owned(),
            ),
        ]);
        scope.add(ConfigMap {
            metadata: ObjectMeta {
                name: Some(name),
                annotations: (!annotations.is_empty()).then_some(annotations),
                labels: Some(labels),
                ..ObjectMeta::default()
            },
            data: (!files.is_empty()).then_some(files),
            immutable,
            ..ConfigMap::default()
        })
    }
}

fn digest(files: &BTreeMap<String, String>) -> String {
    let parts: Vec<_> = files
        .iter()
        .map(|(name, content)| (name.as_str(), content.as_str()))
        .collect();
    digest_of(&parts)
}

/// Ten letters that differ where names or contents do.
pub(crate) fn digest_of(parts: &[(&str, &str)]) -> String {
    let mut hash = Sha256::new();
    for (name, content) in parts {
        // Lengths keep the end of one text from passing for the beginning of the next.
        hash.update(name.len().to_le_bytes());
        hash.update(name);
        hash.update(content.len().to_le_bytes());
        hash.update(content);
    }
    let hash = hash.finalize();
    let short = hash
        .iter()
        .take(5)
        .fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    format!("{short:010x}")
}

/// A settings struct as YAML.
pub(crate) fn yaml<T: Serialize>(settings: &T) -> String {
    serde_saphyr::to_string(settings)
        .expect("settings are structs, maps, lists and scalars, which can be written")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_content_has_another_name() {
        let one = Files::one("a", "b".to_owned()).content;
        let moved = Files::one("ab", String::new()).content;
        assert_eq!(digest(&one), digest(&one.clone()));
        assert_ne!(digest(&one), digest(&moved));
        assert_eq!(digest(&one).len(), 10);
    }
}
