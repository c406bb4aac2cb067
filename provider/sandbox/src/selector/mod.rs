//! Which objects does a label or field selector choose?

mod fields;

use serde_json::Value;

use crate::status::Refusal;
pub(crate) use fields::FieldSelector;

/// A parsed `labelSelector`: all requirements must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LabelSelector(Vec<Requirement>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    Exists,
    Absent,
    In(Vec<String>),
    NotIn(Vec<String>),
    Greater(i64),
    Less(i64),
}

impl LabelSelector {
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        Parser::new(text)
            .requirements()
            .map(Self)
            .map_err(|why| Refusal::bad_request(format!("unable to parse requirement: {why}")))
    }

    /// The selector of a workload's `matchLabels` and `matchExpressions`.
    pub(crate) fn of_object(selector: &Value) -> Self {
        let mut requirements: Vec<Requirement> = equalities(&selector["matchLabels"]);
        for expression in selector["matchExpressions"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let values = || {
                let values = expression["values"].as_array();
                values
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .map(str::to_owned)
                    .collect()
            };
            let test = match expression["operator"].as_str() {
                Some("In") => Test::In(values()),
                Some("NotIn") => Test::NotIn(values()),
                Some("DoesNotExist") => Test::Absent,
                _ => Test::Exists,
            };
            let key = expression["key"].as_str().unwrap_or_default().to_owned();
            requirements.push(Requirement { key, test });
        }
        Self(requirements)
    }

    /// The selector of a Service: a plain map.
    pub(crate) fn of_map(map: &Value) -> Self {
        Self(equalities(map))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an object's labels satisfy every requirement.
    pub(crate) fn matches(&self, object: &Value) -> bool {
        self.matches_labels(&object["metadata"]["labels"])
    }

    pub(crate) fn matches_labels(&self, labels: &Value) -> bool {
        self.0.iter().all(|requirement| {
            let label = labels.get(&requirement.key).and_then(Value::as_str);
            match (&requirement.test, label) {
                (Test::Exists, label) => label.is_some(),
                (Test::Absent, label) => label.is_none(),
                (Test::In(values), Some(label)) => values.iter().any(|value| value == label),
                (Test::NotIn(values), Some(label)) => values.iter().all(|value| value != label),
                (Test::NotIn(_), None) => true,
                (Test::Greater(bound), Some(label)) => {
                    label.parse::<i64>().is_ok_and(|number| number > *bound)
                }
                (Test::Less(bound), Some(label)) => {
                    label.parse::<i64>().is_ok_and(|number| number < *bound)
                }
                (Test::In(_) | Test::Greater(_) | Test::Less(_), None) => false,
            }
        })
    }
}

fn equalities(map: &Value) -> Vec<Requirement> {
    map.as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| Requirement {
            key: key.clone(),
            test: Test::In(vec![value.as_str().unwrap_or_default().to_owned()]),
        })
        .collect()
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Sign(&'static str),
    End,
}

struct Parser {
    tokens: Vec<Token>,
    position: usize,
}

impl Parser {
    fn new(text: &str) -> Self {
        Self {
            tokens: tokens(text),
            position: 0,
        }
    }

    fn peek(&self) -> &Token {
        self.tokens.get(self.position).unwrap_or(&Token::End)
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.position += 1;
        token
    }

    fn requirements(mut self) -> Result<Vec<Requirement>, String> {
        let mut requirements = Vec::new();
        if *self.peek() == Token::End {
            return Ok(requirements);
        }
        loop {
            requirements.push(self.requirement()?);
            match self.next() {
                Token::End => return Ok(requirements),
                Token::Sign(",") => {}
                other => {
                    return Err(format!(
                        "found '{}', expected: ',' or 'end of string'",
                        show(&other)
                    ));
                }
            }
        }
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        if *self.peek() == Token::Sign("!") {
            self.next();
            return Ok(Requirement {
                key: self.key()?,
                test: Test::Absent,
            });
        }
        let key = self.key()?;
        let test = match self.peek().clone() {
            Token::End | Token::Sign(",") => {
                return Ok(Requirement {
                    key,
                    test: Test::Exists,
                });
            }
            Token::Sign("=" | "==") => {
                self.after(Self::value).map(|value| Test::In(vec![value]))?
            }
            Token::Sign("!=") => self
                .after(Self::value)
                .map(|value| Test::NotIn(vec![value]))?,
            Token::Sign(">") => Test::Greater(self.after(Self::number)?),
            Token::Sign("<") => Test::Less(self.after(Self::number)?),
            Token::Word(word) if word == "in" => Test::In(self.after(Self::values)?),
            Token::Word(word) if word == "notin" => Test::NotIn(self.after(Self::values)?),
            other => {
                return Err(format!(
                    "found '{}', expected: in, notin, =, ==, !=, gt, lt",
                    show(&other)
                ));
            }
        };
        Ok(Requirement { key, test })
    }

    fn after<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, String>) -> Result<T, String> {
        self.next();
        read(self)
    }

    fn key(&mut self) -> Result<String, String> {
        match self.next() {
            Token::Word(word) if is_label_key(&word) => Ok(word),
            Token::Word(word) => Err(format!("Invalid value: \"{word}\": not a qualified name")),
            other => Err(format!("found '{}', expected: identifier", show(&other))),
        }
    }

    fn value(&mut self) -> Result<String, String> {
        match self.peek() {
            Token::End | Token::Sign(",") => Ok(String::new()),
            Token::Word(_) => match self.next() {
                Token::Word(word) if is_label_value(&word) => Ok(word),
                other => Err(format!(
                    "Invalid value: \"{}\": not a label value",
                    show(&other)
                )),
            },
            other @ Token::Sign(_) => Err(format!("found '{}', expected: identifier", show(other))),
        }
    }

    fn number(&mut self) -> Result<i64, String> {
        let value = self.value()?;
        value
            .parse()
            .map_err(|_| format!("Invalid value: \"{value}\": must be an integer"))
    }

    fn values(&mut self) -> Result<Vec<String>, String> {
        if self.next() != Token::Sign("(") {
            return Err("expected: '('".to_owned());
        }
        let mut values = Vec::new();
        loop {
            match self.next() {
                Token::Word(word) if is_label_value(&word) => values.push(word),
                Token::Sign(",") => {}
                Token::Sign(")") => return Ok(values),
                other => return Err(format!("found '{}', expected: ',', or ')'", show(&other))),
            }
        }
    }
}

fn show(token: &Token) -> &str {
    match token {
        Token::Word(word) => word,
        Token::Sign(sign) => sign,
        Token::End => "",
    }
}

fn tokens(text: &str) -> Vec<Token> {
    const SIGNS: [&str; 9] = ["==", "!=", "=", "!", ",", "(", ")", ">", "<"];
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            tokens.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        } else {
            let end = rest
                .find(|letter: char| letter.is_whitespace() || "=!,()<>".contains(letter))
                .unwrap_or(rest.len());
            tokens.push(Token::Word(rest[..end].to_owned()));
            rest = &rest[end..];
        }
        rest = rest.trim_start();
    }
    tokens
}

fn is_label_key(key: &str) -> bool {
    let name = key.split_once('/').map_or(key, |(_, name)| name);
    !name.is_empty() && is_label_value(name)
}

fn is_label_value(value: &str) -> bool {
    let edge = |letter: Option<char>| letter.is_none_or(|letter| letter.is_ascii_alphanumeric());
    value.len() <= 63
        && edge(value.chars().next())
        && edge(value.chars().last())
        && value
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{FieldSelector, LabelSelector};

    #[test]
    fn requirements_choose_by_label() {
        let object = json!({ "metadata": { "labels": { "app": "x", "tier": "2", "a.b/c": "" } } });
        let cases = [
            ("", true),
            ("app", true),
            ("!app", false),
            ("app=x,tier==2", true),
            ("app!=y", true),
            ("absent!=y", true),
            ("app in (x, y)", true),
            ("app notin (x)", false),
            ("tier>1,tier<3", true),
            ("a.b/c=", true),
            ("in in (in)", false),
        ];
        for (text, chosen) in cases {
            assert_eq!(
                LabelSelector::parse(text).unwrap().matches(&object),
                chosen,
                "{text}"
            );
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "a b", "=x", "a in x", "a in (", "a,,b", "-a", "a=b c", "a=%",
        ] {
            assert_eq!(LabelSelector::parse(text).unwrap_err().code, 400, "{text}");
        }
        assert_eq!(FieldSelector::parse("metadata.name").unwrap_err().code, 400);
    }

    #[test]
    fn fields_are_compared_as_text() {
        let object = json!({ "metadata": { "name": "a" }, "spec": { "replicas": 3 } });
        for (text, chosen) in [
            ("metadata.name=a", true),
            ("metadata.name!=a", false),
            ("spec.replicas=3,metadata.namespace=", true),
        ] {
            assert_eq!(
                FieldSelector::parse(text).unwrap().matches(&object),
                chosen,
                "{text}"
            );
        }
    }
}
