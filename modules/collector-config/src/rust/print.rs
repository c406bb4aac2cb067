//! How is a value written in Rust?

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    code::Code,
    schema::{Declared, Fields, Rest, Shape, Variant, find},
    tree::Tree,
};

/// Writes values, and remembers what has to be imported for that.
pub(super) struct Printer {
    /// The variables that hold ids.
    pub(super) variables: BTreeMap<String, String>,
    /// The modules of components that are named.
    pub(super) modules: BTreeSet<String>,
    /// The names of the crate that are used.
    pub(super) names: BTreeSet<String>,
}

/// Why a value cannot be written: its `Debug` is not that of its declaration.
pub(super) type Written = Option<Code>;

impl Printer {
    /// A value of a type, as a module names it.
    pub(super) fn value(&mut self, module: Option<&str>, kind: &str, tree: &Tree) -> Written {
        let (outer, inner) = match kind.split_once('<') {
            Some((outer, inner)) => (outer, inner.strip_suffix('>')?),
            None => (kind, ""),
        };
        let name = outer.rsplit("::").next().unwrap_or(outer);
        match (name, tree) {
            ("Option", Tree::Word(none)) if none == "None" => Some(Code::text("None")),
            ("Option", Tree::Tuple(_, some)) => {
                let inner = self.value(module, inner, some.first()?)?;
                Some(Code::call("Some", inner))
            }
            ("Vec", Tree::List(items)) => {
                let items = items.iter().map(|item| self.value(module, inner, item));
                Some(Code::List {
                    open: "vec![".to_owned(),
                    items: items.collect::<Option<_>>()?,
                    close: "]",
                })
            }
            ("Box", tree) => Some(Code::call("Box::new", self.value(module, inner, tree)?)),
            ("BTreeMap", Tree::Map(entries)) => self.map(module, inner, entries),
            ("String", Tree::Text(text)) => Some(Code::text(format!("{text}.to_owned()"))),
            ("Condition" | "Statement", Tree::Text(text)) => {
                Some(Code::text(format!("{text}.into()")))
            }
            ("Duration", Tree::Tuple(_, length)) => self.duration(length.first()?),
            ("ComponentId", Tree::Struct(_, fields)) => Some(self.id(fields)),
            ("PipelineId", Tree::Struct(_, fields)) => Some(parsed(&id_text(fields, "signal"))),
            ("Value", tree) => Some(self.json(&json(tree)?)),
            ("Number", Tree::Tuple(_, number)) => match number.first()? {
                Tree::Word(word) if word.parse::<i64>().is_ok() => {
                    Some(Code::text(format!("{word}.into()")))
                }
                // There is no number of JSON for some of those of Rust.
                Tree::Word(word) => Some(parsed(word)),
                _ => None,
            },
            ("Settings", Tree::Map(entries)) => self.settings(entries),
            (
                "bool" | "u8" | "u16" | "u32" | "u64" | "i32" | "i64" | "f32" | "f64" | "usize",
                Tree::Word(word),
            ) => Some(Code::text(word)),
            (name, tree) => self.declared(find(module, name)?, tree),
        }
    }

    /// A value of a declared type.
    pub(super) fn declared(&mut self, declared: &Declared, tree: &Tree) -> Written {
        let path = self.path(declared);
        let module = declared.module;
        match (&declared.shape, tree) {
            (Shape::Struct(types), Tree::Struct(_, fields)) => {
                let all = declared.rest == Rest::All;
                let mut items = self.fields(module, types, fields, all)?;
                if items.len() < fields.len() {
                    items.push(Code::text(format!("..{path}::default()")));
                }
                Some(literal(&path, items))
            }
            // A struct without fields.
            (Shape::Struct(_), Tree::Word(_) | Tree::Tuple(..)) => {
                Some(Code::text(format!("{path} {{}}")))
            }
            (Shape::Enum(variants), tree) => self.variant(module, &path, variants, tree),
            _ => None,
        }
    }

    fn variant(
        &mut self,
        module: Option<&str>,
        path: &str,
        variants: &BTreeMap<String, Variant>,
        tree: &Tree,
    ) -> Written {
        let (Tree::Word(name) | Tree::Tuple(name, _) | Tree::Struct(name, _)) = tree else {
            return None;
        };
        let path = format!("{path}::{name}");
        match (variants.get(name)?, tree) {
            (Variant::Unit, Tree::Word(_)) => Some(Code::text(path)),
            (Variant::Tuple(types), Tree::Tuple(_, values)) => {
                let values = types.iter().zip(values);
                let items = values.map(|(kind, value)| self.value(module, kind, value));
                Some(Code::List {
                    open: format!("{path}("),
                    items: items.collect::<Option<_>>()?,
                    close: ")",
                })
            }
            (Variant::Fields(types), Tree::Struct(_, fields)) => {
                Some(literal(&path, self.fields(module, types, fields, true)?))
            }
            _ => None,
        }
    }

    /// The fields that have to be written.
    fn fields(
        &mut self,
        module: Option<&str>,
        types: &Fields,
        fields: &[(String, Tree)],
        all: bool,
    ) -> Option<Vec<Code>> {
        let mut items = Vec::new();
        for (name, value) in fields {
            let kind = types.get(name)?;
            if all || !is_nothing(value) && !is_default(module, kind, value) {
                let value = self.value(module, kind, value)?;
                items.push(Code::Field(name.clone(), Box::new(value)));
            }
        }
        Some(items)
    }

    fn path(&mut self, declared: &Declared) -> String {
        let Some(module) = declared.module else {
            self.names.insert(declared.name.clone());
            return declared.name.clone();
        };
        self.modules.insert(module.to_owned());
        format!("{module}::{}", declared.name)
    }

    fn map(&mut self, module: Option<&str>, kinds: &str, entries: &[(Tree, Tree)]) -> Written {
        let (key, value) = kinds.split_once(',')?;
        self.names.insert("BTreeMap".to_owned());
        let entries = entries.iter().map(|(k, v)| {
            Some(Code::List {
                open: "(".to_owned(),
                items: vec![self.value(module, key, k)?, self.value(module, value, v)?],
                close: ")",
            })
        });
        let list = Code::List {
            open: "[".to_owned(),
            items: entries.collect::<Option<_>>()?,
            close: "]",
        };
        Some(Code::call("BTreeMap::from", list))
    }

    fn settings(&mut self, entries: &[(Tree, Tree)]) -> Written {
        self.names.insert("settings".to_owned());
        let object = json(&Tree::Map(entries.to_vec()))?;
        Some(Code::call("settings", self.json(&object)))
    }

    pub(super) fn json(&mut self, value: &Value) -> Code {
        let code = super::json::code(value);
        if matches!(code, Code::Lines(_)) {
            self.names.insert("json".to_owned());
        }
        code
    }

    /// `10s`, `1.5s`, `200ms`, as the standard library says lengths of time.
    fn duration(&mut self, length: &Tree) -> Written {
        let Tree::Word(word) = length else {
            return None;
        };
        self.names.insert("Duration".to_owned());
        let digits = word.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, unit) = word.split_at(digits);
        let whole: Option<u64> = number.parse().ok();
        Some(match (whole, unit) {
            (Some(0), _) => Code::text("Duration::ZERO"),
            (Some(n), "s") if n % 3600 == 0 => Code::text(format!("Duration::hours({})", n / 3600)),
            (Some(n), "s") if n % 60 == 0 => Code::text(format!("Duration::minutes({})", n / 60)),
            (Some(n), "s") => Code::text(format!("Duration::seconds({n})")),
            (Some(n), "ms") => Code::text(format!("Duration::millis({n})")),
            _ => parsed(word),
        })
    }

    fn id(&self, fields: &[(String, Tree)]) -> Code {
        let id = id_text(fields, "kind");
        match self.variables.get(&id) {
            Some(variable) => Code::text(format!("{variable}.clone()")),
            None => parsed(&id),
        }
    }
}

fn parsed(text: &str) -> Code {
    Code::text(format!("{text:?}.parse()?"))
}

fn literal(path: &str, items: Vec<Code>) -> Code {
    if items.is_empty() {
        return Code::text(format!("{path} {{}}"));
    }
    if let [Code::Text(rest)] = items.as_slice()
        && let Some(default) = rest.strip_prefix("..")
    {
        return Code::text(default);
    }
    Code::List {
        open: format!("{path} {{ "),
        items,
        close: " }",
    }
}

/// The text of an id from its fields.
fn id_text(fields: &[(String, Tree)], kind: &str) -> String {
    let get = |name: &str| {
        fields
            .iter()
            .find(|(field, _)| field == name)
            .map(|(_, tree)| tree)
    };
    let kind = match get(kind) {
        Some(Tree::Text(text)) => unquoted(text),
        Some(Tree::Word(signal)) => signal.to_lowercase(),
        _ => String::new(),
    };
    match get("name") {
        Some(Tree::Tuple(_, name)) => match name.first() {
            Some(Tree::Text(name)) => format!("{kind}/{}", unquoted(name)),
            _ => kind,
        },
        _ => kind,
    }
}

/// Whether a value is what a derived default has.
fn is_nothing(tree: &Tree) -> bool {
    match tree {
        Tree::Word(word) => matches!(word.as_str(), "None" | "false" | "0" | "0.0" | "Null"),
        Tree::Text(text) => text == "\"\"",
        Tree::List(items) => items.is_empty(),
        Tree::Map(entries) => entries.is_empty(),
        Tree::Tuple(name, values) => {
            name == "Duration"
                && values
                    .iter()
                    .all(|v| matches!(v, Tree::Word(w) if w == "0ns"))
        }
        Tree::Struct(..) => false,
    }
}

/// Whether a value consists of nothing but defaults.
fn is_default(module: Option<&str>, kind: &str, tree: &Tree) -> bool {
    let name = kind.rsplit("::").next().unwrap_or(kind);
    match (find(module, name), tree) {
        (
            Some(Declared {
                module,
                rest: Rest::Nothing,
                shape: Shape::Struct(types),
                ..
            }),
            Tree::Struct(_, fields),
        ) => fields.iter().all(|(name, value)| {
            let kind = types.get(name).map_or("", String::as_str);
            is_nothing(value) || is_default(*module, kind, value)
        }),
        _ => false,
    }
}

/// The JSON value that said this of itself.
fn json(tree: &Tree) -> Option<Value> {
    Some(match tree {
        Tree::Word(word) if word == "Null" => Value::Null,
        Tree::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| match key {
                Tree::Text(key) => Some((unquoted(key), json(value)?)),
                _ => None,
            });
            Value::Object(entries.collect::<Option<_>>()?)
        }
        Tree::Tuple(name, values) => match (name.as_str(), values.as_slice()) {
            ("String", [Tree::Text(text)]) => Value::String(unquoted(text)),
            ("Bool" | "Number", [Tree::Word(word)]) => serde_json::from_str(word).ok()?,
            ("Object", [map]) => json(map)?,
            ("Array", items) => Value::Array(items.iter().map(json).collect::<Option<_>>()?),
            _ => return None,
        },
        _ => return None,
    })
}

/// A text without its quotes and escapes.
fn unquoted(text: &str) -> String {
    let inner = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    let mut out = String::new();
    let mut letters = inner.unwrap_or(text).chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            out.push(letter);
            continue;
        }
        match letters.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('0') => out.push('\0'),
            Some('u') => {
                let code: String = letters.by_ref().skip(1).take_while(|c| *c != '}').collect();
                let letter = u32::from_str_radix(&code, 16).ok().and_then(char::from_u32);
                out.extend(letter);
            }
            Some(other) => out.push(other),
            None => {}
        }
    }
    out
}
