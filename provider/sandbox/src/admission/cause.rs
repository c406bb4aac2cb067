//! What is wrong with an object, field by field.

use serde_json::Value;

use super::at::At;

/// Why one field was refused, in the words of the API's `causes[].reason`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    /// A field that must be set is missing.
    Required,
    /// A value breaks a rule.
    Invalid,
    /// A value is none of an enumeration.
    NotSupported,
    /// A field may not be set, or not be changed.
    Forbidden,
    /// A value appears twice where it must be unique.
    Duplicate,
    /// A text or a document is too long.
    TooLong,
    /// A list has too many entries.
    TooMany,
    /// A value names something that is not there.
    NotFound,
    /// A value has the wrong JSON type (custom resources only).
    TypeInvalid,
}

impl Reason {
    /// The API's spelling.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Required => "FieldValueRequired",
            Self::Invalid => "FieldValueInvalid",
            Self::NotSupported => "FieldValueNotSupported",
            Self::Forbidden => "FieldValueForbidden",
            Self::Duplicate => "FieldValueDuplicate",
            Self::TooLong => "FieldValueTooLong",
            Self::TooMany => "FieldValueTooMany",
            Self::NotFound => "FieldValueNotFound",
            Self::TypeInvalid => "FieldValueTypeInvalid",
        }
    }
}

/// One entry of a failure Status' `details.causes`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cause {
    /// Why.
    pub(crate) reason: Reason,
    /// Where, as the API spells paths: `spec.containers[0].name`.
    pub(crate) field: String,
    /// What to tell the user.
    pub(crate) message: String,
}

/// The causes found so far.
#[derive(Debug, Default)]
pub(crate) struct Causes(Vec<Cause>);

impl Causes {
    /// Everything that was found, in the order it was found.
    pub(crate) fn into_vec(self) -> Vec<Cause> {
        self.0
    }

    /// How many were found.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// A cause at a path that no value stands at.
    pub(crate) fn push(
        &mut self,
        reason: Reason,
        field: impl Into<String>,
        message: impl Into<String>,
    ) {
        self.0.push(Cause {
            reason,
            field: field.into(),
            message: message.into(),
        });
    }

    /// The field must be set.
    pub(crate) fn required(&mut self, at: &At<'_>, detail: &str) {
        let message = if detail.is_empty() {
            "Required value".to_owned()
        } else {
            format!("Required value: {detail}")
        };
        self.push(Reason::Required, at.path(), message);
    }

    /// The value breaks a rule.
    pub(crate) fn invalid(&mut self, at: &At<'_>, detail: &str) {
        self.invalid_as(at, at.value(), detail);
    }

    /// The value breaks a rule, and another value than the one at the path explains it better.
    pub(crate) fn invalid_as(&mut self, at: &At<'_>, shown: &Value, detail: &str) {
        self.push(
            Reason::Invalid,
            at.path(),
            format!("Invalid value: {shown}: {detail}"),
        );
    }

    /// The field may not be set, or not be changed.
    pub(crate) fn forbidden(&mut self, at: &At<'_>, detail: &str) {
        self.push(Reason::Forbidden, at.path(), format!("Forbidden: {detail}"));
    }

    /// The value is none of `supported`.
    pub(crate) fn unsupported(&mut self, at: &At<'_>, supported: &[&str]) {
        let listed: Vec<String> = supported.iter().map(|value| format!("{value:?}")).collect();
        let shown = if at.is_absent() {
            "\"\"".to_owned()
        } else {
            at.value().to_string()
        };
        let message = format!(
            "Unsupported value: {shown}: supported values: {}",
            listed.join(", ")
        );
        self.push(Reason::NotSupported, at.path(), message);
    }

    /// The value was there before.
    pub(crate) fn duplicate(&mut self, at: &At<'_>) {
        self.push(
            Reason::Duplicate,
            at.path(),
            format!("Duplicate value: {}", at.value()),
        );
    }

    /// The value names something that is not there.
    pub(crate) fn not_found(&mut self, at: &At<'_>) {
        self.push(
            Reason::NotFound,
            at.path(),
            format!("Not found: {}", at.value()),
        );
    }

    /// The value is longer than `most` bytes.
    pub(crate) fn too_long(&mut self, at: &At<'_>, most: usize) {
        self.push(
            Reason::TooLong,
            at.path(),
            format!("Too long: may not be more than {most} bytes"),
        );
    }

    /// The list has more than `most` entries.
    pub(crate) fn too_many(&mut self, at: &At<'_>, count: usize, most: usize) {
        self.push(
            Reason::TooMany,
            at.path(),
            format!("Too many: {count}: must have at most {most} items"),
        );
    }

    /// The value is not among `supported`; absent counts as the empty text.
    pub(crate) fn one_of(&mut self, at: &At<'_>, supported: &[&str]) {
        if !supported.contains(&at.text()) {
            self.unsupported(at, supported);
        }
    }

    /// The value is one of `supported`, and must be there.
    pub(crate) fn required_one_of(&mut self, at: &At<'_>, supported: &[&str]) {
        if at.is_empty() {
            self.required(at, "");
        } else {
            self.one_of(at, supported);
        }
    }

    /// The number must be at least zero; an absent one is zero.
    pub(crate) fn non_negative(&mut self, at: &At<'_>) {
        if at.int().is_some_and(|number| number < 0) {
            self.invalid(at, "must be greater than or equal to 0");
        }
    }

    /// The value must be what it was.
    pub(crate) fn immutable(&mut self, new: &At<'_>, old: &At<'_>) {
        if new.value() != old.value() {
            self.invalid(new, "field is immutable");
        }
    }
}
