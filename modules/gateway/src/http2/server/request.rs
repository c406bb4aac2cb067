//! Where does a request go, and what becomes of it?

use std::sync::Arc;

use http::{Response, StatusCode, request::Parts};

use super::head::{Call, Coding, Head, Kept};
use crate::{
    Metadata, Refusal, Signal,
    receive::{
        Protocol, Serving,
        grpc::{self, unknown_encoding, unknown_method},
        http1::{self, Asked},
        incoming::{Compressed, Incoming, Message},
        reply::Reply,
        status::Status,
    },
};

/// A request whose body is awaited.
#[derive(Debug)]
pub(super) enum Request {
    /// A call of gRPC.
    Call {
        signal: Signal,
        coding: Coding,
        metadata: Option<Arc<Metadata>>,
    },
    /// A request over HTTP.
    Http {
        head: Box<Parts>,
        asked: Asked,
        metadata: Option<Arc<Metadata>>,
    },
}

/// What its sender is told.
#[derive(Debug)]
pub(super) enum Answer {
    /// A call went well.
    Accepted,
    /// A call did not.
    Refused(Status),
    /// Whatever HTTP has to say.
    Http(Box<Response<Reply>>),
}

impl Answer {
    /// A status and nothing else.
    pub(super) fn status(status: StatusCode) -> Self {
        let mut response = Response::new(Reply::default());
        *response.status_mut() = status;
        Self::Http(Box::new(response))
    }
}

/// What to take in of the head of a request.
pub(super) fn empty(serving: &Serving) -> Head {
    let kept = match serving.protocol {
        Protocol::Grpc(_) => Kept::Call(Call::default()),
        Protocol::Http(_) => Kept::Request(Box::default()),
    };
    Head::new(kept).heard_by(serving.hearing())
}

impl Request {
    /// Finds out what a request wants: an answer, if nothing of it is wanted.
    pub(super) fn routed(mut head: Head, serving: &Serving) -> Result<Self, Answer> {
        let heard = head.metadata();
        let mut routed = Self::of(head, serving)?;
        match heard {
            Ok(said) => {
                let (Self::Call { metadata, .. } | Self::Http { metadata, .. }) = &mut routed;
                *metadata = said;
                Ok(routed)
            }
            Err(refusal) => Err(routed.unread(refusal, serving)),
        }
    }

    fn of(head: Head, serving: &Serving) -> Result<Self, Answer> {
        match (head.kept, &serving.protocol) {
            (Kept::Call(call), _) => Self::call(call, serving),
            (Kept::Request(request), Protocol::Http(http)) => {
                let head = Box::new(request.parts());
                if let Some(preflight) = http1::preflight(&head, http) {
                    return Err(Answer::Http(Box::new(preflight)));
                }
                match http1::asked(&head, serving, http) {
                    Ok(asked) => Ok(Self::Http {
                        head,
                        asked,
                        metadata: None,
                    }),
                    Err(status) => {
                        let response = http1::respond(&head, Err(status), http);
                        Err(Answer::Http(Box::new(response)))
                    }
                }
            }
            (Kept::Request(_) | Kept::Trailers, _) => {
                Err(Answer::status(StatusCode::INTERNAL_SERVER_ERROR))
            }
        }
    }

    fn call(call: Call, serving: &Serving) -> Result<Self, Answer> {
        if !call.is_grpc {
            return Err(Answer::Http(Box::new(grpc::foreign())));
        }
        let signal = call.signal.filter(|_| call.is_post);
        let signal = signal.ok_or_else(|| Answer::Refused(unknown_method(&call.path)))?;
        let wanted = serving.intake.way(signal);
        wanted.map_err(|refusal| Answer::Refused(refusal.into()))?;
        Ok(Self::Call {
            signal,
            coding: call.coding,
            metadata: None,
        })
    }

    /// What its body becomes.
    pub(super) fn body(&self, length: Option<u64>) -> Incoming {
        match self {
            Self::Call { .. } => Incoming::grpc(),
            Self::Http { .. } => Incoming::http(length),
        }
    }

    /// What to say because its body was not read to the end.
    pub(super) fn unread(self, refusal: Refusal, serving: &Serving) -> Answer {
        let (Self::Call { signal, .. }
        | Self::Http {
            asked: Asked { signal, .. },
            ..
        }) = &self;
        serving.tallies.unread(*signal, &refusal);
        self.answer(Err(refusal.into()), serving)
    }

    fn answer(self, result: Result<(), Status>, serving: &Serving) -> Answer {
        match (self, &serving.protocol, result) {
            (Self::Http { head, .. }, Protocol::Http(http), result) => {
                Answer::Http(Box::new(http1::respond(&head, result, http)))
            }
            (_, _, Ok(())) => Answer::Accepted,
            (_, _, Err(status)) => Answer::Refused(status),
        }
    }

    /// Hands its message on, and says what came of that.
    pub(super) async fn answered(self, mut message: Message, serving: Arc<Serving>) -> Answer {
        let (Self::Call { metadata, .. } | Self::Http { metadata, .. }) = &self;
        message.metadata.clone_from(metadata);
        let result = match &self {
            Self::Call { signal, coding, .. } => {
                let encoding = match (message.compressed, coding) {
                    (Compressed::No, _) => Ok(None),
                    (Compressed::Yes, Coding::Known(encoding)) => Ok(Some(*encoding)),
                    (Compressed::Yes, Coding::Unknown(name)) => Err(unknown_encoding(name)),
                    (Compressed::Yes, Coding::Unsaid) => Err(unknown_encoding("identity")),
                };
                match encoding {
                    Ok(encoding) => grpc::take(message, encoding, *signal, &serving).await,
                    Err(status) => Err(status),
                }
            }
            Self::Http { asked, .. } => http1::take(*asked, message, &serving).await,
        };
        self.answer(result, &serving)
    }
}
