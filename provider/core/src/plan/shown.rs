//! How are a value and a change written in a line?

use std::fmt;

use serde_json::Value;

use super::{cause::Cause, step::Change};

/// How many letters of a value fit beside its path; the JSON form has all of it.
const WIDTH: usize = 60;

/// One side of a change on one line: texts bare where they cannot be mistaken, everything else as JSON, what is
/// long cut in the middle, and `-` for what is not there.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a>(pub Option<&'a Value>);

impl fmt::Display for Side<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("-"),
            Some(Value::String(text)) if is_plain(text) => f.write_str(&cut(text)),
            Some(value) => f.write_str(&cut(&value.to_string())),
        }
    }
}

/// `spec.replicas  5 → 3`
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, after) = (Side(self.before.as_ref()), Side(self.after.as_ref()));
        write!(f, "{}  {before} → {after}", self.path.short())
    }
}

/// `definition`, `drift, changed by kubectl-edit`, `rewritten by the server …`
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Definition => f.write_str("definition"),
            Cause::Drift { by: Some(by) } => write!(f, "drift, changed by {by}"),
            Cause::Drift { by: None } => f.write_str("drift, nobody owns it now"),
            Cause::Due { why } => f.write_str(why),
            Cause::Damaged { why } => write!(f, "damaged: {why}"),
            Cause::Follows { of } => write!(f, "follows {of}"),
            Cause::Rewritten => f.write_str("rewritten by the server or an admission webhook"),
        }
    }
}

/// A text that nobody takes for a number, a literal, nothing, or several words of a sentence.
fn is_plain(text: &str) -> bool {
    let is_other =
        matches!(text, "" | "-" | "true" | "false" | "null") || text.parse::<f64>().is_ok();
    !is_other
        && !text
            .chars()
            .any(|letter| letter.is_control() || letter == '"' || letter == '→')
}

fn cut(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= WIDTH {
        return text.to_owned();
    }
    let half = WIDTH / 2;
    let (head, tail) = (&letters[..half], &letters[letters.len() - half + 1..]);
    head.iter().chain(&['…']).chain(tail).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_side_of_a_change_fits_in_a_line_and_cannot_be_mistaken() {
        for (value, shown) in [
            (json!("0.130.0"), "0.130.0"),
            (json!("5"), "\"5\""),
            (json!(5), "5"),
            (json!(""), "\"\""),
            (json!("true"), "\"true\""),
            (json!("a\nb"), "\"a\\nb\""),
            (json!(["a", 1]), "[\"a\",1]"),
            (json!(null), "null"),
        ] {
            assert_eq!(Side(Some(&value)).to_string(), shown);
        }
        assert_eq!(Side(None).to_string(), "-");
        assert_eq!(
            Side(Some(&json!("ä".repeat(100))))
                .to_string()
                .chars()
                .count(),
            WIDTH
        );
    }

    #[test]
    fn a_change_is_its_path_and_both_sides() {
        let change = Change {
            path: "spec.replicas".parse().unwrap(),
            before: Some(json!(5)),
            after: None,
            cause: Cause::Definition,
            immutable: false,
        };
        assert_eq!(change.to_string(), "spec.replicas  5 → -");
    }
}
