//! How are people told what is wrong? On stderr, in colours only where there is a terminal.

use std::{
    io::{IsTerminal as _, Write as _, stderr},
    process::ExitCode,
};

use crate::config::{Loaded, Note, Problems};

/// Tells people.
pub(crate) struct Report {
    colored: bool,
}

impl Default for Report {
    fn default() -> Self {
        // Set to nothing it says nothing.
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|said| !said.is_empty());
        let colored = stderr().is_terminal() && !unwanted;
        Self { colored }
    }
}

impl Report {
    /// Whether there are colours.
    pub(crate) fn colored(&self) -> bool {
        self.colored
    }

    fn line(&self, code: u8, word: &str, text: &str) {
        let mut out = stderr().lock();
        // There is nobody to tell that stderr is gone.
        let _ = if self.colored {
            writeln!(out, "\u{1b}[{code}m{word}\u{1b}[0m: {text}")
        } else {
            writeln!(out, "{word}: {text}")
        };
    }

    /// Something failed.
    pub(crate) fn error(&self, error: &dyn std::error::Error) {
        self.line(31, "error", &error_reporter::Report::new(error).to_string());
    }

    /// The arguments do not do.
    pub(crate) fn usage(&self, text: &str) -> ExitCode {
        self.line(31, "error", text);
        ExitCode::from(2)
    }

    /// Everything that is wrong, and how much that is.
    pub(crate) fn problems(&self, problems: &Problems) -> ExitCode {
        for problem in problems.iter() {
            self.line(31, "error", &problem.to_string());
        }
        let count = problems.iter().len();
        let what = if count == 1 { "problem" } else { "problems" };
        let _ = writeln!(stderr(), "the configuration cannot be run: {count} {what}");
        ExitCode::FAILURE
    }

    /// What one should know.
    pub(crate) fn notes(&self, notes: &[Note]) {
        for note in notes {
            self.line(33, "note", &note.to_string());
        }
    }

    /// Nothing is wrong.
    pub(crate) fn valid(loaded: &Loaded) -> ExitCode {
        let count = loaded.settings.pipelines.len();
        let what = if count == 1 { "pipeline" } else { "pipelines" };
        let _ = writeln!(stderr(), "the configuration is valid: {count} {what}");
        ExitCode::SUCCESS
    }
}
