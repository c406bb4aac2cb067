//! How is a regular expression of Go spelled in Rust?

use regex::Regex;

/// A regular expression that matches what Go's `regexp` does with the same text.
///
/// Both read RE2's syntax, but in Go `\d`, `\s`, `\w` and `\b` know ASCII only, `\Q…\E` quotes, and a bracket inside of
/// brackets, `&&` and `~~` are plain letters.
pub(crate) fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    regex::RegexBuilder::new(&translated(pattern))
        .octal(true)
        .build()
}

fn translated(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut rest = pattern;
    while let Some(letter) = rest.chars().next() {
        rest = match letter {
            '\\' => escape(rest, &mut out, Place::Outside),
            '[' => class(rest, &mut out),
            _ => {
                out.push(letter);
                &rest[letter.len_utf8()..]
            }
        };
    }
    out
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Outside,
    /// Between brackets.
    Inside,
}

fn escape<'a>(rest: &'a str, out: &mut String, place: Place) -> &'a str {
    if let (Place::Outside, Some(quoted)) = (place, rest.strip_prefix("\\Q")) {
        let (quoted, after) = quoted.split_once("\\E").unwrap_or((quoted, ""));
        out.push_str(&regex::escape(quoted));
        return after;
    }
    let Some(letter) = rest[1..].chars().next() else {
        out.push('\\');
        return "";
    };
    let (set, negated) = match letter.to_ascii_lowercase() {
        'd' => ("0-9", letter == 'D'),
        's' => (r"\t\n\f\r ", letter == 'S'),
        'w' => ("0-9A-Za-z_", letter == 'W'),
        _ => ("", false),
    };
    match (set, letter, place) {
        ("", 'b' | 'B', Place::Outside) => out.extend(["(?-u:\\", &rest[1..2], ")"]),
        // In Rust these are word boundaries.
        ("", '<' | '>', _) => out.push(letter),
        ("", ..) => out.extend(["\\", &rest[1..=letter.len_utf8()]]),
        (set, _, Place::Inside) if !negated => out.push_str(set),
        (set, ..) => out.extend([if negated { "[^" } else { "[" }, set, "]"]),
    }
    &rest[1 + letter.len_utf8()..]
}

/// What stands between brackets, up to the closing one.
fn class<'a>(rest: &'a str, out: &mut String) -> &'a str {
    out.push('[');
    let mut rest = &rest[1..];
    if let Some(after) = rest.strip_prefix('^') {
        out.push('^');
        rest = after;
    }
    // The first one is a letter, not the end.
    if let Some(after) = rest.strip_prefix(']') {
        out.push_str("\\]");
        rest = after;
    }
    while let Some(letter) = rest.chars().next() {
        let named = rest.strip_prefix("[:").and_then(|name| name.find(":]"));
        rest = match (letter, named) {
            (']', _) => {
                out.push(']');
                return &rest[1..];
            }
            ('\\', _) => escape(rest, out, Place::Inside),
            ('[', Some(length)) => {
                let (name, after) = rest.split_at(length + 4);
                out.push_str(name);
                after
            }
            ('[' | '&' | '~', _) => {
                out.push('\\');
                out.push(letter);
                &rest[1..]
            }
            _ => {
                out.push(letter);
                &rest[letter.len_utf8()..]
            }
        };
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_what_it_matches_in_go() {
        for (pattern, text, matches) in [
            ("b", "abc", true),
            ("^b", "abc", false),
            (r"^\d+$", "12", true),
            (r"^\d+$", "١٢", false),
            (r"^[\d.]+$", "1.2", true),
            (r"^[^\d]$", "١", true),
            (r"^\D$", "١", true),
            (r"^[\D]$", "1", false),
            (r"^\w+$", "é", false),
            (r"^\s$", "\u{a0}", false),
            (r"\bé", "é", false),
            (r"^\Qa.c*\E$", "a.c*", true),
            (r"^\Qa.c*\E$", "abc*", false),
            (r"^[a&&b]+$", "&b", true),
            (r"^[[a]+$", "[a", true),
            (r"^[[:digit:]x]+$", "1x", true),
            (r"^[]a]+$", "]a", true),
            (r"^\<$", "<", true),
            ("(?i)^GET$", "get", true),
            (r"^\x{41}\101$", "AA", true),
            (r"^\.\_$", "._", true),
            ("^.$", "\n", false),
            ("^ü+$", "üü", true),
            ("(?m)^b$", "a\nb", true),
        ] {
            let regex = compile(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
            assert_eq!(regex.is_match(text), matches, "{pattern} on {text:?}");
        }
        for broken in ["(", "[a", r"a\", "a{2,1}", "*a"] {
            assert!(compile(broken).is_err(), "{broken}");
        }
    }
}
