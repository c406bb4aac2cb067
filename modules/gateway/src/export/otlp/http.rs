//! How are payloads exported over HTTP?

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderMap, HeaderValue, header};
use tokio::{sync::Semaphore, time::timeout};

use super::{
    answer,
    compress::{compress, most},
    headers::headers,
};
use crate::{
    Chunks, Payload, Signal,
    export::{
        Delivered, Failure, MakeError, Sender,
        post::{Idle, Post},
        workspace::Workspace,
    },
    json,
    settings::{Encoding, OtlpHttp},
};

/// An exporter over HTTP/1.1.
pub struct Http {
    settings: OtlpHttp,
    timeout: Duration,
    targets: [Option<Post>; 3],
    headers: HeaderMap,
    /// How many connections there may be.
    connections: Semaphore,
    workspace: Workspace,
}

impl Http {
    /// An exporter that connects when it first has something to send.
    pub fn new(settings: &OtlpHttp, timeout: Option<Duration>) -> Result<Arc<Self>, MakeError> {
        let idle = Idle {
            keep: settings.keep_alive,
            timeout: settings.idle_timeout,
        };
        let target = |url: &Option<String>| {
            let url = url.as_deref();
            url.map(|url| Post::new(url, &settings.tls, idle))
                .transpose()
        };
        let mut headers = headers(&settings.headers, None)?;
        let content_type = match settings.encoding {
            Encoding::Proto => "application/x-protobuf",
            Encoding::Json => "application/json",
        };
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        let most = settings
            .max_connections
            .map_or(Semaphore::MAX_PERMITS, |most| most as usize);
        Ok(Arc::new(Self {
            targets: [
                target(&settings.traces)?,
                target(&settings.metrics)?,
                target(&settings.logs)?,
            ],
            timeout: timeout.unwrap_or(Duration::MAX),
            headers,
            connections: Semaphore::new(most),
            workspace: Workspace::new(),
            settings: settings.clone(),
        }))
    }

    /// How many bytes a request may take beside the payload.
    fn most(&self, payload: &Payload) -> u64 {
        match self.settings.encoding {
            Encoding::Proto => most(&payload.body, self.settings.compression),
            Encoding::Json => (payload.body.len() * json::TEXT) as u64,
        }
    }

    fn request(&self, payload: &Payload) -> Result<(HeaderMap, Chunks), Failure> {
        let lasting = |error: &dyn std::error::Error| Failure::Lasting(error.to_string().into());
        let body = match self.settings.encoding {
            Encoding::Proto => payload.body.clone(),
            Encoding::Json => to_json(payload.signal, &payload.body)?,
        };
        let (body, encoding) =
            compress(&body, self.settings.compression).map_err(|error| lasting(&error))?;
        let mut headers = self.headers.clone();
        if let Some(encoding) = encoding {
            let name = HeaderValue::from_static(encoding.http_name());
            headers.insert(header::CONTENT_ENCODING, name);
        }
        Ok((headers, body))
    }

    async fn call(
        &self,
        signal: Signal,
        headers: &HeaderMap,
        body: &Chunks,
    ) -> Result<Delivered, Failure> {
        let target = self.targets[signal as usize].as_ref();
        let target = target.ok_or(Failure::Lasting("there is no URL for this signal".into()))?;
        let permit = self.connections.acquire().await;
        let _permit = permit.map_err(|_| Failure::passing("the exporter has ended"))?;
        let (head, body) = target.send(headers, body).await?;
        answer::http(&head, &body, self.settings.encoding)
    }
}

fn to_json(signal: Signal, body: &Chunks) -> Result<Chunks, Failure> {
    let mut text = Vec::with_capacity(body.len() * json::TEXT);
    json::from_protobuf(signal, &body.joined(), &mut text)
        .map_err(|error| Failure::Lasting(error.to_string().into()))?;
    // It is kept until it has arrived.
    text.shrink_to_fit();
    Ok(Chunks::from(Bytes::from(text)))
}

impl Sender for Http {
    fn send<'a>(&'a self, payload: &'a Payload) -> BoxFuture<'a, Result<Delivered, Failure>> {
        Box::pin(async move {
            let late = |_| Failure::passing("the destination did not answer in time");
            let most = self.most(payload);
            let mut space = self.workspace.room(payload.charge.budget(), most).await;
            let (headers, body) = self.request(payload)?;
            space.fit(body.len() as u64);
            timeout(self.timeout, self.call(payload.signal, &headers, &body))
                .await
                .map_err(late)?
        })
    }
}
