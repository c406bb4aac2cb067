//! How does a value without a type read in Rust?

use serde_json::{Number, Value};

use super::code::Code;

/// A call of `json!`, or the text of what is too large for it: it calls itself once for each entry of a list or a map.
pub(super) fn code(value: &Value) -> Code {
    if widest(value) > WIDEST {
        return Code::text(format!("{:?}.parse()?", value.to_string()));
    }
    let text = format!("json!({})", text(value, 0));
    Code::Lines(text.lines().map(str::to_owned).collect())
}

/// The compiler stops at 128 calls within each other.
const WIDEST: usize = 50;

/// How many entries a list or a map in it has, at most.
fn widest(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(widest).fold(items.len(), usize::max),
        Value::Object(fields) => fields.values().map(widest).fold(fields.len(), usize::max),
        _ => 0,
    }
}

fn text(value: &Value, depth: usize) -> String {
    let (open, entries, close) = match value {
        Value::Null | Value::Bool(_) => return value.to_string(),
        Value::Number(number) => return literal(number),
        // JSON has escapes that Rust does not have.
        Value::String(text) => return format!("{text:?}"),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| text(item, depth + 1)).collect();
            ("[", items, "]")
        }
        Value::Object(fields) => {
            let fields = fields.iter();
            let fields = fields.map(|(key, field)| format!("{key:?}: {}", text(field, depth + 1)));
            ("{", fields.collect(), "}")
        }
    };
    if entries.is_empty() {
        return format!("{open}{close}");
    }
    let (inner, outer) = ("  ".repeat(depth + 1), "  ".repeat(depth));
    let entries = entries.join(&format!(",\n{inner}"));
    format!("{open}\n{inner}{entries}\n{outer}{close}")
}

/// A whole number is one of 32 bits where nothing is said.
fn literal(number: &Number) -> String {
    match (number.as_i64(), number.as_u64()) {
        (Some(small), _) if i32::try_from(small).is_ok() => number.to_string(),
        (Some(_), _) => format!("{number}i64"),
        (None, Some(_)) => format!("{number}u64"),
        (None, None) => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_written_as_rust_reads_them() {
        for (value, rust) in [
            (json!(null), "null"),
            (json!({}), "{}"),
            (
                json!([1, -2, 1.5, 1e300]),
                "[\n  1,\n  -2,\n  1.5,\n  1e+300\n]",
            ),
            (json!(3_000_000_000_u64), "3000000000i64"),
            (json!(u64::MAX), "18446744073709551615u64"),
            (json!(i64::MIN), "-9223372036854775808i64"),
            (
                json!("\u{1}\u{8}\"\\\n\u{202e}"),
                "\"\\u{1}\\u{8}\\\"\\\\\\n\\u{202e}\"",
            ),
            (json!({"a": [{}]}), "{\n  \"a\": [\n    {}\n  ]\n}"),
        ] {
            assert_eq!(text(&value, 0), rust);
        }
    }

    #[test]
    fn what_is_too_large_for_the_macro_is_read_when_the_program_runs() {
        let code = code(&json!({ "a": vec![0; 60] })).render(0, 0);
        assert!(
            code.starts_with("\"{\\\"a\\\":[0,0") && code.ends_with(".parse()?"),
            "{code}"
        );
    }
}
