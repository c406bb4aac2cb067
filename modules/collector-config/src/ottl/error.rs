//! What can be wrong with a text in OTTL?

use std::fmt;

/// Something wrong with a text in OTTL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The letter at which it stands, counted from 1.
    pub at: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What can be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// A letter that begins nothing.
    Letter(char),
    /// A text in quotes that does not end.
    OpenText,
    /// Something else has to stand there.
    Unexpected {
        /// What stands there; nothing at the end.
        found: String,
        /// What might.
        expected: Vec<&'static str>,
    },
    /// There is no such function here.
    Function {
        /// Its name.
        name: String,
        /// The known name that is nearest to it.
        near: Option<String>,
    },
    /// A function got too few or too many arguments.
    Arguments {
        /// Its name.
        function: &'static str,
        /// How many it takes at least and at most.
        takes: (usize, usize),
        /// How many there are.
        given: usize,
    },
    /// A function has no such argument.
    Argument {
        /// The function.
        function: &'static str,
        /// The argument.
        name: String,
        /// The known name that is nearest to it.
        near: Option<String>,
    },
    /// There is no such path here.
    Path {
        /// The path.
        name: String,
        /// The known path that is nearest to it.
        near: Option<String>,
    },
    /// A path that is one value has a key.
    Key(String),
    /// A path that does not say what it belongs to, where nothing else says it.
    NoContext(String),
    /// There is no such symbol here.
    Symbol {
        /// Its name.
        name: String,
        /// The known symbol that is nearest to it.
        near: Option<String>,
    },
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at letter {}: {}", self.at, self.problem)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Letter(letter) => write!(f, "`{letter}` begins nothing"),
            Self::OpenText => f.write_str("a text in quotes does not end"),
            Self::Unexpected { found, expected } => {
                if found.is_empty() {
                    f.write_str("the text ends")?;
                } else {
                    write!(f, "there is `{found}`")?;
                }
                f.write_str(", expected ")?;
                list(f, expected)
            }
            Self::Function { name, near } => {
                write!(f, "there is no function `{name}` here")?;
                meant(f, near.as_deref())
            }
            Self::Arguments {
                function,
                takes: (least, most),
                given,
            } => {
                write!(f, "`{function}` takes {least}")?;
                if least != most {
                    write!(f, " to {most}")?;
                }
                write!(f, " arguments, and gets {given}")
            }
            Self::Argument {
                function,
                name,
                near,
            } => {
                write!(f, "`{function}` has no argument `{name}`")?;
                meant(f, near.as_deref())
            }
            Self::Path { name, near } => {
                write!(f, "there is no path `{name}` here")?;
                meant(f, near.as_deref())
            }
            Self::Key(name) => write!(f, "`{name}` is one value and has no keys"),
            Self::NoContext(name) => {
                write!(f, "`{name}` has to say whose it is, such as `span.{name}`")
            }
            Self::Symbol { name, near } => {
                write!(f, "there is no symbol `{name}` here")?;
                meant(f, near.as_deref())
            }
        }
    }
}

fn meant(f: &mut fmt::Formatter<'_>, near: Option<&str>) -> fmt::Result {
    near.map_or(Ok(()), |near| write!(f, "; did you mean `{near}`?"))
}

/// Words are said as they are; what describes a kind of word is said without quotes.
fn list(f: &mut fmt::Formatter<'_>, expected: &[&str]) -> fmt::Result {
    for (n, what) in expected.iter().enumerate() {
        let before = match n {
            0 => "",
            n if n + 1 == expected.len() => " or ",
            _ => ", ",
        };
        f.write_str(before)?;
        if what.contains(' ') {
            f.write_str(what)?;
        } else {
            write!(f, "`{what}`")?;
        }
    }
    Ok(())
}
