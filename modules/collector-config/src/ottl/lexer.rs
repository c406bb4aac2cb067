//! What are the words of a text in OTTL, and where do they stand?

use super::{Error, Problem};

/// A word and the place of its first letter, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Token<'a> {
    /// The place.
    pub at: usize,
    /// What it is.
    pub kind: Kind,
    /// Its letters.
    pub text: &'a str,
}

/// What a word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `0xff`.
    Bytes,
    /// `1` or `1.5e3`.
    Number,
    /// `"text"`.
    Text,
    /// `==` and its like.
    Comparison,
    /// `=>`.
    Arrow,
    /// `+ - * /`.
    Math,
    /// Brackets, commas, dots, `=`, `:`.
    Mark,
    /// `path_segment`, also `and`, `where`, `true`.
    Lower,
    /// `STATUS_CODE_OK`, `SHA256`.
    Upper,
    /// `IsMatch`, which is a function.
    Mixed,
    /// Where the text ends.
    End,
}

/// The words of a text; the last one is its end.
///
/// # Errors
/// A letter that begins no word, or a text in quotes that does not end.
pub fn tokens(text: &str) -> Result<Vec<Token<'_>>, Error> {
    let mut found = Vec::new();
    let mut rest = text;
    let mut at = 1;
    loop {
        let trimmed = rest.trim_start();
        at += chars(rest) - chars(trimmed);
        rest = trimmed;
        let (kind, length) = first(rest).map_err(|problem| Error { at, problem })?;
        let (word, after) = rest.split_at(length);
        let text = word;
        found.push(Token { at, kind, text });
        if kind == Kind::End {
            return Ok(found);
        }
        at += chars(word);
        rest = after;
    }
}

fn chars(text: &str) -> usize {
    text.chars().count()
}

/// The first word of a text: what it is, and how many bytes it has.
fn first(rest: &str) -> Result<(Kind, usize), Problem> {
    let Some(letter) = rest.chars().next() else {
        return Ok((Kind::End, 0));
    };
    let run = |test: fn(char) -> bool| rest.find(|c| !test(c)).unwrap_or(rest.len());
    if letter == '"' {
        return Ok((Kind::Text, quoted(rest).ok_or(Problem::OpenText)?));
    }
    if let Some(hex) = rest.strip_prefix("0x") {
        let digits = hex.find(|c: char| !c.is_ascii_hexdigit());
        return Ok((Kind::Bytes, 2 + digits.unwrap_or(hex.len())));
    }
    if letter.is_ascii_digit()
        || (letter == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit()))
    {
        return Ok((Kind::Number, number(rest)));
    }
    if letter.is_ascii_alphabetic() || letter == '_' {
        let length = run(|c| c.is_ascii_alphanumeric() || c == '_');
        let word = &rest[..length];
        let upper = word.chars().any(|c| c.is_ascii_uppercase());
        let lower = word.chars().any(|c| c.is_ascii_lowercase());
        let kind = match (upper, lower) {
            (true, true) => Kind::Mixed,
            (true, false) => Kind::Upper,
            (false, _) => Kind::Lower,
        };
        return Ok((kind, length));
    }
    for (kind, words) in [
        (Kind::Comparison, &["==", "!=", ">=", "<="][..]),
        (Kind::Arrow, &["=>"]),
        (Kind::Comparison, &[">", "<"]),
        (Kind::Math, &["+", "-", "*", "/"]),
        (
            Kind::Mark,
            &["=", "(", ")", "{", "}", "[", "]", ":", ",", "."],
        ),
    ] {
        if let Some(word) = words.iter().find(|word| rest.starts_with(**word)) {
            return Ok((kind, word.len()));
        }
    }
    Err(Problem::Letter(letter))
}

/// How long a text in quotes is; none if it does not end.
fn quoted(rest: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// How long a number is: digits, a dot, digits, an exponent.
fn number(rest: &str) -> usize {
    let digits = |text: &str| {
        let end = text.find(|c: char| !c.is_ascii_digit());
        end.unwrap_or(text.len())
    };
    let mut length = digits(rest);
    if !rest[length..].starts_with('.') {
        return length;
    }
    length += 1;
    length += digits(&rest[length..]);
    let exponent = rest[length..].strip_prefix(['e', 'E']);
    if let Some(exponent) = exponent {
        let unsigned = exponent.trim_start_matches(['-', '+']);
        let count = digits(unsigned);
        if count > 0 {
            length += 1 + (exponent.len() - unsigned.len()) + count;
        }
    }
    length
}
