//! What lies behind an error?

use std::error::Error;

/// What lies behind an error. Some libraries repeat their source at the end of their own words; once is enough.
pub(crate) fn causes_of(error: &(dyn Error + 'static)) -> Vec<String> {
    let mut causes: Vec<String> = Vec::new();
    let mut next = error.source();
    while let Some(error) = next {
        let cause = error.to_string();
        if !causes.last().is_some_and(|last| last.ends_with(&cause)) {
            causes.push(cause);
        }
        next = error.source();
    }
    causes
}

/// An error with all its causes in one line.
pub(crate) fn in_one_line(error: &(dyn Error + 'static)) -> String {
    let causes = causes_of(error).into_iter();
    let all: Vec<String> = std::iter::once(error.to_string()).chain(causes).collect();
    all.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{said}")]
    struct Layer {
        said: &'static str,
        source: Option<Box<Layer>>,
    }

    #[test]
    fn each_cause_is_said_once_in_its_order() {
        for (layers, line) in [
            (vec!["could not start"], "could not start"),
            (
                vec!["could not start", "no such file"],
                "could not start: no such file",
            ),
            // As some libraries do.
            (
                vec!["could not start", "io: no such file", "no such file"],
                "could not start: io: no such file",
            ),
        ] {
            let chain = layers.into_iter().rev().fold(None, |source, said| {
                let source = source.map(Box::new);
                Some(Layer { said, source })
            });
            assert_eq!(in_one_line(&chain.unwrap()), line);
        }
    }
}
