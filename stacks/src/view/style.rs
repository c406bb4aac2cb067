//! Which words are coloured? Colour never carries meaning alone.

use anstyle::{AnsiColor, Style as Ansi};
use provider::plan::Action;

/// Whether a stream is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// With ANSI colours.
    Coloured,
    /// Without any.
    Plain,
}

impl Style {
    /// Text in a colour.
    pub(crate) fn paint(self, ansi: Ansi, text: &str) -> String {
        match self {
            Style::Coloured => format!("{ansi}{text}{ansi:#}"),
            Style::Plain => text.to_owned(),
        }
    }

    /// Something good.
    pub(crate) fn good(self, text: &str) -> String {
        self.paint(AnsiColor::Green.on_default(), text)
    }

    /// Something to look at.
    pub(crate) fn warn(self, text: &str) -> String {
        self.paint(AnsiColor::Yellow.on_default(), text)
    }

    /// Something bad.
    pub(crate) fn bad(self, text: &str) -> String {
        self.paint(AnsiColor::Red.on_default().bold(), text)
    }

    /// Something that may be passed over.
    pub(crate) fn faint(self, text: &str) -> String {
        self.paint(Ansi::new().dimmed(), text)
    }

    /// Something that the eye should find.
    pub(crate) fn strong(self, text: &str) -> String {
        self.paint(Ansi::new().bold(), text)
    }

    /// An action's symbol in its colour.
    pub(crate) fn symbol(self, action: Action) -> String {
        let symbol = action.symbol().to_string();
        match action {
            Action::Create => self.good(&symbol),
            Action::Update => self.warn(&symbol),
            Action::Replace | Action::Delete => self.bad(&symbol),
            Action::Keep => self.faint(&symbol),
        }
    }
}
