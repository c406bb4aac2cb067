//! Which columns does a kind have?

mod cells;
mod core;
mod custom;
mod policies;
mod time;
mod workloads;

use serde_json::Value;

use crate::registry::Resource;
use time::age_of;

/// Makes one cell of an object.
type Cell = Box<dyn Fn(&Value) -> Value>;

/// One column of a table.
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) format: String,
    pub(super) description: String,
    /// Columns above zero are shown only when asked for.
    pub(super) priority: i64,
    pub(super) cell: Cell,
}

impl Column {
    fn new(name: &str, kind: &str, cell: impl Fn(&Value) -> Value + 'static) -> Self {
        Self {
            name: name.to_owned(),
            kind: kind.to_owned(),
            format: String::new(),
            description: String::new(),
            priority: 0,
            cell: Box::new(cell),
        }
    }

    /// Shown only when asked for.
    fn wide(mut self) -> Self {
        self.priority = 1;
        self
    }
}

/// A column of texts.
fn text(name: &str, cell: impl Fn(&Value) -> Value + 'static) -> Column {
    Column::new(name, "string", cell)
}

/// A column of whole numbers.
fn integer(name: &str, cell: impl Fn(&Value) -> Value + 'static) -> Column {
    Column::new(name, "integer", cell)
}

/// The column that every kind has first.
fn name() -> Column {
    let mut name = text("Name", |object| object["metadata"]["name"].clone());
    "name".clone_into(&mut name.format);
    name
}

/// How old an object is.
fn age() -> Column {
    text("Age", age_of)
}

/// The columns of a kind, in their order.
pub(super) fn of(resource: &Resource) -> Vec<Column> {
    if let Some(version) = resource.custom() {
        return custom::columns(&version.columns);
    }
    workloads::columns(&resource.kind)
        .or_else(|| core::columns(&resource.kind))
        .or_else(|| policies::columns(&resource.kind))
        .unwrap_or_else(|| vec![name(), age()])
}
