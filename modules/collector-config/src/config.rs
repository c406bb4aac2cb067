//! A whole configuration: components, and the pipelines between them.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::{
    ComponentId, IdError, PipelineId, Release,
    component::{Class, Component},
    lenient,
    telemetry::Telemetry,
};

/// A collector's configuration. Component types go by the names of today whatever was read and whoever reads.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// Settings of components, by class and id.
    components: BTreeMap<Class, BTreeMap<ComponentId, Value>>,
    /// What runs.
    pub service: Service,
}

/// What runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Service {
    /// The extensions that are enabled, in the order in which they start.
    #[serde(
        deserialize_with = "may_be_empty",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub extensions: Vec<ComponentId>,
    /// What the collector tells about itself.
    #[serde(skip_serializing_if = "crate::components::is_default")]
    pub telemetry: Telemetry,
    /// The pipelines.
    pub pipelines: BTreeMap<PipelineId, Pipeline>,
}

/// The way of one signal through a collector.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pipeline {
    /// Where data comes from.
    pub receivers: Vec<ComponentId>,
    /// What changes it, in this order.
    #[serde(
        deserialize_with = "may_be_empty",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub processors: Vec<ComponentId>,
    /// Where it goes to; each gets everything.
    pub exporters: Vec<ComponentId>,
}

/// Why a configuration could not be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// It is not YAML, or not made of the sections of a collector's configuration.
    #[error("could not read the configuration")]
    Yaml(#[source] serde_saphyr::Error),
    /// A section defines something that has no legal id.
    #[error("could not read an id in `{section}`")]
    Id {
        /// The section.
        section: &'static str,
        /// What is wrong with it.
        source: IdError,
    },
    /// One component is defined twice, by its names of today and of old.
    #[error("`{section}` defines `{id}` by its old name and by its new one")]
    Twice {
        /// The section.
        section: &'static str,
        /// The component.
        id: ComponentId,
    },
}

/// Why a component could not be had from a configuration.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// It is not defined.
    #[error("there is no `{0}`")]
    Missing(ComponentId),
    /// Its settings are not those of its type.
    #[error("could not read the settings of `{id}`")]
    Malformed {
        /// The component.
        id: ComponentId,
        /// What is wrong with them.
        source: serde_json::Error,
    },
}

type Section = BTreeMap<String, Value>;

/// A section or a list of which nothing is said, as in `processors:`.
fn may_be_empty<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// The sections as they stand in a file, in the order in which people write them.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Document {
    #[serde(
        deserialize_with = "may_be_empty",
        skip_serializing_if = "Section::is_empty"
    )]
    receivers: Section,
    #[serde(
        deserialize_with = "may_be_empty",
        skip_serializing_if = "Section::is_empty"
    )]
    processors: Section,
    #[serde(
        deserialize_with = "may_be_empty",
        skip_serializing_if = "Section::is_empty"
    )]
    exporters: Section,
    #[serde(
        deserialize_with = "may_be_empty",
        skip_serializing_if = "Section::is_empty"
    )]
    connectors: Section,
    #[serde(
        deserialize_with = "may_be_empty",
        skip_serializing_if = "Section::is_empty"
    )]
    extensions: Section,
    service: Service,
}

impl Config {
    /// Defines the only component of its type; an extension is enabled too.
    pub fn add<C: Component>(&mut self, component: &C) -> ComponentId {
        self.put(ComponentId::of::<C>(), component)
    }

    /// Defines one of several components of its type; an extension is enabled too.
    ///
    /// # Errors
    /// When the collector would not accept the name.
    pub fn add_named<C: Component>(
        &mut self,
        name: &str,
        component: &C,
    ) -> Result<ComponentId, IdError> {
        let id = ComponentId::named::<C>(name)?;
        Ok(self.put(id, component))
    }

    /// Defines a component whose settings are passed on as they are; an extension is enabled too.
    pub fn define(&mut self, class: Class, id: ComponentId, settings: Value) -> ComponentId {
        let id = id.canonical(class);
        self.section_mut(class).insert(id.clone(), settings);
        if class == Class::Extension && !self.service.extensions.contains(&id) {
            self.service.extensions.push(id.clone());
        }
        id
    }

    fn put<C: Component>(&mut self, id: ComponentId, component: &C) -> ComponentId {
        // Settings are maps with text keys, lists and scalars; a type for which that were not so would fail in
        // its first test, and is refused by the check here.
        let settings = serde_json::to_value(component)
            .unwrap_or_else(|error| Value::String(error.to_string()));
        self.define(C::TYPE.class, id, settings)
    }

    /// Adds a pipeline, or replaces the one of that id.
    pub fn pipeline(&mut self, id: PipelineId, pipeline: Pipeline) {
        self.service.pipelines.insert(id, pipeline);
    }

    /// What is defined in one section.
    pub fn section(&self, class: Class) -> impl Iterator<Item = (&ComponentId, &Value)> {
        self.components.get(&class).into_iter().flatten()
    }

    /// Whether a component is defined.
    pub fn defines(&self, class: Class, id: &ComponentId) -> bool {
        self.components
            .get(&class)
            .is_some_and(|section| section.contains_key(id))
    }

    /// The settings of a component.
    ///
    /// # Errors
    /// When it is not defined, or its settings are not those of `C`.
    pub fn get<C: Component>(&self, id: &ComponentId) -> Result<C, SettingsError> {
        let settings = self
            .components
            .get(&C::TYPE.class)
            .and_then(|section| section.get(id))
            .ok_or_else(|| SettingsError::Missing(id.clone()))?;
        lenient::read(settings).map_err(|source| SettingsError::Malformed {
            id: id.clone(),
            source,
        })
    }

    pub(crate) fn section_mut(&mut self, class: Class) -> &mut BTreeMap<ComponentId, Value> {
        self.components.entry(class).or_default()
    }

    /// Reads a configuration, whichever collector it was written for.
    ///
    /// # Errors
    /// When it is not a collector's configuration. What is wrong with it as one, [`Config::check`] says.
    pub fn from_yaml(text: &str) -> Result<Self, ReadError> {
        let document: Document = from_yaml_1_2(text).map_err(ReadError::Yaml)?;
        let Document {
            receivers,
            processors,
            exporters,
            connectors,
            extensions,
            service,
        } = document;
        let mut config = Self::default();
        let sections = [receivers, processors, exporters, connectors, extensions];
        for (class, section) in Class::ALL.into_iter().zip(sections) {
            config.read_section(class, section)?;
        }
        config.service = service.canonical(&config);
        Ok(config)
    }

    /// The ids in the sections of a file as they are written there; none if it is no configuration.
    pub(crate) fn written_ids(text: &str) -> Vec<(Class, ComponentId)> {
        let document: Document = from_yaml_1_2(text).unwrap_or_default();
        let sections = [
            document.receivers,
            document.processors,
            document.exporters,
            document.connectors,
            document.extensions,
        ];
        let sections = Class::ALL.into_iter().zip(sections);
        sections
            .flat_map(|(class, section)| {
                let ids = section.into_keys().filter_map(|id| id.parse().ok());
                ids.map(move |id| (class, id)).collect::<Vec<_>>()
            })
            .collect()
    }

    fn read_section(&mut self, class: Class, section: Section) -> Result<(), ReadError> {
        if section.is_empty() {
            return Ok(());
        }
        let name = class.section();
        let defined = self.section_mut(class);
        for (id, settings) in section {
            let id: ComponentId = id.parse().map_err(|source| ReadError::Id {
                section: name,
                source,
            })?;
            let id = id.canonical(class);
            if defined.insert(id.clone(), settings).is_some() {
                return Err(ReadError::Twice { section: name, id });
            }
        }
        Ok(())
    }

    /// Writes the configuration for one collector, with the names that it reads. The same configuration always
    /// gives the same text.
    ///
    /// # Panics
    /// Never: a document of maps, lists and scalars can be written.
    pub fn to_yaml(&self, release: Release) -> String {
        let section = |class: Class| {
            self.section(class)
                .map(|(id, settings)| {
                    let id = id.spelled(class, release.version).to_string();
                    (id, settings.clone())
                })
                .collect()
        };
        let document = Document {
            receivers: section(Class::Receiver),
            processors: section(Class::Processor),
            exporters: section(Class::Exporter),
            connectors: section(Class::Connector),
            extensions: section(Class::Extension),
            service: self
                .service
                .renamed(|class, id| id.spelled(class, release.version), self),
        };
        serde_saphyr::to_string(&document)
            .expect("a document of maps, lists and scalars can be written")
    }
}

impl Pipeline {
    /// Its three lists, with the class that their members have unless they are connectors.
    pub(crate) fn lists(&self) -> [(Class, &[ComponentId]); 3] {
        [
            (Class::Receiver, &self.receivers),
            (Class::Processor, &self.processors),
            (Class::Exporter, &self.exporters),
        ]
    }
}

impl Service {
    pub(crate) fn canonical(self, config: &Config) -> Self {
        self.renamed(|class, id| id.clone().canonical(class), config)
    }

    /// The same with every id renamed according to its class.
    fn renamed(
        &self,
        rename: impl Fn(Class, &ComponentId) -> ComponentId,
        config: &Config,
    ) -> Self {
        // A pipeline may begin or end with a connector.
        let end = |class: Class, id: &ComponentId| {
            let connector = rename(Class::Connector, id);
            let known = config.defines(Class::Connector, id)
                || config.defines(Class::Connector, &connector);
            if known { connector } else { rename(class, id) }
        };
        let pipelines = self.pipelines.iter().map(|(id, pipeline)| {
            let each = |ids: &[ComponentId], class| ids.iter().map(|id| end(class, id)).collect();
            let renamed = Pipeline {
                receivers: each(&pipeline.receivers, Class::Receiver),
                processors: each(&pipeline.processors, Class::Processor),
                exporters: each(&pipeline.exporters, Class::Exporter),
            };
            (id.clone(), renamed)
        });
        let extensions = self.extensions.iter();
        Self {
            extensions: extensions.map(|id| rename(Class::Extension, id)).collect(),
            telemetry: self.telemetry.clone(),
            pipelines: pipelines.collect(),
        }
    }
}

/// Reads a document as the program does: `y`, `no` and `off` are texts.
pub(crate) fn from_yaml_1_2<T: serde::de::DeserializeOwned>(
    text: &str,
) -> Result<T, serde_saphyr::Error> {
    serde_saphyr::from_str_with_options(text, serde_saphyr::options! { strict_booleans: true })
}
