//! What does the server send back?

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::Stream;
use futures::stream::BoxStream;
use http::header::{CONTENT_TYPE, HeaderValue, WARNING};
use http::{Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use serde_json::Value;

use crate::status::Refusal;

/// One answer, before it is bytes.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content: Content,
    pub(crate) warnings: Vec<String>,
}

/// What an answer holds.
pub(crate) enum Content {
    /// A document, with its media type.
    Json(&'static str, Value),
    /// A document as YAML.
    Yaml(Value),
    /// Text, with its media type.
    Text(&'static str, String),
    /// Lines that come as they happen.
    Stream(BoxStream<'static, Bytes>),
}

const JSON: &str = "application/json";

impl Answer {
    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self {
            status,
            content: Content::Json(JSON, body),
            warnings: Vec::new(),
        }
    }

    pub(crate) fn text(status: u16, text: impl Into<String>) -> Self {
        Self {
            status,
            content: Content::Text("text/plain", text.into()),
            warnings: Vec::new(),
        }
    }

    pub(crate) fn stream(lines: BoxStream<'static, Bytes>) -> Self {
        Self {
            status: 200,
            content: Content::Stream(lines),
            warnings: Vec::new(),
        }
    }

    pub(crate) fn warn(mut self, warnings: Vec<String>) -> Self {
        self.warnings.extend(warnings);
        self
    }

    /// The bytes of the answer.
    pub(crate) fn into_response(self) -> Response<AnswerBody> {
        let (media_type, body) = match self.content {
            Content::Json(media_type, value) => (media_type, value.to_string().into()),
            Content::Yaml(value) => {
                let yaml = serde_saphyr::to_string(&value).unwrap_or_else(|_| value.to_string());
                ("application/yaml", yaml.into())
            }
            Content::Text(media_type, text) => (media_type, text.into()),
            Content::Stream(lines) => (JSON, AnswerBody(Inner::Stream(lines))),
        };
        let mut response = Response::new(body);
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        for warning in &self.warnings {
            let quoted = warning
                .replace('\\', "\\\\")
                .replace('"', "\\\"")
                .replace('\n', " ");
            if let Ok(value) = HeaderValue::from_str(&format!("299 - \"{quoted}\"")) {
                headers.append(WARNING, value);
            }
        }
        response
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        Self::json(refusal.code, refusal.body())
    }
}

/// The body of an answer: whole, or a stream of watch events.
pub struct AnswerBody(Inner);

enum Inner {
    Whole(Option<Bytes>),
    Stream(BoxStream<'static, Bytes>),
}

impl From<String> for AnswerBody {
    fn from(text: String) -> Self {
        Self(Inner::Whole((!text.is_empty()).then(|| text.into())))
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match &mut self.0 {
            Inner::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Inner::Stream(lines) => Pin::new(lines)
                .poll_next(context)
                .map(|line| line.map(|line| Ok(Frame::data(line)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.0, Inner::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Inner::Whole(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Inner::Stream(_) => SizeHint::default(),
        }
    }
}
