//! How the API server's own types look: what each field holds, and when it is written out.
//!
//! The published schemas say nothing of pointers and omitted fields, yet they decide what an object looks like
//! after a round trip. The table beside this file was read off the Go types of Kubernetes 1.36: a type per
//! unindented line, below it a field per line with its type, its presence and its declared default.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;

static TYPES: LazyLock<BTreeMap<&'static str, Struct>> =
    LazyLock::new(|| parse(include_str!("types-1.36.txt")));

/// One type with fields.
pub(crate) type Struct = BTreeMap<&'static str, Field>;

/// A field of a type.
#[derive(Debug)]
pub(crate) struct Field {
    /// What it holds.
    pub(crate) holds: Type,
    /// When it is written out.
    pub(crate) presence: Presence,
    /// What stands there when nothing is sent.
    pub(crate) default: Option<Value>,
}

/// When a field is written out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// When it is not empty, false or zero.
    NotZero,
    /// Whenever it was set, to zero as well.
    Set,
    /// Always; what was not set is written as its zero.
    Always,
    /// Always; an empty list is written as null.
    OrNull,
}

/// What a place holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Type {
    Text,
    Int32,
    Int64,
    Float,
    Bool,
    Bytes,
    Time,
    MicroTime,
    Duration,
    Quantity,
    IntOrString,
    /// Any JSON, kept as it is.
    Raw,
    /// A JSON schema or a boolean.
    SchemaOrBool,
    /// A JSON schema or a list of them.
    SchemaOrList,
    /// A type of this table.
    Struct(&'static str),
    List(Box<Type>),
    Map(Box<Type>),
}

/// The fields of a type by its short name, `core.v1.Container`.
pub(crate) fn fields(name: &str) -> Option<&'static Struct> {
    TYPES.get(name)
}

/// The name of the type behind a kind, if the API server has it built in.
pub(crate) fn of_kind(api_version: &str, kind: &str) -> Option<&'static str> {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let group = if group.is_empty() {
        "core"
    } else {
        group.split('.').next().unwrap_or(group)
    };
    let name = format!("{group}.{version}.{kind}");
    // A custom group like `apps.example.com` must not be taken for `apps`.
    let known = !api_version.contains('/') || !group_is_foreign(api_version);
    TYPES
        .get_key_value(name.as_str())
        .filter(|_| known)
        .map(|(name, _)| *name)
}

fn group_is_foreign(api_version: &str) -> bool {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    group.contains('.') && !group.ends_with(".k8s.io")
}

fn parse(table: &'static str) -> BTreeMap<&'static str, Struct> {
    let mut types = BTreeMap::new();
    let mut name = "";
    for line in table.lines() {
        match line.strip_prefix(' ') {
            None => {
                name = line;
                types.insert(name, Struct::new());
            }
            Some(field) => {
                if let (Some((field, rest)), Some(owner)) =
                    (field.split_once(' '), types.get_mut(name))
                {
                    owner.insert(field, parse_field(rest));
                }
            }
        }
    }
    types
}

fn parse_field(line: &'static str) -> Field {
    let (line, default) = match line.split_once(" =") {
        Some((line, default)) => (line, serde_json::from_str(default).ok()),
        None => (line, None),
    };
    let (holds, presence) = line.split_once(' ').unwrap_or((line, ""));
    let presence = match presence {
        "p" => Presence::Set,
        "a" => Presence::Always,
        "n" => Presence::OrNull,
        _ => Presence::NotZero,
    };
    Field {
        holds: parse_type(holds),
        presence,
        default,
    }
}

fn parse_type(text: &'static str) -> Type {
    if let Some(items) = text.strip_prefix("[]") {
        return Type::List(Box::new(parse_type(items)));
    }
    if let Some(values) = text.strip_prefix("{}") {
        return Type::Map(Box::new(parse_type(values)));
    }
    if let Some(name) = text.strip_prefix('@') {
        return Type::Struct(name);
    }
    match text {
        "int32" => Type::Int32,
        "int64" => Type::Int64,
        "float" => Type::Float,
        "bool" => Type::Bool,
        "bytes" => Type::Bytes,
        "time" => Type::Time,
        "microtime" => Type::MicroTime,
        "duration" => Type::Duration,
        "quantity" => Type::Quantity,
        "intorstring" => Type::IntOrString,
        "schemaorbool" => Type::SchemaOrBool,
        "schemaorlist" => Type::SchemaOrList,
        "raw" => Type::Raw,
        _ => Type::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_that_is_referred_to_is_in_the_table() {
        fn check(holds: &Type) {
            match holds {
                Type::Struct(name) => assert!(fields(name).is_some(), "{name}"),
                Type::List(inner) | Type::Map(inner) => check(inner),
                _ => {}
            }
        }
        for field in TYPES.values().flat_map(BTreeMap::values) {
            check(&field.holds);
        }
    }

    #[test]
    fn a_kind_is_found_by_group_and_version() {
        let cases = [
            ("v1", "Pod", Some("core.v1.Pod")),
            ("apps/v1", "Deployment", Some("apps.v1.Deployment")),
            ("rbac.authorization.k8s.io/v1", "Role", Some("rbac.v1.Role")),
            ("apps.example.com/v1", "Deployment", None),
            ("example.com/v1", "Widget", None),
        ];
        for (api_version, kind, name) in cases {
            assert_eq!(of_kind(api_version, kind), name, "{api_version} {kind}");
        }
    }
}
