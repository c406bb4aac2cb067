//! What do lints look at?
//!
//! Settings are looked at as they stand in a file: a configuration of an old version, or one with a mistake in it, is not
//! that of our types, and is what most needs to be looked at.

use std::{collections::BTreeSet, time};

use serde_json::Value;

use super::Setting;
use crate::{ComponentId, Config, Duration, Mistake, Pipeline, PipelineId, component::Class};

/// A configuration in its setting.
pub(super) struct Look<'a> {
    pub(super) config: &'a Config,
    pub(super) setting: &'a Setting,
    /// What a program would refuse.
    pub(super) mistakes: Vec<Mistake>,
    used: BTreeSet<(Class, ComponentId)>,
}

/// A component that is in use.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) class: Class,
    pub(super) id: &'a ComponentId,
    settings: &'a Value,
}

/// The processors that decide by themselves which traces or records are kept.
pub(super) const SAMPLERS: [&str; 2] = ["tail_sampling", "probabilistic_sampler"];

impl<'a> Look<'a> {
    pub(super) fn at(config: &'a Config, setting: &'a Setting) -> Self {
        Self {
            config,
            setting,
            mistakes: config.check(setting.release),
            used: config.in_use(),
        }
    }

    /// The pipelines, in their order.
    pub(super) fn pipelines(&self) -> impl Iterator<Item = (&'a PipelineId, &'a Pipeline)> {
        self.config.service.pipelines.iter()
    }

    /// The components of a class that are in use.
    pub(super) fn parts(&self, class: Class) -> impl Iterator<Item = Part<'a>> {
        let used = move |id: &ComponentId| self.used.contains(&(class, id.clone()));
        let section = self.config.section(class).filter(move |(id, _)| used(id));
        section.map(move |(id, settings)| Part {
            class,
            id,
            settings,
        })
    }

    /// The components of one type that are in use.
    pub(super) fn of_kind(
        &self,
        class: Class,
        kind: &'static str,
    ) -> impl Iterator<Item = Part<'a>> {
        self.parts(class).filter(move |part| part.id.kind() == kind)
    }

    /// All that is in use, of whatever class.
    pub(super) fn all_parts(&self) -> impl Iterator<Item = Part<'a>> {
        Class::ALL.into_iter().flat_map(|class| self.parts(class))
    }

    /// A component of a pipeline, if it is defined.
    pub(super) fn part(&self, class: Class, id: &ComponentId) -> Option<Part<'a>> {
        self.parts(class).find(|part| part.id == id)
    }

    /// The pipelines whose data passes through one of `kinds` among its processors, or did before a connector.
    pub(super) fn downstream_of(&self, kinds: &[&str]) -> BTreeSet<&'a PipelineId> {
        let has = |pipeline: &Pipeline| {
            let mut processors = pipeline.processors.iter();
            processors.any(|id| kinds.contains(&id.kind()))
        };
        let mut found: BTreeSet<_> = self
            .pipelines()
            .filter(|(_, pipeline)| has(pipeline))
            .map(|(id, _)| id)
            .collect();
        loop {
            let out: BTreeSet<&ComponentId> = self
                .pipelines()
                .filter(|(id, _)| found.contains(id))
                .flat_map(|(_, pipeline)| &pipeline.exporters)
                .filter(|id| self.config.defines(Class::Connector, id))
                .collect();
            let more = self.pipelines().filter(|(id, pipeline)| {
                !found.contains(id) && pipeline.receivers.iter().any(|id| out.contains(id))
            });
            let more: Vec<_> = more.map(|(id, _)| id).collect();
            if more.is_empty() {
                return found;
            }
            found.extend(more);
        }
    }
}

impl<'a> Part<'a> {
    /// Where it stands.
    pub(super) fn place(self) -> String {
        format!("{}.{}", self.class.section(), self.id)
    }

    /// Where one of its settings stands.
    pub(super) fn place_of(self, path: &str) -> String {
        format!("{}.{path}", self.place())
    }

    /// A setting by its path; what is null is as good as not there.
    pub(super) fn get(self, path: &str) -> Option<&'a Value> {
        let mut value = self.settings;
        for name in path.split('.') {
            value = value.get(name)?;
        }
        (!value.is_null()).then_some(value)
    }

    /// Whether a setting is there, even if it says nothing more.
    pub(super) fn has(self, path: &str) -> bool {
        let (parent, name) = match path.rsplit_once('.') {
            Some((parent, name)) => (self.get(parent), name),
            None => (Some(self.settings), path),
        };
        parent.is_some_and(|parent| parent.get(name).is_some())
    }

    pub(super) fn text(self, path: &str) -> Option<&'a str> {
        self.get(path)?.as_str()
    }

    pub(super) fn number(self, path: &str) -> Option<u64> {
        self.get(path)?.as_u64()
    }

    pub(super) fn truth(self, path: &str) -> Option<bool> {
        self.get(path)?.as_bool()
    }

    pub(super) fn list(self, path: &str) -> &'a [Value] {
        self.get(path)
            .and_then(Value::as_array)
            .map_or(&[], Vec::as_slice)
    }

    pub(super) fn time(self, path: &str) -> Option<time::Duration> {
        let duration: Duration = self.text(path)?.parse().ok()?;
        Some(duration.get())
    }

    /// The texts of every setting of this name, however deep it stands, with their paths.
    pub(super) fn texts_named(self, name: &str) -> Vec<(String, &'a str)> {
        let mut found = Vec::new();
        search(self.settings, &mut Vec::new(), &mut |path, text| {
            if path.last().is_some_and(|last| last == name) {
                found.push((path.join("."), text));
            }
        });
        found
    }

    /// Every text, with its path.
    pub(super) fn texts(self) -> Vec<(String, &'a str)> {
        let mut found = Vec::new();
        search(self.settings, &mut Vec::new(), &mut |path, text| {
            found.push((path.join("."), text));
        });
        found
    }
}

fn search<'a>(
    value: &'a Value,
    path: &mut Vec<String>,
    visit: &mut impl FnMut(&[String], &'a str),
) {
    match value {
        Value::String(text) => visit(path, text),
        Value::Object(fields) => {
            for (name, value) in fields {
                path.push(name.clone());
                search(value, path, visit);
                path.pop();
            }
        }
        Value::Array(items) => {
            for (n, value) in items.iter().enumerate() {
                path.push(n.to_string());
                search(value, path, visit);
                path.pop();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
