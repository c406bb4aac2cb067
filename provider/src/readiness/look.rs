//! How is an object read without a type for each kind?

use serde_json::Value;

/// An object as the API server shows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look<'a>(pub(crate) &'a Value);

/// One of its conditions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Condition<'a> {
    pub(crate) status: &'a str,
    pub(crate) reason: &'a str,
    pub(crate) message: &'a str,
}

impl<'a> Look<'a> {
    pub(crate) fn text(self, pointer: &str) -> &'a str {
        self.0
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    pub(crate) fn number(self, pointer: &str) -> Option<i64> {
        self.0.pointer(pointer).and_then(Value::as_i64)
    }

    /// A counter of the status: absent is zero.
    pub(crate) fn count(self, pointer: &str) -> i64 {
        self.number(pointer).unwrap_or(0)
    }

    pub(crate) fn is_true(self, pointer: &str) -> bool {
        self.0
            .pointer(pointer)
            .and_then(Value::as_bool)
            .unwrap_or(false)
    }

    pub(crate) fn array(self, pointer: &str) -> impl Iterator<Item = Look<'a>> + use<'a> {
        self.0
            .pointer(pointer)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(Look)
    }

    pub(crate) fn has(self, pointer: &str) -> bool {
        self.0
            .pointer(pointer)
            .is_some_and(|value| !value.is_null())
    }

    pub(crate) fn group(self) -> &'a str {
        self.text("/apiVersion")
            .split_once('/')
            .map_or("", |(group, _)| group)
    }

    pub(crate) fn name(self) -> &'a str {
        self.text("/metadata/name")
    }

    pub(crate) fn label(self, name: &str) -> &'a str {
        self.0
            .pointer("/metadata/labels")
            .and_then(|labels| labels.get(name))
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    pub(crate) fn annotation(self, name: &str) -> &'a str {
        let all = self.0.pointer("/metadata/annotations");
        all.and_then(|all| all.get(name))
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// Its controller's uid; empty where it has none.
    pub(crate) fn owner(self) -> &'a str {
        let mut owners = self.array("/metadata/ownerReferences");
        owners
            .find(|owner| owner.is_true("/controller"))
            .map_or("", |owner| owner.text("/uid"))
    }

    pub(crate) fn finalizers(self) -> Vec<&'a str> {
        self.array("/metadata/finalizers")
            .filter_map(|finalizer| finalizer.0.as_str())
            .collect()
    }

    pub(crate) fn condition(self, type_: &str) -> Option<Condition<'a>> {
        let condition = self
            .array("/status/conditions")
            .find(|condition| condition.text("/type") == type_)?;
        Some(Condition {
            status: condition.text("/status"),
            reason: condition.text("/reason"),
            message: condition.text("/message"),
        })
    }
}

impl Condition<'_> {
    pub(crate) fn is_true(&self) -> bool {
        self.status == "True"
    }

    /// The message, or where there is none the reason.
    pub(crate) fn words(&self) -> String {
        match (self.reason, self.message) {
            (reason, "") => reason.to_owned(),
            ("", message) => message.to_owned(),
            (reason, message) => format!("{reason}: {message}"),
        }
    }
}
