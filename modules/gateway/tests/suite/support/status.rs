//! What a refusal says to programs: `google.rpc.Status`, as others read it.

use prost::Message;

/// A refusal.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Status {
    #[prost(int32, tag = "1")]
    pub(crate) code: i32,
    #[prost(string, tag = "2")]
    pub(crate) message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

#[derive(Clone, PartialEq, Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct BadRequest {
    #[prost(message, repeated, tag = "1")]
    field_violations: Vec<FieldViolation>,
}

#[derive(Clone, PartialEq, Message)]
struct FieldViolation {
    #[prost(string, tag = "1")]
    field: String,
    #[prost(string, tag = "2")]
    description: String,
}

impl Status {
    /// What is wrong with the request, by the only detail that there is; none if there is none.
    pub(crate) fn violations(&self) -> Option<Vec<String>> {
        let [any] = &self.details[..] else {
            assert!(self.details.is_empty(), "{:?}", self.details);
            return None;
        };
        assert_eq!(any.type_url, "type.googleapis.com/google.rpc.BadRequest");
        let bad = BadRequest::decode(&*any.value).unwrap();
        let said = bad.field_violations.into_iter();
        Some(said.map(|violation| violation.description).collect())
    }
}
