//! What did the other side say to a request?

/// What was said, and to which request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The number of the request.
    pub request: u64,
    /// What was said.
    pub outcome: Outcome,
}

/// What was said to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It is taken in whole.
    Accepted,
    /// It is taken but for some spans, and nobody says which.
    Partial,
    /// It may come again.
    Later(u16),
    /// It may not come again.
    Never(u16),
}

impl Outcome {
    /// What a gRPC status means to a sender, by the OTLP specification; `advised` is whether it came with details,
    /// which is where advice to come again stands.
    pub fn of_grpc(status: u16, advised: bool) -> Self {
        match status {
            0 => Self::Accepted,
            1 | 4 | 10 | 11 | 14 | 15 => Self::Later(status),
            8 if advised => Self::Later(status),
            _ => Self::Never(status),
        }
    }

    /// What an HTTP status means to a sender, by the OTLP specification.
    pub fn of_http(status: u16) -> Self {
        match status {
            200..300 => Self::Accepted,
            429 | 502 | 503 | 504 => Self::Later(status),
            _ => Self::Never(status),
        }
    }
}

/// Whether an `ExportTraceServiceResponse` says that spans were rejected.
pub fn rejects(response: &[u8]) -> bool {
    let mut rejected = false;
    let read = crate::scan::fields(response, 1, |mut partial| {
        while !partial.is_empty() {
            let key = crate::scan::varint(&mut partial)?;
            let value = crate::scan::varint(&mut partial)?;
            match key {
                0x08 => rejected = value > 0,
                _ => partial = partial.get(usize::try_from(value).ok()?..)?,
            }
        }
        Some(())
    });
    rejected && read.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry_proto::tonic::collector::trace::v1::{
        ExportTracePartialSuccess, ExportTraceServiceResponse,
    };
    use prost::Message as _;

    #[test]
    fn a_partial_success_is_one_only_with_rejected_spans() {
        for (rejected_spans, message) in [(0, ""), (0, "careful"), (3, ""), (3, "too old")] {
            let response = ExportTraceServiceResponse {
                partial_success: Some(ExportTracePartialSuccess {
                    rejected_spans,
                    error_message: message.into(),
                }),
            };
            assert_eq!(rejects(&response.encode_to_vec()), rejected_spans > 0);
        }
        assert!(!rejects(&[]));
    }

    #[test]
    fn exhaustion_may_come_again_only_if_it_says_so() {
        assert_eq!(Outcome::of_grpc(8, false), Outcome::Never(8));
        assert_eq!(Outcome::of_grpc(8, true), Outcome::Later(8));
        assert_eq!(Outcome::of_http(503), Outcome::Later(503));
        assert_eq!(Outcome::of_http(413), Outcome::Never(413));
    }
}
