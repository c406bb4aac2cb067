//! What does a printed program have to import?

use std::{collections::BTreeSet, fmt::Write};

use super::print::Printer;

/// What has to be imported.
pub(super) fn of(printer: Printer) -> String {
    let Printer {
        mut modules,
        mut names,
        ..
    } = printer;
    let mut text = String::new();
    if names.remove("BTreeMap") {
        text += "use std::collections::BTreeMap;\n\n";
    }
    if names.remove("settings") {
        modules.insert("settings".to_owned());
    }
    names.insert("Config".to_owned());
    text += &import("collector_config", &names);
    if !modules.is_empty() {
        text += &import("collector_config::components", &modules);
    }
    text + "\n"
}

/// One import of several names, with as many on a line as fit.
fn import(from: &str, names: &BTreeSet<String>) -> String {
    let list: Vec<&str> = names.iter().map(String::as_str).collect();
    let line = format!("use {from}::{{{}}};\n", list.join(", "));
    if line.len() <= 100 {
        return line;
    }
    let mut text = format!("use {from}::{{");
    let mut column = usize::MAX / 2;
    for name in list {
        if column + name.len() + 2 > 99 {
            text += "\n   ";
            column = 3;
        }
        column += name.len() + 2;
        // Writing to a text does not fail.
        let _ = write!(text, " {name},");
    }
    text + "\n};\n"
}
