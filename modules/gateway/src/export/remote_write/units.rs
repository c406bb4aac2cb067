//! What are the words for a unit?

use std::borrow::Cow;

/// The words for a unit: what is before a slash, and `per_…` for what is behind it.
pub(super) fn unit_words(unit: &str) -> (Cow<'_, str>, String) {
    let (main, per) = unit.split_once('/').unwrap_or((unit, ""));
    // Braces hold a remark and no unit.
    let said = |part: &str| !part.is_empty() && !part.contains(['{', '}']);
    let (main, per) = (main.trim(), per.trim());
    let main = if said(main) {
        Cow::Borrowed(main_word(main))
    } else {
        Cow::Borrowed("")
    };
    let per = if said(per) {
        format!("per_{}", per_word(per))
    } else {
        String::new()
    };
    (main, per)
}

fn main_word(unit: &str) -> &str {
    match unit {
        "d" => "days",
        "h" => "hours",
        "min" => "minutes",
        "s" => "seconds",
        "ms" => "milliseconds",
        "us" => "microseconds",
        "ns" => "nanoseconds",
        "By" => "bytes",
        "KiBy" => "kibibytes",
        "MiBy" => "mebibytes",
        "GiBy" => "gibibytes",
        "TiBy" => "tibibytes",
        "KBy" => "kilobytes",
        "MBy" => "megabytes",
        "GBy" => "gigabytes",
        "TBy" => "terabytes",
        "m" => "meters",
        "V" => "volts",
        "A" => "amperes",
        "J" => "joules",
        "W" => "watts",
        "g" => "grams",
        "Cel" => "celsius",
        "Hz" => "hertz",
        "1" => "",
        "%" => "percent",
        other => other,
    }
}

fn per_word(unit: &str) -> &str {
    match unit {
        "s" => "second",
        "m" => "minute",
        "h" => "hour",
        "d" => "day",
        "w" => "week",
        "mo" => "month",
        "y" => "year",
        other => other,
    }
}

/// A unit's word with nothing but legal characters, and single underscores.
pub(super) fn cleaned(unit: &str) -> String {
    let mut clean = String::with_capacity(unit.len());
    for c in unit.chars() {
        if legal(c) {
            clean.push(c);
        } else if !clean.ends_with('_') {
            clean.push('_');
        }
    }
    clean.strip_prefix('_').map(str::to_owned).unwrap_or(clean)
}

/// What a name may have of old, apart from `_`.
pub(super) fn legal(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == ':'
}
