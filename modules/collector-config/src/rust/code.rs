//! How is a piece of Rust laid out on lines?

use std::fmt::Write;

/// A piece of Rust.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Code {
    /// What is written on one line.
    Text(String),
    /// `open item, item close`.
    List {
        open: String,
        items: Vec<Code>,
        close: &'static str,
    },
    /// `name: value`.
    Field(String, Box<Code>),
    /// What has its own lines, such as `json!`.
    Lines(Vec<String>),
}

/// No line is longer, where it can be helped.
const WIDTH: usize = 100;
/// How long lists and calls on one line may be, as rustfmt has it.
const LIST: usize = 60;
/// How long structs on one line may be.
const STRUCT: usize = 18;

impl Code {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A call or a variant with one argument.
    pub(super) fn call(name: &str, argument: Self) -> Self {
        Self::List {
            open: format!("{name}("),
            items: vec![argument],
            close: ")",
        }
    }

    /// The lines of it, the first to stand after `column` letters, the others after `indent`.
    pub(super) fn render(&self, indent: usize, column: usize) -> String {
        if let Some(line) = self.line().filter(|line| column + line.len() <= WIDTH) {
            return line;
        }
        let deeper = " ".repeat(indent + 4);
        match self {
            Self::Text(text) => text.clone(),
            Self::Field(name, value) => {
                format!("{name}: {}", value.render(indent, column + name.len() + 2))
            }
            Self::Lines(lines) => lines.join(&format!("\n{}", " ".repeat(indent))),
            Self::List { open, items, close } => {
                if let ([item @ (Self::List { .. } | Self::Lines(_))], true) =
                    (items.as_slice(), open.ends_with('('))
                {
                    let inner = item.render(indent, column + open.len());
                    return format!("{open}{inner}{close}");
                }
                let mut text = format!("{}\n", open.trim_end());
                for item in items {
                    let item = item.render(indent + 4, indent + 4);
                    let comma = if item.starts_with("..") { "" } else { "," };
                    // Writing to a text does not fail.
                    let _ = writeln!(text, "{deeper}{item}{comma}");
                }
                text + &" ".repeat(indent) + close.trim_start()
            }
        }
    }

    /// It on one line, if it may stand there.
    fn line(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Field(name, value) => Some(format!("{name}: {}", value.line()?)),
            Self::Lines(lines) => match lines.as_slice() {
                [line] => Some(line.clone()),
                _ => None,
            },
            Self::List { open, items, close } => {
                let items: Option<Vec<String>> = items.iter().map(Self::line).collect();
                let inner = items?.join(", ");
                let limit = if open.ends_with("{ ") { STRUCT } else { LIST };
                (inner.len() <= limit).then(|| format!("{open}{inner}{close}"))
            }
        }
    }
}
