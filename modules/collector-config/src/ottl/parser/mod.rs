//! Is a text a condition or a statement of OTTL, and what does it name?
//!
//! The grammar is small and ambiguous: a bracket begins a calculation, a condition or a lambda. So an alternative that
//! fails is given back, and the error is about the place that was reached last.

mod values;

use super::{
    Error, Problem,
    lexer::{Kind, Token, tokens},
};

/// Something that a text names.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Name<'a> {
    /// `span.attributes["x"]`: its segments, and whether the last one has a key.
    Path {
        at: usize,
        segments: Vec<&'a str>,
        key: bool,
    },
    /// `set(…)`: how many arguments, and those that are named.
    Call {
        at: usize,
        function: &'a str,
        arguments: usize,
        named: Vec<(usize, &'a str)>,
    },
    /// A function that is handed to another: `SHA256`.
    Function { at: usize, function: &'a str },
    /// `STATUS_CODE_OK`.
    Symbol { at: usize, symbol: &'a str },
}

/// A text that is being read.
struct Parser<'a> {
    tokens: Vec<Token<'a>>,
    next: usize,
    names: Vec<Name<'a>>,
    /// The parameters of the lambdas around.
    locals: Vec<&'a str>,
    /// The last place where something else was expected, and what.
    stuck: usize,
    expected: Vec<&'static str>,
    /// How deep brackets may still go.
    depth: usize,
}

/// Deeper brackets than this are not written by people; each costs a little of the stack.
const DEEPEST: usize = 64;

type Parsed = Option<()>;

/// Everything that a condition names.
pub(super) fn condition(text: &str) -> Result<Vec<Name<'_>>, Error> {
    parse(text, Parser::boolean)
}

/// Everything that a statement names.
pub(super) fn statement(text: &str) -> Result<Vec<Name<'_>>, Error> {
    parse(text, |parser| {
        parser.editor()?;
        if parser.word("where").is_some() {
            parser.boolean()?;
        }
        Some(())
    })
}

fn parse<'a>(
    text: &'a str,
    start: impl FnOnce(&mut Parser<'a>) -> Parsed,
) -> Result<Vec<Name<'a>>, Error> {
    let mut parser = Parser {
        tokens: tokens(text)?,
        next: 0,
        names: Vec::new(),
        locals: Vec::new(),
        stuck: 0,
        expected: Vec::new(),
        depth: DEEPEST,
    };
    let read = start(&mut parser).and_then(|()| parser.kind(Kind::End, "the end"));
    match read {
        Some(_) => Ok(parser.names),
        None => Err(parser.error()),
    }
}

impl<'a> Parser<'a> {
    fn error(mut self) -> Error {
        // Words first, then kinds of words.
        self.expected
            .sort_unstable_by_key(|what| (what.contains(' '), *what));
        self.expected.dedup();
        let stuck = self.tokens[self.stuck.min(self.tokens.len() - 1)];
        let problem = Problem::Unexpected {
            found: stuck.text.to_owned(),
            expected: self.expected,
        };
        Error {
            at: stuck.at,
            problem,
        }
    }

    fn peek(&self) -> Token<'a> {
        // The last token is the end, which nothing passes.
        self.tokens[self.next.min(self.tokens.len() - 1)]
    }

    fn after(&self) -> Token<'a> {
        self.tokens[(self.next + 1).min(self.tokens.len() - 1)]
    }

    fn fail<T>(&mut self, expected: &'static str) -> Option<T> {
        if self.next > self.stuck {
            self.stuck = self.next;
            self.expected.clear();
        }
        if self.next == self.stuck {
            self.expected.push(expected);
        }
        None
    }

    fn kind(&mut self, kind: Kind, expected: &'static str) -> Option<Token<'a>> {
        let token = self.peek();
        if token.kind != kind {
            return self.fail(expected);
        }
        self.next += 1;
        Some(token)
    }

    fn mark(&mut self, mark: &'static str) -> Parsed {
        if self.peek().kind != Kind::Mark || self.peek().text != mark {
            return self.fail(mark);
        }
        self.next += 1;
        Some(())
    }

    fn word(&mut self, word: &'static str) -> Parsed {
        if self.peek().kind != Kind::Lower || self.peek().text != word {
            return self.fail(word);
        }
        self.next += 1;
        Some(())
    }

    /// Tries an alternative, and gives back what it took if it fails.
    fn attempt<T>(&mut self, alternative: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let (next, names, locals) = (self.next, self.names.len(), self.locals.len());
        let read = alternative(self);
        self.locals.truncate(locals);
        if read.is_none() {
            self.next = next;
            self.names.truncate(names);
        }
        read
    }

    fn boolean(&mut self) -> Parsed {
        self.all_of()?;
        while self.word("or").is_some() {
            self.all_of()?;
        }
        Some(())
    }

    fn all_of(&mut self) -> Parsed {
        self.one_boolean()?;
        while self.word("and").is_some() {
            self.one_boolean()?;
        }
        Some(())
    }

    fn one_boolean(&mut self) -> Parsed {
        self.deeper(|parser| {
            let _ = parser.word("not");
            let comparison = parser.attempt(|parser| {
                parser.value()?;
                parser.kind(Kind::Comparison, "a comparison")?;
                parser.value()
            });
            comparison
                .or_else(|| parser.attempt(Self::truth))
                .or_else(|| parser.attempt(Self::converter))
                .or_else(|| {
                    parser.attempt(|parser| {
                        parser.mark("(")?;
                        parser.boolean()?;
                        parser.mark(")")
                    })
                })
        })
    }

    fn deeper(&mut self, inner: impl FnOnce(&mut Self) -> Parsed) -> Parsed {
        let Some(depth) = self.depth.checked_sub(1) else {
            return self.fail("fewer brackets");
        };
        self.depth = depth;
        let read = inner(self);
        self.depth += 1;
        read
    }

    fn truth(&mut self) -> Parsed {
        self.attempt(|parser| parser.word("true"))
            .or_else(|| self.word("false"))
    }
}
