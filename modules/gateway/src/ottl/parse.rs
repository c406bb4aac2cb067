//! From the words of a condition to what is worked out for each item.

use collector_config::ottl::{Context, Kind, Token, tokens};

use super::{
    Refused,
    expression::{Boolean, Call, Expression, Function},
    path::path,
    value::{Comparison, Value},
};

/// Deeper brackets than this are not written by people; each costs a little of the stack.
const DEEPEST: usize = 64;

/// A condition whose grammar, paths and functions were found right, and of which only this may be refused: what the
/// gateway does not do.
pub(super) fn condition(text: &str, contexts: &[Context]) -> Result<Boolean, Refused> {
    let tokens = tokens(text).map_err(|error| Refused::new("this", error.at))?;
    let mut parser = Parser {
        tokens,
        next: 0,
        contexts,
        depth: DEEPEST,
    };
    let read = parser.any()?;
    match parser.peek() {
        Token {
            kind: Kind::End, ..
        } => Ok(read),
        token => Err(parser.refused(&token)),
    }
}

struct Parser<'a> {
    tokens: Vec<Token<'a>>,
    next: usize,
    contexts: &'a [Context],
    depth: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Token<'a> {
        self.tokens[self.next.min(self.tokens.len() - 1)]
    }

    fn take(&mut self) -> Token<'a> {
        let token = self.peek();
        self.next += 1;
        token
    }

    fn is(&self, text: &str) -> bool {
        self.peek().text == text && !matches!(self.peek().kind, Kind::Text | Kind::End)
    }

    fn accept(&mut self, text: &str) -> bool {
        let found = self.is(text);
        self.next += usize::from(found);
        found
    }

    fn expect(&mut self, text: &str) -> Result<(), Refused> {
        if self.accept(text) {
            Ok(())
        } else {
            Err(self.refused(&self.peek()))
        }
    }

    #[expect(clippy::unused_self, reason = "reads as what it is about")]
    fn refused(&self, token: &Token<'_>) -> Refused {
        let what = match (token.kind, token.text) {
            (Kind::End, _) => "an end here".to_owned(),
            (Kind::Math, text) => format!("the calculation `{text}`"),
            (Kind::Arrow, _) => "a lambda".to_owned(),
            (_, "{") => "a map".to_owned(),
            (_, "[") => "a list".to_owned(),
            (_, text) => format!("`{text}`"),
        };
        Refused::new(what, token.at)
    }

    fn deeper<T>(
        &mut self,
        inner: impl FnOnce(&mut Self) -> Result<T, Refused>,
    ) -> Result<T, Refused> {
        let at = self.peek().at;
        self.depth = self
            .depth
            .checked_sub(1)
            .ok_or_else(|| Refused::new("so many brackets", at))?;
        let read = inner(self);
        self.depth += 1;
        read
    }

    fn any(&mut self) -> Result<Boolean, Refused> {
        let mut all = vec![self.all()?];
        while self.accept("or") {
            all.push(self.all()?);
        }
        Ok(if all.len() == 1 {
            all.remove(0)
        } else {
            Boolean::Or(all)
        })
    }

    fn all(&mut self) -> Result<Boolean, Refused> {
        let mut all = vec![self.one()?];
        while self.accept("and") {
            all.push(self.one()?);
        }
        Ok(if all.len() == 1 {
            all.remove(0)
        } else {
            Boolean::And(all)
        })
    }

    fn one(&mut self) -> Result<Boolean, Refused> {
        self.deeper(|parser| {
            if parser.accept("not") {
                return Ok(Boolean::Not(Box::new(parser.plain()?)));
            }
            parser.plain()
        })
    }

    fn plain(&mut self) -> Result<Boolean, Refused> {
        if self.accept("(") {
            let inner = self.any()?;
            self.expect(")")?;
            return Ok(inner);
        }
        let start = self.peek();
        let left = self.value()?;
        if self.peek().kind == Kind::Comparison {
            let comparison = comparison(self.take().text);
            return Ok(Boolean::Compare(left, comparison, self.value()?));
        }
        if self.peek().kind == Kind::Math {
            return Err(self.refused(&self.peek()));
        }
        match left {
            Expression::Literal(Value::Bool(yes)) => Ok(Boolean::Literal(yes)),
            Expression::Call(call) => Ok(Boolean::Call(*call)),
            _ => Err(self.refused(&start)),
        }
    }

    fn value(&mut self) -> Result<Expression, Refused> {
        let token = self.take();
        Ok(match (token.kind, token.text) {
            (Kind::Text, quoted) => Expression::Literal(Value::Text(unquoted(quoted).into())),
            (Kind::Bytes, digits) => {
                let bytes = unhex(&digits[2..]).ok_or_else(|| self.refused(&token))?;
                Expression::Literal(Value::Bytes(bytes.into()))
            }
            (Kind::Number, digits) => number("", digits).ok_or_else(|| self.refused(&token))?,
            (Kind::Math, sign @ ("+" | "-")) if self.peek().kind == Kind::Number => {
                let digits = self.take().text;
                number(sign, digits).ok_or_else(|| self.refused(&token))?
            }
            (Kind::Lower, "nil") => Expression::Literal(Value::Nil),
            (Kind::Lower, "true") => Expression::Literal(Value::Bool(true)),
            (Kind::Lower, "false") => Expression::Literal(Value::Bool(false)),
            (Kind::Lower, _) => self.path(token)?,
            (Kind::Upper | Kind::Mixed, _) if self.is("(") => {
                let call = self.deeper(|parser| parser.call(token))?;
                Expression::Call(Box::new(call))
            }
            (Kind::Upper, symbol) => {
                let value = symbol_value(symbol).ok_or_else(|| self.refused(&token))?;
                Expression::Literal(Value::Int(value))
            }
            _ => return Err(self.refused(&token)),
        })
    }

    fn path(&mut self, first: Token<'a>) -> Result<Expression, Refused> {
        let mut segments = vec![first.text];
        let mut keys = Vec::new();
        loop {
            if self.accept(".") {
                segments.push(self.take().text);
            } else if self.accept("[") {
                let key = self.take();
                if key.kind != Kind::Text {
                    return Err(Refused::new("a key that is no string in quotes", key.at));
                }
                keys.push(unquoted(key.text));
                self.expect("]")?;
            } else {
                break;
            }
        }
        let whole = segments.join(".");
        let named = context_named(segments[0]).filter(|_| segments.len() > 1);
        let (context, name) = match (named, self.contexts) {
            (Some(context), _) => (context, segments[1..].join(".")),
            (None, [context, ..]) => (*context, whole.clone()),
            (None, []) => return Err(self.refused(&first)),
        };
        let found = path(context, &name, keys);
        found
            .map(Expression::Path)
            .ok_or_else(|| Refused::new(format!("the path `{whole}`"), first.at))
    }

    fn call(&mut self, name: Token<'a>) -> Result<Call, Refused> {
        let known = Function::ALL.iter().find(|(known, ..)| *known == name.text);
        let Some((_, function, least, most)) = known else {
            return Err(Refused::new(
                format!("the function `{}`", name.text),
                name.at,
            ));
        };
        self.expect("(")?;
        let mut arguments = Vec::new();
        while !self.accept(")") {
            if !arguments.is_empty() {
                self.expect(",")?;
            }
            arguments.push(self.value()?);
        }
        if !(*least..=*most).contains(&arguments.len()) {
            return Err(Refused::new(
                format!("so many arguments of `{}`", name.text),
                name.at,
            ));
        }
        let pattern = match (function, arguments.get(1)) {
            (Function::IsMatch, Some(Expression::Literal(Value::Text(pattern)))) => {
                let compiled = crate::re2::compile(pattern);
                Some(
                    compiled
                        .map_err(|_| Refused::new(format!("the pattern `{pattern}`"), name.at))?,
                )
            }
            (Function::IsMatch, _) => {
                return Err(Refused::new(
                    "a pattern that is no string in quotes",
                    name.at,
                ));
            }
            _ => None,
        };
        if self.is("[") {
            return Err(Refused::new(
                "a key of what a function gives",
                self.peek().at,
            ));
        }
        Ok(Call {
            function: *function,
            arguments,
            pattern,
        })
    }
}

/// The context of this name.
fn context_named(name: &str) -> Option<Context> {
    Some(match name {
        "resource" => Context::Resource,
        "scope" | "instrumentation_scope" => Context::Scope,
        "span" => Context::Span,
        "spanevent" => Context::SpanEvent,
        "metric" => Context::Metric,
        "datapoint" => Context::DataPoint,
        "log" => Context::Log,
        _ => return None,
    })
}

fn comparison(text: &str) -> Comparison {
    match text {
        "==" => Comparison::Equal,
        "!=" => Comparison::NotEqual,
        "<" => Comparison::Less,
        "<=" => Comparison::LessOrEqual,
        ">" => Comparison::Greater,
        _ => Comparison::GreaterOrEqual,
    }
}

fn number(sign: &str, digits: &str) -> Option<Expression> {
    let text = format!("{sign}{digits}");
    let value = match text.parse::<i64>() {
        Ok(whole) => Value::Int(whole),
        Err(_) if digits.bytes().all(|byte| byte.is_ascii_digit()) => return None,
        Err(_) => Value::Double(text.parse().ok()?),
    };
    Some(Expression::Literal(value))
}

/// A text without its quotes, and with what is escaped in it as itself.
fn unquoted(text: &str) -> String {
    let inner = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .unwrap_or(text);
    let mut out = String::with_capacity(inner.len());
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some('r') => out.push('\r'),
                Some(other @ ('"' | '\\')) => out.push(other),
                // Go reads more escapes; a pattern has them as they are.
                Some(other) => out.extend(['\\', other]),
                None => {}
            },
            _ => out.push(letter),
        }
    }
    out
}

fn unhex(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    (digits.len().is_multiple_of(2)).then(|| pairs.map(byte).collect())?
}

/// The number that a symbol stands for.
fn symbol_value(symbol: &str) -> Option<i64> {
    const NUMBERED: [(&str, &[&str]); 4] = [
        (
            "SPAN_KIND_",
            &[
                "UNSPECIFIED",
                "INTERNAL",
                "SERVER",
                "CLIENT",
                "PRODUCER",
                "CONSUMER",
            ],
        ),
        ("STATUS_CODE_", &["UNSET", "OK", "ERROR"]),
        (
            "AGGREGATION_TEMPORALITY_",
            &["UNSPECIFIED", "DELTA", "CUMULATIVE"],
        ),
        (
            "METRIC_DATA_TYPE_",
            &[
                "NONE",
                "GAUGE",
                "SUM",
                "HISTOGRAM",
                "EXPONENTIAL_HISTOGRAM",
                "SUMMARY",
            ],
        ),
    ];
    const SEVERITIES: [&str; 6] = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
    for (prefix, names) in NUMBERED {
        if let Some(name) = symbol.strip_prefix(prefix) {
            return i64::try_from(names.iter().position(|known| *known == name)?).ok();
        }
    }
    match symbol {
        "FLAG_NONE" => return Some(0),
        "FLAG_NO_RECORDED_VALUE" => return Some(1),
        _ => {}
    }
    let name = symbol.strip_prefix("SEVERITY_NUMBER_")?;
    if name == "UNSPECIFIED" {
        return Some(0);
    }
    let plain = name.trim_end_matches(['2', '3', '4']);
    let step = match &name[plain.len()..] {
        "" => 0,
        "2" => 1,
        "3" => 2,
        "4" => 3,
        _ => return None,
    };
    let level = i64::try_from(SEVERITIES.iter().position(|known| *known == plain)?).ok()?;
    Some(1 + 4 * level + step)
}
