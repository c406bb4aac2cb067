//! What is wrong with the objects of a stack?
//!
//! Each file is one family of mistakes. What the API server would refuse is found here too, before anything is sent,
//! with the line that said it; so is what it would take and what would never work.

use super::{
    Finding,
    edges::Resources,
    template::{Template, templates},
};

mod authorities;
mod budgets;
mod containers;
mod images;
mod labels;
mod names;
mod pod_security;
mod ports;
mod selectors;
mod services;
mod volumes;

/// What the families look at.
pub(super) struct View<'a> {
    resources: &'a Resources,
    templates: Vec<Template<'a>>,
}

const FAMILIES: &[fn(&View<'_>) -> Vec<Finding>] = &[
    authorities::check,
    budgets::check,
    containers::check,
    images::check,
    labels::check,
    names::check,
    pod_security::check,
    ports::check,
    selectors::check,
    services::check,
    volumes::check,
];

/// Everything that is wrong with the objects themselves; references have been looked at elsewhere.
pub(super) fn check(resources: &Resources) -> Vec<Finding> {
    let view = View {
        resources,
        templates: templates(resources),
    };
    FAMILIES.iter().flat_map(|family| family(&view)).collect()
}

impl<'a> View<'a> {
    /// The Pods of a namespace.
    fn pods_in<'b>(
        &'b self,
        namespace: Option<&'b str>,
    ) -> impl Iterator<Item = &'b Template<'a>> + 'b {
        self.templates
            .iter()
            .filter(move |pods| Some(pods.namespace()) == namespace)
    }

    /// Whether custom resources of the stack may bring Pods into a namespace that nobody can see here.
    fn may_have_others(&self, namespace: Option<&str>) -> bool {
        self.resources.keys().any(|id| {
            id.namespace.as_deref() == namespace && !super::builtin::is_builtin_group(&id.group)
        })
    }
}

/// The items that say again what an item before them said, with what they say.
fn repeated<T: Ord + Clone>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut seen = std::collections::BTreeSet::new();
    items
        .into_iter()
        .filter(|item| !seen.insert(item.clone()))
        .collect()
}

#[cfg(test)]
mod tests;
