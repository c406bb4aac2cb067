//! A configuration as a program that makes it.

mod code;
mod identifier;
mod imports;
mod json;
mod print;
mod schema;
mod tree;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use serde_json::Value;

pub use self::identifier::identifier;
use self::{code::Code, print::Printer};
use crate::{ComponentId, Config, Pipeline, PipelineId, Telemetry, component::Class};

/// A configuration in Rust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The text.
    pub text: String,
    /// The components whose settings are written as JSON, each with the reason.
    pub untyped: Vec<(String, String)>,
}

/// A program under way.
struct Writer<'a> {
    config: &'a Config,
    printer: Printer,
    taken: BTreeSet<String>,
    body: String,
    untyped: Vec<(String, String)>,
}

impl Config {
    /// The function `name` that makes this configuration, with all that it has to import.
    ///
    /// What is not of a described type, or not in its form, is written as JSON.
    pub fn to_rust(&self, name: &str) -> Program {
        let mut writer = Writer {
            config: self,
            printer: Printer {
                variables: BTreeMap::new(),
                modules: BTreeSet::new(),
                names: BTreeSet::new(),
            },
            taken: ["config".to_owned()].into(),
            body: String::new(),
            untyped: Vec::new(),
        };
        writer.components();
        writer.telemetry();
        for (id, pipeline) in &self.service.pipelines {
            writer.pipeline(id, pipeline);
        }
        writer.finish(name)
    }

    /// The same with the settings of each described type as that type writes them. Two configurations that mean the
    /// same are equal then, however they were written.
    #[must_use]
    pub fn normal(&self) -> Self {
        let mut normal = self.clone();
        for class in Class::ALL {
            for (id, settings) in normal.section_mut(class) {
                let describe = class.find(id.kind()).and_then(|kind| kind.describe);
                if let Some(Ok(described)) = describe.map(|describe| describe(settings)) {
                    *settings = described.settings;
                }
            }
        }
        normal
    }
}

impl Writer<'_> {
    fn line(&mut self, code: &str) {
        // Writing to a text does not fail.
        let _ = writeln!(self.body, "    {code}");
    }

    /// Extensions first, in the order in which they start: settings of others name them.
    fn components(&mut self) {
        let config = self.config;
        let enabled = config.service.extensions.iter();
        let enabled: Vec<_> = enabled
            .filter(|id| config.defines(Class::Extension, id))
            .collect();
        for id in &enabled {
            self.component(Class::Extension, id);
        }
        for class in [
            Class::Receiver,
            Class::Processor,
            Class::Exporter,
            Class::Connector,
            Class::Extension,
        ] {
            for (id, _) in config.section(class) {
                if class != Class::Extension || !enabled.contains(&id) {
                    self.component(class, id);
                }
            }
        }
        self.enabled(&enabled);
    }

    /// Says which extensions are enabled, where adding them has not said it.
    fn enabled(&mut self, added: &[&ComponentId]) {
        let wanted = &self.config.service.extensions;
        let defined = self.config.section(Class::Extension).count();
        if defined == added.len() && wanted.len() == added.len() {
            return;
        }
        let list = self.ids(Class::Extension, wanted);
        let code = assignment("config.service.extensions", &list);
        self.line(&code);
    }

    fn component(&mut self, class: Class, id: &ComponentId) {
        let Some((_, settings)) = self.config.section(class).find(|(known, _)| *known == id) else {
            return;
        };
        let code = match self.typed(class, id, settings) {
            Ok(code) => added(id, code),
            Err(reason) => {
                let place = format!("{}.{id}", class.section());
                self.untyped.push((place, reason.clone()));
                // What was read may have line ends, and none of it may become code.
                for part in format!("Not typed: {reason}.").split(['\n', '\r']) {
                    self.line(&format!("// {part}"));
                }
                self.printer.names.insert("Class".to_owned());
                let json = self.printer.json(settings);
                Code::List {
                    open: "config.define(".to_owned(),
                    items: vec![
                        Code::text(format!("Class::{class:?}")),
                        Code::text(format!("{:?}.parse()?", id.to_string())),
                        json,
                    ],
                    close: ")",
                }
            }
        };
        let text = code.render(4, 4);
        if self.is_named(class, id) {
            let variable = self.variable(class, id);
            let text = code.render(4, 4 + "let  = ".len() + variable.len());
            self.line(&format!("let {variable} = {text};"));
            self.printer
                .variables
                .insert(key(class, id), variable.clone());
            // Settings name extensions, and nothing else.
            if class == Class::Extension {
                self.printer.variables.insert(id.to_string(), variable);
            }
        } else {
            self.line(&format!("{text};"));
        }
    }

    /// Whether something refers to a component by its id.
    fn is_named(&self, class: Class, id: &ComponentId) -> bool {
        let in_pipelines = || {
            let mut pipelines = self.config.service.pipelines.values();
            pipelines.any(|pipeline| {
                let mut lists = pipeline.lists().into_iter();
                lists.any(|(list, ids)| ids.contains(id) && self.config.role(list, id) == class)
            })
        };
        match class {
            Class::Extension => {
                let details = Class::ALL.into_iter().flat_map(|class| {
                    let section = self.config.section(class);
                    section.filter_map(move |(id, settings)| {
                        let read = class.find(id.kind())?.read?;
                        read(settings).ok()
                    })
                });
                details
                    .flat_map(|details| details.extensions)
                    .any(|named| named == *id)
            }
            _ => in_pipelines(),
        }
    }

    /// The settings as a value of their type, or why there is none.
    fn typed(&mut self, class: Class, id: &ComponentId, settings: &Value) -> Result<Code, String> {
        let known = class.find(id.kind());
        let kind = known.ok_or_else(|| format!("there is no {class} `{}`", id.kind()))?;
        let describe = kind.describe.ok_or_else(|| {
            format!(
                "the settings of the {class} `{}` are not described",
                kind.name
            )
        })?;
        let described = describe(settings).map_err(|error| error.to_string())?;
        let mut path = described.type_name.rsplit("::");
        let (name, module) = (path.next().unwrap_or_default(), path.next());
        let write = || {
            let tree = tree::read(&described.debug)?;
            self.printer.declared(schema::find(module, name)?, &tree)
        };
        let written = { write }();
        written.ok_or_else(|| format!("a `{name}` cannot be written in Rust"))
    }

    /// A name for a component: its type and its own, in letters that Rust takes.
    fn variable(&mut self, class: Class, id: &ComponentId) -> String {
        let name = identifier(&id.to_string());
        let by_class = format!("{name}_{class}");
        let names = [name, by_class.clone()].into_iter();
        let more = (2..).map(|n| format!("{by_class}_{n}"));
        let free = names.chain(more).find(|name| !self.taken.contains(name));
        let free = free.unwrap_or_default();
        self.taken.insert(free.clone());
        free
    }

    fn telemetry(&mut self) {
        let telemetry = &self.config.service.telemetry;
        if *telemetry == Telemetry::default() {
            return;
        }
        let tree = tree::read(&format!("{telemetry:?}"));
        let declared = schema::find(None, "Telemetry");
        let code = tree
            .zip(declared)
            .and_then(|(tree, declared)| self.printer.declared(declared, &tree));
        if let Some(code) = code {
            let code = assignment("config.service.telemetry", &code);
            self.line(&code);
        }
    }

    fn pipeline(&mut self, id: &PipelineId, pipeline: &Pipeline) {
        self.printer
            .names
            .extend(["Pipeline", "PipelineId"].map(str::to_owned));
        let lists = pipeline
            .lists()
            .map(|(class, ids)| (class, self.ids(class, ids)));
        let mut fields = Vec::new();
        for (class, list) in lists {
            if list != Code::text("vec![]") {
                fields.push(Code::Field(class.section().to_owned(), Box::new(list)));
            }
        }
        if fields.len() < 3 {
            fields.push(Code::text("..Pipeline::default()"));
        }
        let value = Code::List {
            open: "Pipeline { ".to_owned(),
            items: fields,
            close: " }",
        };
        let key = match id.name() {
            None => {
                self.printer.names.insert("Signal".to_owned());
                Code::text(format!("PipelineId::of(Signal::{:?})", id.signal))
            }
            Some(_) => Code::text(format!("{:?}.parse()?", id.to_string())),
        };
        let call = Code::List {
            open: "config.pipeline(".to_owned(),
            items: vec![key, value],
            close: ")",
        };
        let text = call.render(4, 4);
        self.line(&format!("{text};"));
    }

    fn ids(&mut self, class: Class, ids: &[ComponentId]) -> Code {
        let each = |id: &ComponentId| {
            let role = self.config.role(class, id);
            match self.printer.variables.get(&key(role, id)) {
                Some(variable) => Code::text(format!("{variable}.clone()")),
                None => Code::text(format!("{:?}.parse()?", id.to_string())),
            }
        };
        let items: Vec<Code> = ids.iter().map(each).collect();
        if items.is_empty() {
            return Code::text("vec![]");
        }
        Code::List {
            open: "vec![".to_owned(),
            items,
            close: "]",
        }
    }

    fn finish(self, name: &str) -> Program {
        let mut text = imports::of(self.printer);
        // Writing to a text does not fail.
        let _ = write!(
            text,
            "/// Makes the configuration.\n\
             pub fn {name}() -> Result<Config, Box<dyn std::error::Error>> {{\n    \
             let mut config = Config::default();\n{}    Ok(config)\n}}\n",
            self.body
        );
        Program {
            text,
            untyped: self.untyped,
        }
    }
}

/// The call that adds a component.
fn added(id: &ComponentId, settings: Code) -> Code {
    let settings = reference(settings);
    match id.name() {
        None => Code::call("config.add", settings),
        Some(name) => Code::List {
            open: "config.add_named(".to_owned(),
            items: vec![Code::text(format!("{name:?}")), settings],
            close: ")?",
        },
    }
}

/// Two classes may have components of one id.
fn key(class: Class, id: &ComponentId) -> String {
    format!("{}.{id}", class.section())
}

fn assignment(to: &str, value: &Code) -> String {
    let text = value.render(4, 4 + to.len() + 3);
    format!("{to} = {text};")
}

/// `&` before a value.
fn reference(code: Code) -> Code {
    match code {
        Code::Text(text) => Code::Text(format!("&{text}")),
        Code::List { open, items, close } => Code::List {
            open: format!("&{open}"),
            items,
            close,
        },
        other => other,
    }
}

#[cfg(test)]
mod tests;
