//! What does a value consist of? Read from what `{:?}` says of it, which has the names that Rust knows.

use std::iter::Peekable;

/// A value, with the names of its types' variants and fields.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tree {
    /// A number, a truth value, or a variant without fields: as it is written.
    Word(String),
    /// A text, with its quotes and escapes.
    Text(String),
    /// `Some(…)`, `Duration(…)`.
    Tuple(String, Vec<Tree>),
    /// `GrpcServer { … }`.
    Struct(String, Vec<(String, Tree)>),
    /// `[…]`.
    List(Vec<Tree>),
    /// `{"a": …}`.
    Map(Vec<(Tree, Tree)>),
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Mark(char),
}

/// Reads what `{:?}` said; none where a type says something of its own.
pub(super) fn read(text: &str) -> Option<Tree> {
    let tokens = tokens(text)?;
    let mut tokens = tokens.into_iter().peekable();
    let tree = value(&mut tokens)?;
    tokens.next().is_none().then_some(tree)
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let length = match letter {
            ' ' | '\n' => 1,
            '"' => {
                let length = quoted(rest)?;
                found.push(Token::Text(rest[..length].to_owned()));
                length
            }
            '{' | '}' | '[' | ']' | '(' | ')' | ',' | ':' => {
                found.push(Token::Mark(letter));
                1
            }
            _ => {
                let end = rest.find([' ', '{', '}', '[', ']', '(', ')', ',', ':']);
                let length = end.unwrap_or(rest.len());
                found.push(Token::Word(rest[..length].to_owned()));
                length
            }
        };
        rest = &rest[length..];
    }
    Some(found)
}

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

type Tokens = Peekable<std::vec::IntoIter<Token>>;

fn value(tokens: &mut Tokens) -> Option<Tree> {
    match tokens.next()? {
        Token::Text(text) => Some(Tree::Text(text)),
        Token::Mark('[') => Some(Tree::List(list(tokens, ']')?)),
        Token::Mark('{') => map(tokens),
        Token::Mark(_) => None,
        Token::Word(word) => match tokens.peek() {
            Some(Token::Mark('(')) => {
                tokens.next();
                Some(Tree::Tuple(word, list(tokens, ')')?))
            }
            Some(Token::Mark('{')) => {
                tokens.next();
                match map(tokens)? {
                    Tree::Map(fields) => of_struct(word, fields),
                    _ => None,
                }
            }
            // `Array [..]`, as JSON values say of themselves.
            Some(Token::Mark('[')) => {
                tokens.next();
                Some(Tree::Tuple(word, list(tokens, ']')?))
            }
            _ => Some(Tree::Word(word)),
        },
    }
}

fn list(tokens: &mut Tokens, end: char) -> Option<Vec<Tree>> {
    let mut items = Vec::new();
    loop {
        if tokens.peek()? == &Token::Mark(end) {
            tokens.next();
            return Some(items);
        }
        items.push(value(tokens)?);
        if tokens.peek()? == &Token::Mark(',') {
            tokens.next();
        }
    }
}

/// What stands between braces: fields, or entries.
fn map(tokens: &mut Tokens) -> Option<Tree> {
    let mut entries = Vec::new();
    loop {
        if tokens.peek()? == &Token::Mark('}') {
            tokens.next();
            return Some(Tree::Map(entries));
        }
        let key = value(tokens)?;
        if tokens.next()? != Token::Mark(':') {
            return None;
        }
        entries.push((key, value(tokens)?));
        if tokens.peek()? == &Token::Mark(',') {
            tokens.next();
        }
    }
}

/// Entries whose keys are names are fields; others are those of a map with a name, as JSON values say of themselves.
fn of_struct(name: String, entries: Vec<(Tree, Tree)>) -> Option<Tree> {
    let named = entries.iter().all(|(key, _)| matches!(key, Tree::Word(_)));
    if !named || entries.is_empty() {
        return Some(Tree::Tuple(name, vec![Tree::Map(entries)]));
    }
    let fields = entries.into_iter().map(|(key, value)| match key {
        Tree::Word(key) => Some((key, value)),
        _ => None,
    });
    Some(Tree::Struct(name, fields.collect::<Option<_>>()?))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Debug)]
    #[expect(dead_code, reason = "said by `Debug` alone")]
    struct Sample {
        text: Option<&'static str>,
        numbers: Vec<f64>,
        map: BTreeMap<&'static str, bool>,
    }

    #[test]
    fn what_a_value_says_of_itself_is_understood() {
        let sample = Sample {
            text: Some("a: {\"b\"}"),
            numbers: vec![1.5, -2.0],
            map: BTreeMap::from([("x", true)]),
        };
        let text = r#""a: {\"b\"}""#.to_owned();
        let word = |word: &str| Tree::Word(word.to_owned());
        let field = |name: &str, tree| (name.to_owned(), tree);
        assert_eq!(
            read(&format!("{sample:?}")),
            Some(Tree::Struct(
                "Sample".to_owned(),
                vec![
                    field(
                        "text",
                        Tree::Tuple("Some".to_owned(), vec![Tree::Text(text)])
                    ),
                    field("numbers", Tree::List(vec![word("1.5"), word("-2.0")])),
                    field(
                        "map",
                        Tree::Map(vec![(Tree::Text("\"x\"".to_owned()), word("true"))])
                    ),
                ],
            ))
        );
        assert_eq!(read("A {"), None);
        assert_eq!(read("\"a"), None);
    }
}
