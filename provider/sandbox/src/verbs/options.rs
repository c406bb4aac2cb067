//! Are the options of a request legal, each and together?

use super::call::{Call, DryRun};
use crate::status::{Cause, Refusal, Subject};

/// The longest name that a field manager can have.
const LONGEST_MANAGER: usize = 128;
const APPLY: &str = "application/apply-patch+yaml";
const NUMBERS: [&str; 3] = ["limit", "timeoutSeconds", "gracePeriodSeconds"];

/// Refuses a request whose query contradicts itself.
pub(super) fn check(call: &Call<'_>) -> Result<(), Refusal> {
    if matches!(call.method.as_str(), "PATCH" | "PUT") {
        check_name(call.name())?;
    }
    for name in NUMBERS {
        if let Some(text) = call.query.get(name)
            && text.parse::<i64>().is_err()
        {
            return Err(Refusal::bad_request(format!(
                "strconv.ParseInt: parsing {text:?}: invalid syntax"
            )));
        }
    }
    let mut causes = Vec::new();
    let mut add = |field: &str, reason: &str, message: String| {
        causes.push(Cause {
            reason: reason.to_owned(),
            message,
            field: field.to_owned(),
        });
    };
    let manager = call.query.get("fieldManager").unwrap_or_default();
    if call.method == http::Method::PATCH {
        let is_apply = call.media_type() == APPLY;
        if is_apply && manager.is_empty() {
            add(
                "fieldManager",
                "FieldValueRequired",
                "Required value: is required for apply patch".to_owned(),
            );
        }
        if !is_apply && call.query.get("force").is_some() {
            let message = "Forbidden: may not be specified for non-apply patch";
            add("force", "FieldValueForbidden", message.to_owned());
        }
    }
    if manager.len() > LONGEST_MANAGER {
        let message = format!("Too long: may not be more than {LONGEST_MANAGER} bytes");
        add("fieldManager", "FieldValueTooLong", message);
    }
    if manager.chars().any(char::is_control) {
        let message =
            format!("Invalid value: {manager:?}: should only contain printable characters");
        add("fieldManager", "FieldValueInvalid", message);
    }
    if causes.is_empty() {
        Ok(())
    } else {
        Err(refuse(call, causes))
    }
}

/// A name must be able to stand in a path.
fn check_name(name: &str) -> Result<(), Refusal> {
    let problem = match name {
        "." | ".." => Some(format!("may not be '{name}'")),
        _ => ['/', '%']
            .into_iter()
            .find(|letter| name.contains(*letter))
            .map(|letter| format!("may not contain '{letter}'")),
    };
    match problem {
        None => Ok(()),
        Some(problem) => Err(Refusal::bad_request(format!(
            "Name parameter invalid: {name:?}: {problem}"
        ))),
    }
}

/// Whether a write is to be tried only; `values` are all that the request says of it.
pub(super) fn dry_run(call: &Call<'_>, values: &[&str]) -> Result<DryRun, Refusal> {
    if values.is_empty() {
        Ok(DryRun::No)
    } else if values.iter().all(|value| *value == "All") {
        Ok(DryRun::All)
    } else {
        Err(one(
            call,
            "dryRun",
            "FieldValueNotSupported",
            format!("Unsupported value: {values:?}: supported values: \"All\""),
        ))
    }
}

/// A refusal for one option.
pub(super) fn one(call: &Call<'_>, field: &str, reason: &str, message: String) -> Refusal {
    refuse(
        call,
        vec![Cause {
            reason: reason.to_owned(),
            message,
            field: field.to_owned(),
        }],
    )
}

fn refuse(call: &Call<'_>, causes: Vec<Cause>) -> Refusal {
    Refusal::invalid(
        Subject {
            group: "meta.k8s.io",
            kind: call.options_kind(),
            name: "",
        },
        causes,
    )
}
