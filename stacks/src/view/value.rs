//! How is a field's value shown on a line?

use serde_json::Value;

/// A value as a person would write it, cut to a line's worth. Text that could be mistaken for something else, or
/// that holds line breaks, is quoted.
pub(crate) fn short(value: Option<&Value>) -> String {
    const MOST: usize = 72;
    let text = match value {
        None => return "∅".to_owned(),
        Some(Value::String(text)) if is_plain(text) => text.clone(),
        Some(other) => other.to_string(),
    };
    if text.chars().count() <= MOST {
        return text;
    }
    let head: String = text.chars().take(MOST - 1).collect();
    format!("{head}…")
}

/// Whether both are texts of several lines, which are better shown as a difference of lines.
pub(crate) fn are_texts<'a>(
    before: Option<&'a Value>,
    after: Option<&'a Value>,
) -> Option<(&'a str, &'a str)> {
    match (before?.as_str()?, after?.as_str()?) {
        (before, after) if before.contains('\n') || after.contains('\n') => Some((before, after)),
        _ => None,
    }
}

fn is_plain(text: &str) -> bool {
    let ambiguous = matches!(text, "" | "true" | "false" | "null" | "∅");
    !ambiguous
        && text.parse::<f64>().is_err()
        && !text.chars().any(char::is_control)
        && text.trim() == text
        && !text.starts_with(['"', '{', '['])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_short_and_never_ambiguous() {
        for (value, shown) in [
            (json!(3), "3"),
            (json!("3"), "\"3\""),
            (json!("true"), "\"true\""),
            (json!("nginx:1.27"), "nginx:1.27"),
            (json!(""), "\"\""),
            (json!("a\nb"), "\"a\\nb\""),
            (json!({"a": [1]}), "{\"a\":[1]}"),
        ] {
            assert_eq!(short(Some(&value)), shown);
        }
        assert_eq!(short(None), "∅");
        assert_eq!(short(Some(&json!("x".repeat(100)))).chars().count(), 72);
    }
}
