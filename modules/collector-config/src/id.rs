//! What a component is called inside a configuration: `type[/name]`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use crate::{
    Signal,
    component::{Class, Component},
};

/// A component's type and, where there are several of one type, its name: `otlp_http/loki`.
///
/// The type is the canonical one; [`Class::spelling`] gives the one that a collector version reads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ComponentId {
    kind: String,
    name: Option<String>,
}

/// A pipeline's signal and, where there are several of one signal, its name: `traces/sampled`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PipelineId {
    /// What flows through it.
    pub signal: Signal,
    name: Option<String>,
}

/// Why a text is no id.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum IdError {
    /// The part before the slash is no component type.
    #[error("`{0}` is not a component type: letters, digits and `_`, beginning with a letter")]
    Type(String),
    /// The part after the slash is empty, too long or has blanks or symbols in it.
    #[error("`{0}` is not a component name")]
    Name(String),
    /// A pipeline begins with no known signal.
    #[error("`{0}` is not a signal: traces, metrics or logs")]
    Signal(String),
}

impl ComponentId {
    /// The id of the only component of this type.
    pub fn of<C: Component>() -> Self {
        Self {
            kind: C::TYPE.name.to_owned(),
            name: None,
        }
    }

    /// The id of one of several components of this type.
    ///
    /// # Errors
    /// When the collector would not accept the name.
    pub fn named<C: Component>(name: &str) -> Result<Self, IdError> {
        Ok(Self {
            kind: C::TYPE.name.to_owned(),
            name: Some(checked_name(name)?),
        })
    }

    /// The component type.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The name after the slash.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The same component with the type as `class` calls it now.
    #[must_use]
    pub fn canonical(self, class: Class) -> Self {
        match class.find(&self.kind) {
            Some(found) => Self {
                kind: found.name.to_owned(),
                name: self.name,
            },
            None => self,
        }
    }

    /// The same component with the type as it is spelled for `version`.
    #[must_use]
    pub fn spelled(&self, class: Class, version: crate::Version) -> Self {
        Self {
            kind: class.spelling(&self.kind, version).to_owned(),
            name: self.name.clone(),
        }
    }
}

impl PipelineId {
    /// The only pipeline of a signal.
    pub const fn of(signal: Signal) -> Self {
        Self { signal, name: None }
    }

    /// The name after the slash.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// One of several pipelines of a signal.
    ///
    /// # Errors
    /// When the collector would not accept the name.
    pub fn named(signal: Signal, name: &str) -> Result<Self, IdError> {
        Ok(Self {
            signal,
            name: Some(checked_name(name)?),
        })
    }
}

fn checked_name(name: &str) -> Result<String, IdError> {
    let legal = |c: char| !c.is_whitespace() && !c.is_control() && !"$+<=>^`|~".contains(c);
    if name.is_empty() || name.len() > 1024 || !name.chars().all(legal) {
        return Err(IdError::Name(name.to_owned()));
    }
    Ok(name.to_owned())
}

fn checked_kind(kind: &str) -> Result<String, IdError> {
    let legal = kind.starts_with(|c: char| c.is_ascii_alphabetic())
        && kind.len() <= 63
        && kind.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if legal {
        Ok(kind.to_owned())
    } else {
        Err(IdError::Type(kind.to_owned()))
    }
}

/// The two halves of an id; collectors allow blanks around the slash.
fn halves(text: &str) -> Result<(&str, Option<String>), IdError> {
    match text.split_once('/') {
        None => Ok((text.trim(), None)),
        Some((kind, name)) => Ok((kind.trim(), Some(checked_name(name.trim())?))),
    }
}

impl FromStr for ComponentId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let (kind, name) = halves(text)?;
        Ok(Self {
            kind: checked_kind(kind)?,
            name,
        })
    }
}

impl FromStr for PipelineId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let (signal, name) = halves(text)?;
        let signal = signal
            .parse()
            .map_err(|()| IdError::Signal(signal.to_owned()))?;
        Ok(Self { signal, name })
    }
}

fn write_id(f: &mut fmt::Formatter<'_>, kind: &str, name: Option<&str>) -> fmt::Result {
    match name {
        Some(name) => write!(f, "{kind}/{name}"),
        None => f.write_str(kind),
    }
}

impl fmt::Display for ComponentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_id(f, &self.kind, self.name())
    }
}

impl fmt::Display for PipelineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_id(f, self.signal.as_str(), self.name.as_deref())
    }
}

impl Serialize for ComponentId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for PipelineId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ComponentId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for PipelineId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_type_and_perhaps_a_name() {
        for text in ["otlp", "otlp_http/loki", "k8s_attributes/a-b.c"] {
            assert_eq!(
                text.parse::<ComponentId>().map(|id| id.to_string()),
                Ok(text.to_owned())
            );
        }
        for (text, error) in [
            ("", IdError::Type(String::new())),
            ("9p", IdError::Type("9p".into())),
            ("otlp-http", IdError::Type("otlp-http".into())),
            ("otlp/", IdError::Name(String::new())),
            ("otlp/a b", IdError::Name("a b".into())),
        ] {
            assert_eq!(text.parse::<ComponentId>(), Err(error));
        }
    }

    #[test]
    fn a_pipeline_begins_with_its_signal() {
        assert_eq!(
            "logs/audit".parse::<PipelineId>().map(|id| id.signal),
            Ok(Signal::Logs)
        );
        assert_eq!(
            "spans".parse::<PipelineId>(),
            Err(IdError::Signal("spans".into()))
        );
    }
}
