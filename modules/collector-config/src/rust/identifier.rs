//! What is something called in Rust that is called anyhow elsewhere?

/// A name that Rust takes for functions, modules and variables, as people write those.
pub fn identifier(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        let letter = if letter.is_ascii_alphanumeric() {
            letter.to_ascii_lowercase()
        } else {
            '_'
        };
        // Two of them are one more than the compiler wants to see.
        if letter != '_' || !text.ends_with('_') {
            text.push(letter);
        }
    }
    if !text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        text = format!("config_{}", text.trim_start_matches('_'));
    }
    if KEYWORDS.contains(&text.as_str()) {
        text.push('_');
    }
    text
}

/// What Rust means something else by, or may one day.
const KEYWORDS: [&str; 50] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_becomes_one_of_rust() {
        for (name, rust) in [
            ("otel-gateway-config", "otel_gateway_config"),
            ("otlp/A--b", "otlp_a_b"),
            ("9p.X", "config_9p_x"),
            ("ünï", "config_n_"),
            ("", "config_"),
            ("_", "config_"),
            ("match", "match_"),
            ("Type", "type_"),
        ] {
            assert_eq!(identifier(name), rust);
        }
    }
}
