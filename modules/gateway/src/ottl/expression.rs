//! Is a condition true?

use regex::Regex;
use thiserror::Error;

use super::{
    path::{Path, Subject},
    value::{Comparison, Value},
};
use crate::wire;

/// Something that is true or not.
#[derive(Clone, Debug)]
pub(super) enum Boolean {
    Literal(bool),
    Not(Box<Self>),
    And(Vec<Self>),
    Or(Vec<Self>),
    Compare(Expression, Comparison, Expression),
    /// A function that says yes or no.
    Call(Call),
}

/// Something that has a value.
#[derive(Clone, Debug)]
pub(super) enum Expression {
    Literal(Value<'static>),
    Path(Path),
    Call(Box<Call>),
}

/// A function with its arguments.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) function: Function,
    pub(super) arguments: Vec<Expression>,
    /// The pattern of `IsMatch`.
    pub(super) pattern: Option<Regex>,
}

macro_rules! functions {
    ($($function:ident: $least:literal to $most:literal,)*) => {
        /// The functions that conditions here may use.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Function {
            $($function,)*
        }

        impl Function {
            /// Their names, and how many arguments they take.
            pub(super) const ALL: &'static [(&'static str, Self, usize, usize)] =
                &[$((stringify!($function), Self::$function, $least, $most),)*];
        }
    };
}

functions! {
    ConvertCase: 2 to 2,
    Double: 1 to 1,
    HasPrefix: 2 to 2,
    HasSuffix: 2 to 2,
    Int: 1 to 1,
    IsBool: 1 to 1,
    IsDouble: 1 to 1,
    IsInt: 1 to 1,
    IsList: 1 to 1,
    IsMap: 1 to 1,
    IsMatch: 2 to 2,
    IsRootSpan: 0 to 0,
    IsString: 1 to 1,
    Len: 1 to 1,
    String: 1 to 1,
}

/// Why it cannot be told whether a condition is true.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{function}` takes {wants}, and was given {given}")]
pub struct Untold {
    pub(super) function: &'static str,
    pub(super) wants: &'static str,
    pub(super) given: &'static str,
}

impl Boolean {
    pub(super) fn holds(&self, subject: &Subject<'_>) -> Result<bool, Untold> {
        Ok(match self {
            Self::Literal(yes) => *yes,
            Self::Not(inner) => !inner.holds(subject)?,
            Self::And(all) => {
                for each in all {
                    if !each.holds(subject)? {
                        return Ok(false);
                    }
                }
                true
            }
            Self::Or(any) => {
                for each in any {
                    if each.holds(subject)? {
                        return Ok(true);
                    }
                }
                false
            }
            Self::Compare(left, comparison, right) => left
                .get(subject)?
                .compare(*comparison, &right.get(subject)?),
            Self::Call(call) => call.get(subject)? == Value::Bool(true),
        })
    }

    /// Everything that has a value in it.
    pub(super) fn expressions<'a>(&'a self, each: &mut dyn FnMut(&'a Expression)) {
        match self {
            Self::Literal(_) => {}
            Self::Not(inner) => inner.expressions(each),
            Self::And(all) | Self::Or(all) => all.iter().for_each(|one| one.expressions(each)),
            Self::Compare(left, _, right) => {
                left.visit(each);
                right.visit(each);
            }
            Self::Call(call) => call
                .arguments
                .iter()
                .for_each(|argument| argument.visit(each)),
        }
    }
}

impl Expression {
    fn get<'a>(&self, subject: &Subject<'a>) -> Result<Value<'a>, Untold> {
        match self {
            Self::Literal(value) => Ok(value.clone()),
            Self::Path(path) => path.get(subject),
            Self::Call(call) => call.get(subject),
        }
    }

    fn visit<'a>(&'a self, each: &mut dyn FnMut(&'a Self)) {
        each(self);
        if let Self::Call(call) = self {
            call.arguments
                .iter()
                .for_each(|argument| argument.visit(each));
        }
    }
}

impl Call {
    fn get<'a>(&self, subject: &Subject<'a>) -> Result<Value<'a>, Untold> {
        if self.function == Function::IsRootSpan {
            return Ok(Value::Bool(wire::Span::read(subject.item).is_root()));
        }
        let mut arguments = Vec::with_capacity(self.arguments.len());
        for argument in &self.arguments {
            arguments.push(argument.get(subject)?);
        }
        let first = arguments.first().cloned().unwrap_or(Value::Nil);
        let second = arguments.get(1).cloned().unwrap_or(Value::Nil);
        Ok(match self.function {
            Function::IsString => Value::Bool(matches!(first, Value::Text(_))),
            Function::IsInt => Value::Bool(matches!(first, Value::Int(_))),
            Function::IsDouble => Value::Bool(matches!(first, Value::Double(_))),
            Function::IsBool => Value::Bool(matches!(first, Value::Bool(_))),
            Function::IsMap => Value::Bool(matches!(first, Value::Map(_))),
            Function::IsList => Value::Bool(matches!(first, Value::List(_))),
            Function::IsMatch => {
                let pattern = self.pattern.as_ref();
                let matched = first
                    .text()
                    .is_some_and(|text| pattern.is_some_and(|pattern| pattern.is_match(&text)));
                Value::Bool(matched)
            }
            Function::HasPrefix => {
                Value::Bool(string("HasPrefix", &first)?.starts_with(string("HasPrefix", &second)?))
            }
            Function::HasSuffix => {
                Value::Bool(string("HasSuffix", &first)?.ends_with(string("HasSuffix", &second)?))
            }
            Function::ConvertCase => {
                let text = string("ConvertCase", &first)?;
                Value::Text(match string("ConvertCase", &second)? {
                    "lower" => text.to_lowercase().into(),
                    _ => text.to_uppercase().into(),
                })
            }
            Function::String => first
                .text()
                .map_or(Value::Nil, |text| Value::Text(text.into_owned().into())),
            Function::Int => int(&first)?,
            Function::Double => double(&first)?,
            Function::Len => Value::Int(length(&first)?),
            Function::IsRootSpan => Value::Nil,
        })
    }
}

fn string<'a>(function: &'static str, value: &'a Value<'_>) -> Result<&'a str, Untold> {
    match value {
        Value::Text(text) => Ok(text),
        other => Err(Untold {
            function,
            wants: "a string",
            given: other.kind(),
        }),
    }
}

fn int(value: &Value<'_>) -> Result<Value<'static>, Untold> {
    Ok(match value {
        Value::Nil => Value::Nil,
        Value::Int(number) => Value::Int(*number),
        Value::Double(number) => Value::Int(crate::text::whole(*number)),
        Value::Text(text) => text.parse().map_or(Value::Nil, Value::Int),
        Value::Bool(yes) => Value::Int((*yes).into()),
        other => return Err(no_number("Int", other)),
    })
}

fn double(value: &Value<'_>) -> Result<Value<'static>, Untold> {
    Ok(match value {
        Value::Nil => Value::Nil,
        #[expect(clippy::cast_precision_loss, reason = "as the collector does")]
        Value::Int(number) => Value::Double(*number as f64),
        Value::Double(number) => Value::Double(*number),
        // The collector knows no number in it, while an integer that is none is nothing.
        Value::Text(text) => {
            let number = text.parse().map_err(|_| no_number("Double", value))?;
            Value::Double(number)
        }
        Value::Bool(yes) => Value::Double(f64::from(u8::from(*yes))),
        other => return Err(no_number("Double", other)),
    })
}

fn no_number(function: &'static str, given: &Value<'_>) -> Untold {
    Untold {
        function,
        wants: "a number, a string that is one or a boolean",
        given: given.kind(),
    }
}

fn length(value: &Value<'_>) -> Result<i64, Untold> {
    let count = match value {
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::Map(entries) | Value::List(entries) => wire::Fields::of(entries)
            .filter(|field| field.number == 1)
            .count(),
        other => {
            let (function, wants) = ("Len", "a string, bytes, a list or a map");
            return Err(Untold {
                function,
                wants,
                given: other.kind(),
            });
        }
    };
    Ok(i64::try_from(count).unwrap_or(i64::MAX))
}
