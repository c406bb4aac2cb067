//! The processors that change attributes: of resources, and of spans, data points and log records.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Settings;
use crate::component::{Class, Component};
use crate::{ComponentType, Distribution, Signal, Stability};

settings! {
    /// Changes the attributes of resources.
    pub struct Resource {
        /// The changes, in this order.
        pub attributes: Vec<AttributeAction>,
    }

    /// Changes the attributes of spans, data points and log records.
    pub struct Attributes {
        /// The changes, in this order.
        pub actions: Vec<AttributeAction>,
        /// Whose: those that match this; all, where nothing is said.
        pub include: Settings,
        /// Not those that match this.
        pub exclude: Settings,
    }
}

/// One change of an attribute.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttributeAction {
    /// The attribute.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// What happens to it.
    pub action: Action,
    /// Its new value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// The attribute that the new value comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_attribute: Option<String>,
    /// The header of the request that the new value comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_context: Option<String>,
    /// The new value where there is none to be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_value: Option<Value>,
    /// Whose names match; or, to extract, what the names of its groups are values for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// What a value is turned into: `int`, `double` or `string`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub converted_type: Option<Converted>,
}

/// What can happen to an attribute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Set where it is missing.
    #[serde(alias = "INSERT")]
    Insert,
    /// Changed where it is there.
    #[serde(alias = "UPDATE")]
    Update,
    /// Set in any case.
    #[default]
    #[serde(alias = "UPSERT")]
    Upsert,
    /// Removed.
    #[serde(alias = "DELETE")]
    Delete,
    /// Replaced by a digest of itself.
    #[serde(alias = "HASH")]
    Hash,
    /// Taken apart by a pattern; each named group becomes an attribute.
    #[serde(alias = "EXTRACT")]
    Extract,
    /// Turned into another kind of value.
    #[serde(alias = "CONVERT")]
    Convert,
}

/// What a value is turned into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Converted {
    /// A whole number.
    Int,
    /// A number.
    Double,
    /// A text.
    String,
}

impl AttributeAction {
    /// Sets an attribute where it is missing.
    pub fn insert(key: &str, value: impl Into<Value>) -> Self {
        Self::with_value(Action::Insert, key, value.into())
    }

    /// Sets an attribute in any case.
    pub fn upsert(key: &str, value: impl Into<Value>) -> Self {
        Self::with_value(Action::Upsert, key, value.into())
    }

    /// Removes an attribute.
    pub fn delete(key: &str) -> Self {
        Self {
            key: key.to_owned(),
            action: Action::Delete,
            ..Self::default()
        }
    }

    fn with_value(action: Action, key: &str, value: Value) -> Self {
        Self {
            key: key.to_owned(),
            action,
            value: Some(value),
            ..Self::default()
        }
    }

    fn mistake(&self) -> Option<String> {
        let said = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
        let sources = usize::from(self.value.is_some())
            + usize::from(said(&self.from_attribute))
            + usize::from(said(&self.from_context));
        let keyed = !self.key.is_empty();
        let matched = said(&self.pattern);
        let converted = self.converted_type.is_some();
        let wrong = match self.action {
            Action::Delete | Action::Hash if !keyed && !matched => {
                "a `key` or a `pattern` is needed"
            }
            Action::Delete | Action::Hash if sources > 0 || converted => "it takes no value",
            Action::Delete | Action::Hash => return None,
            _ if !keyed => "`key` is missing",
            Action::Insert | Action::Update | Action::Upsert => match sources {
                0 if self.default_value.is_none() => {
                    "one of `value`, `from_attribute`, `from_context` and `default_value` is needed"
                }
                0 | 1 if matched || converted => "it takes neither `pattern` nor `converted_type`",
                0 | 1 => return None,
                _ => "only one of `value`, `from_attribute` and `from_context` can be had",
            },
            Action::Extract if !matched => "`pattern` is missing",
            Action::Extract | Action::Convert if sources > 0 => "it takes no value",
            Action::Extract if converted => "it takes no `converted_type`",
            Action::Convert if matched || !converted => {
                "it takes `converted_type`, and no `pattern`"
            }
            Action::Extract | Action::Convert => return None,
        };
        Some(format!("attribute `{}`: {wrong}", self.key))
    }
}

fn mistakes(field: &str, actions: &[AttributeAction]) -> Vec<String> {
    let missing = actions.is_empty().then(|| format!("`{field}` are missing"));
    let wrong = actions.iter().filter_map(AttributeAction::mistake);
    wrong.chain(missing).collect()
}

impl Component for Resource {
    const TYPE: &'static ComponentType = &ComponentType::of::<Self>(Class::Processor, "resource")
        .in_gateway()
        .within(Distribution::CORE)
        .signals(&Signal::ALL)
        .ripe(Stability::Beta);

    fn mistakes(&self) -> Vec<String> {
        mistakes("attributes", &self.attributes)
    }
}

impl Component for Attributes {
    const TYPE: &'static ComponentType = &ComponentType::of::<Self>(Class::Processor, "attributes")
        .in_gateway()
        .within(Distribution::GENERAL)
        .signals(&Signal::ALL)
        .ripe(Stability::Beta);

    fn mistakes(&self) -> Vec<String> {
        mistakes("actions", &self.actions)
    }
}
