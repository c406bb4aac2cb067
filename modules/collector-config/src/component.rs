//! What every component type says about itself.

use std::fmt;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::lenient::{self, Read};
use crate::{ComponentId, ComponentType, Need, Version, catalogue};

/// The five roles that a component can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Brings data in.
    Receiver,
    /// Changes it on its way.
    Processor,
    /// Takes it out.
    Exporter,
    /// Ends one pipeline and begins another.
    Connector,
    /// Works beside the pipelines.
    Extension,
}

/// Reads the settings of one component type and says what a check needs to know of them.
pub type ReadSettings = fn(&Value) -> Result<Details, serde_json::Error>;

/// Reads the settings of one component type and says what they are as a value of it.
pub(crate) type DescribeSettings = fn(&Value) -> Result<Described, serde_json::Error>;

/// Settings of a component type.
pub trait Component: Serialize + DeserializeOwned + fmt::Debug {
    /// The type they belong to.
    const TYPE: &'static ComponentType;

    /// The extensions that they name; those have to be enabled.
    fn extensions(&self) -> Vec<ComponentId> {
        Vec::new()
    }

    /// What the program would refuse although every field is legal by itself.
    fn mistakes(&self) -> Vec<String> {
        Vec::new()
    }

    /// What it asks of its surroundings, beside the variables that stand in its settings.
    fn needs(&self) -> Vec<Need> {
        Vec::new()
    }
}

/// What a check needs to know of a component's settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// The extensions that they name.
    pub extensions: Vec<ComponentId>,
    /// What the program would refuse.
    pub mistakes: Vec<String>,
    /// What they ask of their surroundings.
    pub needs: Vec<Need>,
}

impl Class {
    /// Every class, in the order of the sections of a configuration.
    pub const ALL: [Self; 5] = [
        Self::Receiver,
        Self::Processor,
        Self::Exporter,
        Self::Connector,
        Self::Extension,
    ];

    /// The section that defines components of this class.
    pub const fn section(self) -> &'static str {
        match self {
            Self::Receiver => "receivers",
            Self::Processor => "processors",
            Self::Exporter => "exporters",
            Self::Connector => "connectors",
            Self::Extension => "extensions",
        }
    }

    /// The component type with this name of today or of old.
    pub fn find(self, name: &str) -> Option<&'static ComponentType> {
        catalogue::all().find(|found| {
            found.class == self
                && (found.name == name || found.renamed.is_some_and(|(old, _)| old == name))
        })
    }

    /// The names of its types.
    pub(crate) fn names(self) -> impl Iterator<Item = &'static str> {
        let all = catalogue::all().filter(move |found| found.class == self);
        all.map(|found| found.name)
    }

    /// How a version spells a component type; a type that is not known is left as it is.
    pub fn spelling(self, name: &str, version: Version) -> &str {
        match self.find(name) {
            Some(ComponentType {
                renamed: Some((old, since)),
                ..
            }) if version < *since => old,
            Some(found) => found.name,
            None => name,
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Receiver => "receiver",
            Self::Processor => "processor",
            Self::Exporter => "exporter",
            Self::Connector => "connector",
            Self::Extension => "extension",
        })
    }
}

/// Reads the settings of `C` and says what a check needs to know of them.
pub(crate) fn details<C: Component>(settings: &Value) -> Result<Details, serde_json::Error> {
    let Read { component, open } = lenient::read_open::<C>(settings)?;
    Ok(Details {
        extensions: component.extensions(),
        // What is only known when the program runs may well be right.
        mistakes: if open {
            Vec::new()
        } else {
            component.mistakes()
        },
        needs: component.needs(),
    })
}

/// Settings as a value of their type.
pub(crate) struct Described {
    /// The path of the type.
    pub(crate) type_name: &'static str,
    /// What the value says of itself.
    pub(crate) debug: String,
    /// How the type writes it.
    pub(crate) settings: Value,
}

/// Reads the settings of `C` and says what they are as a value of it.
pub(crate) fn described<C: Component>(settings: &Value) -> Result<Described, serde_json::Error> {
    let component: C = lenient::read(settings)?;
    Ok(Described {
        type_name: std::any::type_name::<C>(),
        debug: format!("{component:?}"),
        settings: serde_json::to_value(&component)?,
    })
}
