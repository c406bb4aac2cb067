//! What does the head of a request say, and is it well-formed (RFC 9113, section 8)?

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, request::Parts};

use crate::{
    Encoding, Metadata, Refusal, Signal,
    metadata::Hearing,
    receive::grpc::{self, name},
};

/// The fields of one block, taken in as they are read.
#[derive(Debug)]
pub(super) struct Head {
    /// What is kept of them.
    pub(super) kept: Kept,
    /// How long the body is, if that is said.
    pub(super) length: Option<u64>,
    /// The pseudo-headers that were there.
    seen: u8,
    /// What listens for those that somebody downstream asks for.
    hearing: Option<Box<Hearing>>,
    /// Whether an ordinary field was.
    ordinary: bool,
    wrong: Option<&'static str>,
}

/// What is kept of the fields.
#[derive(Debug)]
pub(super) enum Kept {
    /// What matters of a call of gRPC.
    Call(Call),
    /// All of them.
    Request(Box<Request>),
    /// Nothing: they follow a body.
    Trailers,
}

/// A call of gRPC.
#[derive(Debug, Default)]
pub(super) struct Call {
    /// Whether it is one: by the content type.
    pub(super) is_grpc: bool,
    /// Whether it is a POST.
    pub(super) is_post: bool,
    /// The signal that it brings, if the method is one of ours.
    pub(super) signal: Option<Signal>,
    /// The path, if it is none of ours.
    pub(super) path: String,
    /// How its message may be compressed.
    pub(super) coding: Coding,
}

/// How a message is compressed that says that it is.
#[derive(Debug, Default)]
pub(super) enum Coding {
    /// So.
    Known(Encoding),
    /// In a way that is not known here.
    Unknown(Box<str>),
    /// Nothing was said.
    #[default]
    Unsaid,
}

/// A request over HTTP.
#[derive(Debug, Default)]
pub(super) struct Request {
    method: Option<Method>,
    path: Option<Uri>,
    headers: HeaderMap,
}

const METHOD: u8 = 1;
const SCHEME: u8 = 2;
const PATH: u8 = 4;
const AUTHORITY: u8 = 8;

impl Head {
    /// An empty one.
    pub(super) fn new(kept: Kept) -> Self {
        Self {
            kept,
            length: None,
            seen: 0,
            hearing: None,
            ordinary: false,
            wrong: None,
        }
    }

    /// The same where somebody listens.
    pub(super) fn heard_by(mut self, hearing: Option<Hearing>) -> Self {
        self.hearing = hearing.map(Box::new);
        self
    }

    /// What was heard by who listens.
    pub(super) fn metadata(&mut self) -> Result<Option<Arc<Metadata>>, Refusal> {
        match self.hearing.take() {
            Some(hearing) => hearing.heard(),
            None => Ok(None),
        }
    }

    /// Takes one field.
    pub(super) fn field(&mut self, name: &[u8], value: &[u8]) {
        let taken = match name {
            [b':', ..] => self.pseudo(name, value),
            _ => self.ordinary(name, value),
        };
        if let Err(why) = taken {
            self.wrong.get_or_insert(why);
        }
        if let Some(hearing) = &mut self.hearing {
            hearing.field(name, value);
        }
    }

    /// What is wrong with it as a whole, once all fields were taken.
    pub(super) fn wrong(&self) -> Option<&'static str> {
        let needed = match self.kept {
            Kept::Trailers => 0,
            _ => METHOD | SCHEME | PATH,
        };
        let missing = self.seen & needed != needed;
        self.wrong
            .or_else(|| missing.then_some("a pseudo-header is missing"))
    }

    fn pseudo(&mut self, name: &[u8], value: &[u8]) -> Result<(), &'static str> {
        if self.ordinary || matches!(self.kept, Kept::Trailers) {
            return Err("a pseudo-header stands where none may");
        }
        let which = match name {
            b":method" => METHOD,
            b":scheme" => SCHEME,
            b":path" => PATH,
            b":authority" => AUTHORITY,
            _ => return Err("a pseudo-header is unknown"),
        };
        if self.seen & which != 0 {
            return Err("a pseudo-header came twice");
        }
        self.seen |= which;
        if which == PATH && value.is_empty() {
            return Err("the path is empty");
        }
        match &mut self.kept {
            Kept::Call(call) => {
                call.pseudo(which, value);
                Ok(())
            }
            Kept::Request(request) => request.pseudo(which, value),
            Kept::Trailers => Ok(()),
        }
    }

    fn ordinary(&mut self, name: &[u8], value: &[u8]) -> Result<(), &'static str> {
        self.ordinary = true;
        let good = |byte: &u8| byte.is_ascii_graphic() && !byte.is_ascii_uppercase();
        if name.is_empty() || !name.iter().all(good) {
            return Err("the name of a field is not one");
        }
        if value.iter().any(|byte| matches!(byte, 0 | b'\r' | b'\n')) {
            return Err("the value of a field is not one");
        }
        match name {
            b"connection" | b"keep-alive" | b"proxy-connection" | b"transfer-encoding"
            | b"upgrade" => return Err("a field is about the connection"),
            b"te" if value != b"trailers" => return Err("a field is about the connection"),
            b"content-length" => self.length(value)?,
            _ => {}
        }
        match &mut self.kept {
            Kept::Call(call) => {
                call.field(name, value);
                Ok(())
            }
            Kept::Request(request) => request.field(name, value),
            Kept::Trailers => Ok(()),
        }
    }

    fn length(&mut self, value: &[u8]) -> Result<(), &'static str> {
        let text = std::str::from_utf8(value).ok();
        let text = text.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let length = text.and_then(|text| text.parse().ok());
        let length = length.ok_or("the length is no number")?;
        if self.length.is_some_and(|other| other != length) {
            return Err("two lengths are said");
        }
        self.length = Some(length);
        Ok(())
    }
}

impl Call {
    fn pseudo(&mut self, which: u8, value: &[u8]) {
        match which {
            METHOD => self.is_post = value == b"POST",
            PATH => {
                self.signal = grpc::signal(value);
                if self.signal.is_none() {
                    self.path = String::from_utf8_lossy(value).into_owned();
                }
            }
            _ => {}
        }
    }

    fn field(&mut self, field: &[u8], value: &[u8]) {
        if field == b"content-type" {
            self.is_grpc = value.starts_with(grpc::CONTENT.as_bytes());
        } else if field == name::ENCODING.as_bytes() {
            let name = String::from_utf8_lossy(value);
            self.coding = match Encoding::grpc_named(&name) {
                Some(encoding) => Coding::Known(encoding),
                None => Coding::Unknown(name.into()),
            };
        }
    }
}

impl Request {
    fn pseudo(&mut self, which: u8, value: &[u8]) -> Result<(), &'static str> {
        match which {
            METHOD => {
                let method = Method::from_bytes(value);
                self.method = Some(method.map_err(|_| "the method is none")?);
            }
            PATH => {
                let path = Uri::try_from(value);
                self.path = Some(path.map_err(|_| "the path is none")?);
            }
            _ => {}
        }
        Ok(())
    }

    fn field(&mut self, name: &[u8], value: &[u8]) -> Result<(), &'static str> {
        let name = HeaderName::from_bytes(name);
        let name = name.map_err(|_| "the name of a field is not one")?;
        let value = HeaderValue::from_bytes(value);
        let value = value.map_err(|_| "the value of a field is not one")?;
        // There are no more than fit into the largest list, each of 32 bytes at least.
        self.headers.append(name, value);
        Ok(())
    }

    /// The same as the rest of the program knows it.
    pub(super) fn parts(self) -> Parts {
        let (mut parts, ()) = http::Request::new(()).into_parts();
        parts.method = self.method.unwrap_or_default();
        parts.uri = self.path.unwrap_or_default();
        parts.headers = self.headers;
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: &[(&str, &str)] = &[
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/x"),
        (":authority", "a"),
    ];

    fn wrong(kept: Kept, fields: &[(&str, &str)]) -> Option<&'static str> {
        let mut head = Head::new(kept);
        for (name, value) in fields {
            head.field(name.as_bytes(), value.as_bytes());
        }
        head.wrong()
    }

    #[test]
    fn a_head_that_is_not_well_formed_says_why() {
        let cases: [(&[(&str, &str)], &str); 9] = [
            (&[("Upper", "")], "the name of a field is not one"),
            (&[("a b", "")], "the name of a field is not one"),
            (&[("a", "b\n")], "the value of a field is not one"),
            (
                &[("connection", "close")],
                "a field is about the connection",
            ),
            (&[("te", "gzip")], "a field is about the connection"),
            (&[(":method", "GET")], "a pseudo-header came twice"),
            (&[(":status", "200")], "a pseudo-header is unknown"),
            (
                &[("a", ""), (":x", "")],
                "a pseudo-header stands where none may",
            ),
            (
                &[("content-length", "1"), ("content-length", "2")],
                "two lengths are said",
            ),
        ];
        for (fields, why) in cases {
            for kept in [Kept::Call(Call::default()), Kept::Request(Box::default())] {
                assert_eq!(
                    wrong(kept, &[USUAL, fields].concat()),
                    Some(why),
                    "{fields:?}"
                );
            }
        }
        for without in 0..3 {
            let mut fields = USUAL.to_vec();
            fields.remove(without);
            assert_eq!(
                wrong(Kept::Call(Call::default()), &fields),
                Some("a pseudo-header is missing")
            );
        }
        assert_eq!(wrong(Kept::Request(Box::default()), USUAL), None);
        assert_eq!(wrong(Kept::Trailers, &[("te", "trailers")]), None);
    }
}
