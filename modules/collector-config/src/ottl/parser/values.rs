//! The half of the grammar that is about values: literals, lists, calculations, paths and calls.

use super::{Name, Parsed, Parser};
use crate::ottl::lexer::Kind;

impl Parser<'_> {
    pub(super) fn value(&mut self) -> Parsed {
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

    pub(super) fn converter(&mut self) -> Parsed {
        let token = self.peek();
        let capital = token.text.starts_with(|c: char| c.is_ascii_uppercase());
        if !capital || self.after().text != "(" {
            return self.fail("a value");
        }
        self.call()?;
        self.keys().map(|_| ())
    }

    pub(super) fn editor(&mut self) -> Parsed {
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
