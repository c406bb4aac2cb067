//! Is a text a condition or a statement of OTTL, and what does it name?
//!
//! The grammar is small and ambiguous: a bracket begins a calculation, a condition or a lambda. So an alternative that
//! fails is given back, and the error is about the place that was reached last.

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

    fn value(&mut self) -> Parsed {
        self.deeper(|parser| {
            let token = parser.peek();
            match (token.kind, token.text) {
                (Kind::Text | Kind::Bytes, _) | (Kind::Lower, "nil" | "true" | "false") => {
                    parser.next += 1;
                    return Some(());
                }
                (Kind::Mark, "{") => return parser.map(),
                (Kind::Mark, "[") => return parser.list(),
                (Kind::Upper, symbol) if parser.after().text != "(" => {
                    parser.next += 1;
                    parser.names.push(Name::Symbol {
                        at: token.at,
                        symbol,
                    });
                    return Some(());
                }
                _ => {}
            }
            parser
                .attempt(Self::lambda)
                .or_else(|| parser.attempt(Self::sum))
        })
    }

    fn map(&mut self) -> Parsed {
        self.mark("{")?;
        while self.peek().text != "}" || self.peek().kind != Kind::Mark {
            self.kind(Kind::Text, "a key in quotes")?;
            self.mark(":")?;
            self.value()?;
            let _ = self.mark(",");
        }
        self.mark("}")
    }

    fn list(&mut self) -> Parsed {
        self.mark("[")?;
        self.separated("]", Self::value)
    }

    /// Values with commas between them, up to a closing bracket.
    fn separated(
        &mut self,
        end: &'static str,
        mut each: impl FnMut(&mut Self) -> Parsed,
    ) -> Parsed {
        if self.mark(end).is_some() {
            return Some(());
        }
        loop {
            each(self)?;
            if self.mark(",").is_none() {
                return self.mark(end);
            }
        }
    }

    fn lambda(&mut self) -> Parsed {
        self.mark("(")?;
        let outside = self.locals.len();
        self.separated(")", |parser| {
            let name = parser.kind(Kind::Lower, "a parameter")?;
            parser.locals.push(name.text);
            Some(())
        })?;
        self.kind(Kind::Arrow, "=>")?;
        let body = self.attempt(|parser| {
            let locals = parser.locals.clone();
            let read = parser.boolean();
            parser.locals = locals;
            read
        });
        let body = body.or_else(|| self.value());
        self.locals.truncate(outside);
        body
    }

    fn sum(&mut self) -> Parsed {
        self.product()?;
        while matches!(self.peek().text, "+" | "-") && self.peek().kind == Kind::Math {
            self.next += 1;
            self.product()?;
        }
        Some(())
    }

    fn product(&mut self) -> Parsed {
        self.factor()?;
        while matches!(self.peek().text, "*" | "/") && self.peek().kind == Kind::Math {
            self.next += 1;
            self.factor()?;
        }
        Some(())
    }

    fn factor(&mut self) -> Parsed {
        if matches!(self.peek().text, "+" | "-") && self.peek().kind == Kind::Math {
            self.next += 1;
        }
        if self.mark("(").is_some() {
            return self.deeper(|parser| {
                parser.sum()?;
                parser.mark(")")
            });
        }
        match self.peek().kind {
            Kind::Number => {
                self.next += 1;
                Some(())
            }
            Kind::Upper | Kind::Mixed => self.converter(),
            Kind::Lower => self.path(),
            _ => self.fail("a value"),
        }
    }

    fn path(&mut self) -> Parsed {
        let first = self.peek();
        if matches!(first.text, "nil" | "not" | "or" | "and" | "true" | "false") {
            return self.fail("a value");
        }
        if self.after().text == "(" {
            return self.fail("a function whose name begins with a capital letter");
        }
        let mut segments = Vec::new();
        let mut key;
        loop {
            segments.push(self.kind(Kind::Lower, "a path")?.text);
            key = self.keys()?;
            if self.mark(".").is_none() {
                break;
            }
        }
        if !self.locals.contains(&first.text) {
            self.names.push(Name::Path {
                at: first.at,
                segments,
                key,
            });
        }
        Some(())
    }

    /// Keys in square brackets; whether there are any.
    fn keys(&mut self) -> Option<bool> {
        let mut any = false;
        while self.mark("[").is_some() {
            any = true;
            if self.peek().kind == Kind::Text {
                self.next += 1;
            } else {
                self.deeper(Self::sum)?;
            }
            self.mark("]")?;
        }
        Some(any)
    }

    fn converter(&mut self) -> Parsed {
        let token = self.peek();
        let capital = token.text.starts_with(|c: char| c.is_ascii_uppercase());
        if !capital || self.after().text != "(" {
            return self.fail("a value");
        }
        self.call()?;
        self.keys().map(|_| ())
    }

    fn editor(&mut self) -> Parsed {
        let token = self.peek();
        let small = token.text.starts_with(|c: char| c.is_ascii_lowercase());
        if !small || !matches!(token.kind, Kind::Lower | Kind::Mixed) {
            return self.fail("a function whose name begins with a small letter");
        }
        self.call()
    }

    fn call(&mut self) -> Parsed {
        let name = self.peek();
        self.next += 1;
        self.mark("(")?;
        // The call stands before what its arguments name.
        let place = self.names.len();
        let mut arguments = 0;
        let mut named = Vec::new();
        self.separated(")", |parser| {
            arguments += 1;
            let small = parser
                .peek()
                .text
                .starts_with(|c: char| c.is_ascii_lowercase());
            if small && parser.after().text == "=" {
                named.push((parser.peek().at, parser.peek().text));
                parser.next += 2;
            }
            parser.argument()
        })?;
        let call = Name::Call {
            at: name.at,
            function: name.text,
            arguments,
            named,
        };
        self.names.insert(place, call);
        Some(())
    }

    fn argument(&mut self) -> Parsed {
        let token = self.peek();
        let alone = matches!(self.after().text, "," | ")") && self.after().kind == Kind::Mark;
        if token.kind == Kind::Mixed && alone {
            self.next += 1;
            self.names.push(Name::Function {
                at: token.at,
                function: token.text,
            });
            return Some(());
        }
        self.value()
    }
}
