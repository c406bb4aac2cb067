//! Tokens of service accounts: they have the shape of real ones and open nothing.

use fields::FieldSet;
use serde_json::{Value, json};

use super::call::Call;
use crate::answer::Answer;
use crate::merge::{self, Target, Update};
use crate::random;
use crate::status::{Cause, Refusal, Subject};
use crate::world::now;

const VERSION: &str = "authentication.k8s.io/v1";
const KIND: &str = "TokenRequest";
/// The shortest life that a token may be asked for.
const SHORTEST_SECONDS: i64 = 600;
const DEFAULT_SECONDS: i64 = 3_600;

pub(super) fn token(call: &Call<'_>, account: &Value) -> Result<Answer, Refusal> {
    let asked: Value = if call.body.is_empty() {
        json!({})
    } else {
        serde_json::from_slice(call.body).map_err(|error| {
            Refusal::bad_request(format!("error decoding token request: {error}"))
        })?
    };
    let seconds = asked["spec"]["expirationSeconds"]
        .as_i64()
        .unwrap_or(DEFAULT_SECONDS);
    check(seconds)?;
    let mut request = json!({
        "apiVersion": VERSION, "kind": KIND,
        "metadata": {
            "name": call.name(), "namespace": call.namespace(), "uid": account["metadata"]["uid"],
            "creationTimestamp": now(),
        },
        "spec": { "audiences": audiences(&asked), "expirationSeconds": seconds, "boundObjectRef": null },
    });
    let mut tracked = track(call, &request);
    request["metadata"]["managedFields"] = tracked["metadata"]["managedFields"].take();
    let end = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(seconds);
    request["status"] = json!({
        "token": format!("sandbox.{}", random::uuid()),
        "expirationTimestamp": end.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    });
    Ok(Answer::json(201, request))
}

fn audiences(asked: &Value) -> Value {
    match &asked["spec"]["audiences"] {
        Value::Array(audiences) => json!(audiences),
        _ => json!(["https://kubernetes.default.svc.cluster.local"]),
    }
}

fn check(seconds: i64) -> Result<(), Refusal> {
    if seconds >= SHORTEST_SECONDS {
        return Ok(());
    }
    let cause = Cause {
        reason: "FieldValueInvalid".to_owned(),
        message: format!(
            "Invalid value: {seconds}: may not specify a duration less than 10 minutes"
        ),
        field: "spec.expirationSeconds".to_owned(),
    };
    let about = Subject {
        group: "authentication.k8s.io",
        kind: KIND,
        name: "",
    };
    Err(Refusal::invalid(about, vec![cause]))
}

/// The request with its one owner.
fn track(call: &Call<'_>, request: &Value) -> Value {
    let target = Target {
        api_version: VERSION,
        kind: KIND,
        subresource: call.subresource(),
        versions: &merge::BuiltIn(KIND),
        empty: &json!({ "apiVersion": VERSION, "kind": KIND, "metadata": {}, "spec": {} }),
        reset: &FieldSet::new(),
    };
    let mut new = request.clone();
    if let Some(spec) = new["spec"].as_object_mut() {
        spec.remove("boundObjectRef");
    }
    let update = Update {
        live: None,
        new: &new,
        manager: &call.manager(),
        now: &now(),
    };
    merge::track_update(&target, update)
}
