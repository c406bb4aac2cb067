//! What a collector would refuse, or silently not do: everything at once, with its place.

use std::{collections::BTreeSet, fmt};

use crate::{
    ComponentId, ComponentType, Config, Containment, PipelineId, Release, Removed, Signal, Version,
    component::{Class, Details},
    config::Pipeline,
    placeholder,
    round::rounds,
    telemetry,
};

/// Something wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// Where it stands, as the collector writes paths: `service::pipelines::traces::exporters`.
    pub path: String,
    /// What is wrong there.
    pub problem: Problem,
}

/// What can be wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Problem {
    /// There is no such component type.
    UnknownType(Class, String),
    /// The program that is to read it was built without the component.
    NotInDistribution(Class, String, String),
    /// The program that is to read it is older than the component.
    TooNew(Class, String, Version),
    /// The program that is to read it no longer contains the component.
    Removed(Class, String, Removed),
    /// The program that is to read it no longer knows a setting.
    SettingRemoved(&'static str, Removed),
    /// Something refers to a component that is not defined.
    Dangling(Class, ComponentId),
    /// A component is defined and used nowhere.
    Unused(Class, ComponentId),
    /// A pipeline has a component that does not carry its signal.
    WrongSignal(ComponentId, Signal),
    /// A component names an extension that is not enabled.
    NotEnabled(ComponentId),
    /// One component stands in one list twice.
    Repeated(ComponentId),
    /// A pipeline that nothing enters or leaves.
    Empty(&'static str),
    /// What leaves a pipeline by its connectors comes into it again.
    Round(Vec<PipelineId>),
    /// There is no pipeline at all.
    NoPipelines,
    /// Settings that are not those of the component's type.
    Malformed(String),
    /// Settings that are legal one by one, and that the program refuses together.
    Refused(String),
    /// `$NAME` is no longer replaced; only `${env:NAME}` and `${NAME}` are.
    BarePlaceholder(String),
}

/// Since then it is ignored, and later it became an error.
const ADDRESS: Removed = Removed {
    at: Version::minor(123),
    instead: "`readers` with `pull.exporter.prometheus` and its `host` and `port`",
};

/// A check under way.
struct Check<'a> {
    config: &'a Config,
    release: Release,
    found: BTreeSet<Mistake>,
    used: BTreeSet<(Class, ComponentId)>,
}

impl Config {
    /// Everything that is wrong with the configuration for one collector, in the order of its places.
    pub fn check(&self, release: Release) -> Vec<Mistake> {
        let mut check = Check {
            config: self,
            release,
            found: BTreeSet::new(),
            used: BTreeSet::new(),
        };
        check.components();
        check.extensions();
        for (id, pipeline) in &self.service.pipelines {
            check.pipeline(id, pipeline);
        }
        check.service();
        check.unused();
        for (id, way) in rounds(self) {
            let path = format!("service::pipelines::{id}");
            check.report(path, Problem::Round(way));
        }
        check.found.into_iter().collect()
    }
}

impl Check<'_> {
    fn report(&mut self, path: impl Into<String>, problem: Problem) {
        let path = path.into();
        self.found.insert(Mistake { path, problem });
    }

    fn components(&mut self) {
        for class in Class::ALL {
            for (id, settings) in self.config.section(class) {
                let path = format!("{}::{id}", class.section());
                for name in placeholder::bare(settings) {
                    self.report(path.clone(), Problem::BarePlaceholder(name));
                }
                let Some(kind) = class.find(id.kind()) else {
                    self.report(path, Problem::UnknownType(class, id.kind().to_owned()));
                    continue;
                };
                self.containment(&path, kind);
                match kind.read.map(|read| read(settings)) {
                    None => {}
                    Some(Err(error)) => self.report(path, Problem::Malformed(error.to_string())),
                    Some(Ok(details)) => self.details(&path, details),
                }
            }
        }
    }

    /// Whether the program contains a component type, by its distribution and by its version.
    fn containment(&mut self, path: &str, kind: &ComponentType) {
        let name = kind.name.to_owned();
        let program = self.release.distribution.to_string();
        let problem = match kind.contained_in(self.release) {
            Containment::Contained => return,
            Containment::Elsewhere => Problem::NotInDistribution(kind.class, name, program),
            Containment::Since(version) => Problem::TooNew(kind.class, name, version),
            Containment::Gone(removed) => Problem::Removed(kind.class, name, removed),
        };
        self.report(path, problem);
    }

    fn details(&mut self, path: &str, details: Details) {
        let Details {
            extensions,
            mistakes,
            needs: _,
        } = details;
        for extension in extensions {
            if !self.config.service.extensions.contains(&extension) {
                self.report(path, Problem::NotEnabled(extension));
            }
        }
        for mistake in mistakes {
            self.report(path, Problem::Refused(mistake));
        }
    }

    fn extensions(&mut self) {
        let extensions = &self.config.service.extensions;
        let path = "service::extensions";
        self.repeated(path, extensions);
        for id in extensions {
            self.used.insert((Class::Extension, id.clone()));
            if !self.config.defines(Class::Extension, id) {
                self.report(path, Problem::Dangling(Class::Extension, id.clone()));
            }
        }
    }

    fn pipeline(&mut self, id: &PipelineId, pipeline: &Pipeline) {
        let path = format!("service::pipelines::{id}");
        let Pipeline {
            receivers,
            processors,
            exporters,
        } = pipeline;
        for (list, class, what) in [
            (receivers, Class::Receiver, "receivers"),
            (processors, Class::Processor, "processors"),
            (exporters, Class::Exporter, "exporters"),
        ] {
            let path = format!("{path}::{what}");
            if list.is_empty() && class != Class::Processor {
                self.report(path.clone(), Problem::Empty(what));
            }
            self.repeated(&path, list);
            for component in list {
                self.member(&path, id.signal, class, component);
            }
        }
    }

    /// One component in one list of a pipeline.
    fn member(&mut self, path: &str, signal: Signal, class: Class, id: &ComponentId) {
        let connects = class != Class::Processor && self.config.defines(Class::Connector, id);
        let class = if connects { Class::Connector } else { class };
        self.used.insert((class, id.clone()));
        if !self.config.defines(class, id) {
            return self.report(path, Problem::Dangling(class, id.clone()));
        }
        let begins = path.ends_with("receivers");
        let carries = class.find(id.kind()).is_none_or(|kind| {
            if begins {
                kind.begins(signal)
            } else {
                kind.takes(signal)
            }
        });
        if !carries {
            self.report(path, Problem::WrongSignal(id.clone(), signal));
        }
    }

    fn repeated(&mut self, path: &str, ids: &[ComponentId]) {
        let mut seen = BTreeSet::new();
        for id in ids {
            if !seen.insert(id) {
                self.report(path, Problem::Repeated(id.clone()));
            }
        }
    }

    fn service(&mut self) {
        let service = &self.config.service;
        if service.pipelines.is_empty() {
            self.report("service::pipelines", Problem::NoPipelines);
        }
        if service.telemetry.metrics.address.is_some() && self.release.version >= ADDRESS.at {
            let path = "service::telemetry::metrics::address";
            self.report(path, Problem::SettingRemoved("address", ADDRESS));
        }
        for name in telemetry::unknown(&service.telemetry) {
            let problem = Problem::Refused(format!("there is no setting `{name}`"));
            self.report("service::telemetry", problem);
        }
    }

    fn unused(&mut self) {
        for class in Class::ALL {
            for (id, _) in self.config.section(class) {
                if !self.used.contains(&(class, id.clone())) {
                    let path = format!("{}::{id}", class.section());
                    self.report(path, Problem::Unused(class, id.clone()));
                }
            }
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.problem)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownType(class, name) => write!(f, "there is no {class} `{name}`"),
            Self::NotInDistribution(class, name, program) => {
                write!(f, "{program} does not contain the {class} `{name}`")
            }
            Self::TooNew(class, name, since) => {
                write!(f, "the {class} `{name}` exists only since {since}")
            }
            Self::Removed(class, name, Removed { at, instead }) => {
                write!(f, "the {class} `{name}` was removed in {at}; use {instead}")
            }
            Self::SettingRemoved(name, Removed { at, instead }) => {
                write!(f, "the setting `{name}` was removed in {at}; use {instead}")
            }
            Self::Dangling(class, id) => write!(f, "the {class} `{id}` is not defined"),
            Self::Unused(Class::Extension, id) => {
                write!(f, "the extension `{id}` is defined and not enabled")
            }
            Self::Unused(class, id) => write!(f, "the {class} `{id}` is in no pipeline"),
            Self::WrongSignal(id, signal) => write!(f, "`{id}` does not carry {signal}"),
            Self::NotEnabled(id) => write!(f, "the extension `{id}` is not enabled"),
            Self::Repeated(id) => write!(f, "`{id}` is named twice"),
            Self::Empty(what) => write!(f, "a pipeline needs {what}"),
            Self::Round(way) => {
                let way: Vec<String> = way.iter().map(|id| format!("`{id}`")).collect();
                write!(
                    f,
                    "what leaves it comes into it again, by {}",
                    way.join(", ")
                )
            }
            Self::NoPipelines => f.write_str("there is no pipeline"),
            Self::Malformed(why) | Self::Refused(why) => f.write_str(why),
            Self::BarePlaceholder(name) => {
                write!(f, "`${name}` is not replaced; write `${{env:{name}}}`")
            }
        }
    }
}
