//! Does a Pod ask for a sidecar, and for which?

use crate::{
    config::{Config, Unasked},
    pod::Pod,
};

/// What a Pod asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// Nothing.
    Nothing,
    /// Whatever there is in its namespace.
    Any(Why),
    /// One of that name; with the namespace that it is to come from, where one was named.
    Named {
        namespace: Option<String>,
        name: String,
        why: Why,
    },
}

/// Why it is taken to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// It says so itself.
    Annotation { key: String, value: String },
    /// Everyone in its namespace gets one who does not say otherwise.
    Namespace,
}

impl Ask {
    /// What a Pod of that namespace asks for. What it says itself is stronger than what its namespace does.
    pub(crate) fn of(pod: Pod<'_>, namespace: &str, config: &Config) -> Self {
        let said = config.annotations.iter().find_map(|key| {
            let value = pod.annotation(key)?.trim();
            // An empty value says nothing, as with the OpenTelemetry operator.
            (!value.is_empty()).then_some((key, value))
        });
        if let Some((key, value)) = said {
            return Self::said(key, value);
        }
        match config.namespaces.get(namespace) {
            Some(rule) if rule.unasked == Unasked::Inject => Ask::Any(Why::Namespace),
            _ => Ask::Nothing,
        }
    }

    fn said(key: &str, value: &str) -> Self {
        let why = Why::Annotation {
            key: key.to_owned(),
            value: value.to_owned(),
        };
        if value.eq_ignore_ascii_case("false") {
            return Ask::Nothing;
        }
        if value.eq_ignore_ascii_case("true") {
            return Ask::Any(why);
        }
        let (namespace, name) = match value.split_once('/') {
            Some((namespace, name)) => (Some(namespace.to_owned()), name),
            None => (None, value),
        };
        Ask::Named {
            namespace,
            name: name.to_owned(),
            why,
        }
    }

    /// Why it is taken to ask, if it does.
    pub(crate) fn why(&self) -> Option<&Why> {
        match self {
            Ask::Nothing => None,
            Ask::Any(why) | Ask::Named { why, .. } => Some(why),
        }
    }
}

impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Why::Annotation { key, value } => write!(f, "annotation `{key}: {value}`"),
            Why::Namespace => f.write_str("its namespace asks for all its Pods"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::samples::config;

    #[test]
    fn ours_comes_before_the_operators_and_the_pod_before_its_namespace() {
        let ours = "sidecar.otelier.dev/inject";
        let theirs = "sidecar.opentelemetry.io/inject";
        for (annotations, namespace, asks) in [
            (json!({}), "shop", "nothing"),
            (json!({}), "bank", "any"),
            (json!({ ours: "true" }), "shop", "any"),
            (json!({ ours: "TRUE" }), "shop", "any"),
            (json!({ theirs: "True" }), "shop", "any"),
            (json!({ ours: "false" }), "bank", "nothing"),
            (json!({ theirs: "False" }), "bank", "nothing"),
            (json!({ ours: "false", theirs: "true" }), "shop", "nothing"),
            (json!({ ours: "", theirs: "true" }), "shop", "any"),
            (json!({ ours: " " }), "shop", "nothing"),
            (json!({ ours: "otel" }), "shop", "otel"),
            (json!({ theirs: "obs/otel" }), "shop", "obs/otel"),
            (json!({ theirs: "a/b/c" }), "elsewhere", "a/b/c"),
        ] {
            let object = json!({ "metadata": { "annotations": annotations } });
            let found = match Ask::of(Pod(&object), namespace, &config()) {
                Ask::Nothing => "nothing".to_owned(),
                Ask::Any(_) => "any".to_owned(),
                Ask::Named {
                    namespace, name, ..
                } => namespace.map_or(name.clone(), |namespace| format!("{namespace}/{name}")),
            };
            assert_eq!(found, asks, "{annotations} in {namespace}");
        }
    }
}
