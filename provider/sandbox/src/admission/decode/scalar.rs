//! How texts, numbers, times, quantities and bytes are read and written back.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fields::Quantity;
use jiff::Timestamp;
use serde_json::Value;

use super::super::types::Type;
use super::Numbers;

/// Why a scalar cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// Another JSON type is wanted.
    WrongType,
    /// The JSON type is right, the text is not; this is the message.
    Unreadable(String),
}

/// The canonical form of a scalar.
pub(super) fn read(holds: &Type, raw: &Value, numbers: Numbers) -> Result<Value, Problem> {
    match (holds, raw) {
        (Type::Text | Type::Duration | Type::IntOrString, Value::String(_))
        | (Type::Bool, Value::Bool(_))
        | (Type::Float, Value::Number(_)) => Ok(raw.clone()),
        (Type::Int32, Value::Number(number)) => {
            whole(number, numbers, i64::from(i32::MIN)..=i64::from(i32::MAX))
        }
        (Type::Int64, Value::Number(number)) => whole(number, numbers, i64::MIN..=i64::MAX),
        (Type::IntOrString, Value::Number(number)) => whole(
            number,
            Numbers::Checked,
            i64::from(i32::MIN)..=i64::from(i32::MAX),
        ),
        (Type::Time, Value::String(text)) => time(text).map(Value::String),
        (Type::MicroTime, Value::String(text)) => micro_time(text).map(Value::String),
        (Type::Quantity, Value::String(_) | Value::Number(_)) => Quantity::from_json(raw)
            .map(|quantity| Value::String(quantity.to_string()))
            .map_err(|error| Problem::Unreadable(error.to_string())),
        (Type::Bytes, Value::String(text)) => bytes(text).map(Value::String),
        _ => Err(Problem::WrongType),
    }
}

fn whole(
    number: &serde_json::Number,
    numbers: Numbers,
    range: std::ops::RangeInclusive<i64>,
) -> Result<Value, Problem> {
    match (number.as_i64(), numbers) {
        (Some(fits), _) if range.contains(&fits) => Ok(fits.into()),
        // Go's conversion keeps the low bits.
        #[expect(
            clippy::cast_possible_truncation,
            reason = "wrapping is what is being imitated"
        )]
        (Some(large), Numbers::Wrapping) => Ok((large as i32).into()),
        _ => Err(Problem::WrongType),
    }
}

fn time(text: &str) -> Result<String, Problem> {
    let at: Timestamp = text
        .parse()
        .map_err(|_| no_time(text, "2006-01-02T15:04:05Z07:00"))?;
    let seconds = Timestamp::from_second(at.as_second())
        .map_err(|_| no_time(text, "2006-01-02T15:04:05Z07:00"))?;
    Ok(seconds.to_string())
}

/// Times with microseconds must have all six digits.
fn micro_time(text: &str) -> Result<String, Problem> {
    const LAYOUT: &str = "2006-01-02T15:04:05.000000Z07:00";
    let six = text
        .split_once('.')
        .is_some_and(|(_, rest)| rest.bytes().take_while(u8::is_ascii_digit).count() == 6);
    let at: Timestamp = text.parse().map_err(|_| no_time(text, LAYOUT))?;
    if !six {
        return Err(no_time(text, LAYOUT));
    }
    Ok(format!("{at:.6}"))
}

fn no_time(text: &str, layout: &str) -> Problem {
    Problem::Unreadable(format!(
        "parsing time {text:?} as {layout:?}: cannot parse {text:?} as \"2006\""
    ))
}

/// Base64 as Go reads it: with padding, line breaks ignored; written back without them.
fn bytes(text: &str) -> Result<String, Problem> {
    let joined: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
    match STANDARD.decode(&joined) {
        Ok(decoded) => Ok(STANDARD.encode(decoded)),
        Err(error) => {
            let place = match error {
                base64::DecodeError::InvalidByte(at, _)
                | base64::DecodeError::InvalidLastSymbol(at, _) => at,
                _ => joined.len(),
            };
            Err(Problem::Unreadable(format!(
                "illegal base64 data at input byte {place}"
            )))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn scalars_are_written_back_in_one_form() {
        let cases = [
            (
                Type::Time,
                json!("2026-01-02T03:04:05.678+01:00"),
                json!("2026-01-02T02:04:05Z"),
            ),
            (
                Type::MicroTime,
                json!("2026-01-02T03:04:05.000000Z"),
                json!("2026-01-02T03:04:05.000000Z"),
            ),
            (Type::Quantity, json!(0.5), json!("500m")),
            (Type::Bytes, json!("YQ=\n="), json!("YQ==")),
            (Type::IntOrString, json!("80%"), json!("80%")),
        ];
        for (holds, raw, written) in cases {
            assert_eq!(read(&holds, &raw, Numbers::Checked), Ok(written), "{raw}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_or_wraps_around() {
        let large = json!(3_000_000_000_i64);
        assert_eq!(
            read(&Type::Int32, &large, Numbers::Checked),
            Err(Problem::WrongType)
        );
        assert_eq!(
            read(&Type::Int32, &large, Numbers::Wrapping),
            Ok(json!(-1_294_967_296))
        );
        assert_eq!(
            read(&Type::Int32, &json!(2.0), Numbers::Wrapping),
            Err(Problem::WrongType)
        );
        assert!(matches!(
            read(
                &Type::MicroTime,
                &json!("2026-01-02T03:04:05Z"),
                Numbers::Checked
            ),
            Err(Problem::Unreadable(_))
        ));
    }
}
