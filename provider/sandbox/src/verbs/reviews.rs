//! Reviews: questions to the server that are answered and never stored.

use serde_json::{Value, json};

use super::body;
use super::call::Call;
use crate::answer::Answer;
use crate::status::Refusal;

pub(super) fn review(call: &Call<'_>) -> Result<Answer, Refusal> {
    let mut review = body::object(call)?;
    review["status"] = status(&call.resource.kind);
    Ok(call.answer(201, review))
}

/// Everybody may do everything here.
fn status(kind: &str) -> Value {
    let user =
        json!({ "username": "sandbox", "groups": ["system:masters", "system:authenticated"] });
    match kind {
        "SelfSubjectReview" => json!({ "userInfo": user }),
        "TokenReview" => json!({ "authenticated": true, "user": user }),
        "SelfSubjectRulesReview" => json!({
            "resourceRules": [{ "verbs": ["*"], "apiGroups": ["*"], "resources": ["*"] }],
            "nonResourceRules": [{ "verbs": ["*"], "nonResourceURLs": ["*"] }],
            "incomplete": false,
        }),
        _ => json!({ "allowed": true, "reason": "the sandbox allows everything" }),
    }
}
