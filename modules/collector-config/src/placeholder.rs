//! Which variables of the environment does a configuration ask for?

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{Config, component::Class};

impl Config {
    /// The names of all variables that are asked for as `${env:NAME}` or `${NAME}`.
    pub fn variables(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for class in Class::ALL {
            for (_, settings) in self.section(class) {
                found.extend(variables(settings));
            }
        }
        let telemetry = serde_json::to_value(&self.service.telemetry).unwrap_or_default();
        found.extend(variables(&telemetry));
        found
    }
}

/// The names that are asked for in settings as `${env:NAME}` or `${NAME}`.
pub(crate) fn variables(settings: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    texts(settings, &mut |text| found.extend(asked(text)));
    found
}

/// The names that are written as `$NAME`, which was once replaced and no longer is.
pub(crate) fn bare(settings: &Value) -> Vec<String> {
    let mut found = Vec::new();
    texts(settings, &mut |text| {
        for rest in dollars(text) {
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
            let name = &rest[..end.unwrap_or(rest.len())];
            // A regular expression ends with `$`, and replaces with `$1`.
            if name.len() > 1 && name.chars().all(|c| !c.is_ascii_lowercase()) {
                found.push(name.to_owned());
            }
        }
    });
    found
}

/// What stands after each `$` that is not written twice.
fn dollars(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let at = rest.find('$')?;
            rest = &rest[at + 1..];
            match rest.strip_prefix('$') {
                Some(after) => rest = after,
                None => return Some(rest),
            }
        }
    })
}

fn asked(text: &str) -> Vec<String> {
    let name = |rest: &str| {
        let inner = rest.strip_prefix('{')?.split_once('}')?.0;
        let inner = inner.strip_prefix("env:").unwrap_or(inner);
        let name = inner.split_once(":-").map_or(inner, |(name, _)| name);
        // Another scheme, such as `file:`, is no variable.
        (!name.contains(':')).then(|| name.to_owned())
    };
    dollars(text).filter_map(name).collect()
}

fn texts(value: &Value, visit: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => visit(text),
        Value::Array(items) => items.iter().for_each(|item| texts(item, visit)),
        Value::Object(fields) => fields.values().for_each(|field| texts(field, visit)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_found_and_doubled_dollars_are_not() {
        for (text, names) in [
            ("${env:POD_IP}:4317", vec!["POD_IP"]),
            ("${A}/${env:B:-none}", vec!["A", "B"]),
            ("$${env:A}", vec![]),
            ("${file:/etc/x}", vec![]),
            ("^/dev($|/)", vec![]),
            ("${env:", vec![]),
        ] {
            assert_eq!(asked(text), names, "{text}");
        }
    }

    #[test]
    fn a_bare_name_is_found() {
        assert_eq!(
            bare(&serde_json::json!(["$POD_IP:1", "$$X_Y", "a$", "$1"])),
            ["POD_IP"]
        );
    }
}
