//! Which labels does a point have?

use std::collections::BTreeMap;

use super::{names::Nameless, series::Label};
use crate::{text::text, wire::Resource};

/// The attributes that are `job` and `instance`.
pub(super) const IDENTITY: [&str; 3] = ["service.namespace", "service.name", "service.instance.id"];

/// What names a resource: `service.namespace/service.name` and `service.instance.id`.
#[derive(Default)]
pub(super) struct Identity {
    job: String,
    instance: String,
}

impl Identity {
    pub(super) fn of(resource: &Resource<'_>) -> Self {
        let find = |key: &str| {
            let mut found = resource
                .resource_attributes()
                .filter(|attribute| attribute.key == key);
            found.next().map(|attribute| text(&attribute.value))
        };
        let name = find("service.name").unwrap_or_default();
        let job = match find("service.namespace") {
            Some(namespace) if !name.is_empty() => format!("{namespace}/{name}"),
            _ => name,
        };
        Self {
            job,
            instance: find("service.instance.id").unwrap_or_default(),
        }
    }

    pub(super) fn labels(&self) -> Vec<(String, String)> {
        let both = [("job", &self.job), ("instance", &self.instance)];
        let there = both.into_iter().filter(|(_, value)| !value.is_empty());
        there
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect()
    }
}

/// Attributes as labels: made legal, those that become the same name joined, those without a value left out; then what
/// all points of a scope have over them.
pub(super) fn joined(
    external: &BTreeMap<String, String>,
    mut pairs: Vec<(String, String)>,
    over: &[(String, String)],
    namer: impl Fn(&str) -> Result<String, Nameless>,
) -> Result<Vec<Label>, Nameless> {
    pairs.retain(|(_, value)| !value.is_empty());
    pairs.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut labels: BTreeMap<String, String> = BTreeMap::new();
    for (key, value) in pairs {
        let name = namer(&key)?;
        labels
            .entry(name)
            .and_modify(|before| {
                if *before != value {
                    before.push(';');
                    before.push_str(&value);
                }
            })
            .or_insert(value);
    }
    // Identity, then what is the same for all, then the scope: each as the collector ranks it.
    for (name, value) in over.iter().filter(|(name, _)| is_identity(name)) {
        labels.insert(name.clone(), value.clone());
    }
    for (name, value) in external {
        labels.entry(name.clone()).or_insert_with(|| value.clone());
    }
    for (name, value) in over.iter().filter(|(name, _)| !is_identity(name)) {
        labels.insert(name.clone(), value.clone());
    }
    Ok(labels
        .into_iter()
        .map(|(name, value)| Label { name, value })
        .collect())
}

/// The labels of one series: those of the point, a name, and what a histogram or a summary says.
pub(super) fn named(labels: &[Label], name: &str, more: Option<(&str, &str)>) -> Vec<Label> {
    let mut all = Vec::with_capacity(labels.len() + 2);
    let put = |name: &str, value: &str| Label {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    all.push(put("__name__", name));
    // What a histogram or a summary says wins over an attribute that has its name.
    let taken = more.map(|(name, _)| name);
    all.extend(
        labels
            .iter()
            .filter(|label| label.name != "__name__" && Some(label.name.as_str()) != taken)
            .cloned(),
    );
    all.extend(more.map(|(name, value)| put(name, value)));
    all
}

/// Whether a label says whose a series is.
pub(super) fn is_identity(name: &str) -> bool {
    matches!(name, "job" | "instance")
}
