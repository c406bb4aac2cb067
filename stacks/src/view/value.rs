//! Which values are better shown line by line?

use serde_json::Value;

/// Both, where they are texts of several lines: they are better shown as a difference of lines.
pub(crate) fn are_texts<'a>(
    before: Option<&'a Value>,
    after: Option<&'a Value>,
) -> Option<(&'a str, &'a str)> {
    match (before?.as_str()?, after?.as_str()?) {
        (before, after) if before.contains('\n') || after.contains('\n') => Some((before, after)),
        _ => None,
    }
}
