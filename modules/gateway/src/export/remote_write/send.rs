//! How do requests reach a Prometheus server?
//!
//! A server takes no sample of a series that is older than one that it has. So each series belongs to one shard, the
//! requests of a shard follow one another, and the next payload waits until this one has arrived.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures::future::{BoxFuture, join_all};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use tokio::time::timeout;

use super::{Prepared, Request, Version, Writer, written::Written};
use crate::{
    Payload, Signal,
    export::{
        Amount, Delivered, Failure, MakeError, Sender,
        otlp::{headers, retry_after},
        post::{Idle, Post},
        workspace::Workspace,
    },
    settings::{RemoteWrite as Settings, WriteVersion},
    telemetry::{Family, Reading},
};

/// How many times as many bytes as a payload has its requests take, compressed, at most: each bucket of a histogram is a series
/// with all labels, which compression makes small again.
const GROWTH: usize = 2;

/// An exporter to a Prometheus server.
pub struct RemoteWrite {
    writer: Writer,
    post: Post,
    headers: HeaderMap,
    timeout: Duration,
    endpoint: String,
    shards: usize,
    /// Requests that were sent, whatever was answered.
    sent: Amount,
    /// Series that metrics became.
    series: Amount,
    /// What the server says that it has written; none where it is not asked to say it.
    written: Option<Written>,
    workspace: Workspace,
}

impl RemoteWrite {
    /// An exporter that connects when it first has something to send; a request may take so long.
    pub fn new(settings: &Settings, timeout: Option<Duration>) -> Result<Arc<Self>, MakeError> {
        let version = match settings.version {
            WriteVersion::V1 => Version::One,
            WriteVersion::V2 => Version::Two,
        };
        let mut headers = headers(&settings.headers, None)?;
        for (name, value) in [
            (header::CONTENT_TYPE, version.content_type()),
            (header::CONTENT_ENCODING, "snappy"),
            (
                HeaderName::from_static("x-prometheus-remote-write-version"),
                version.number(),
            ),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let idle = Idle {
            keep: true,
            timeout: None,
        };
        let shards = usize::try_from(settings.senders).unwrap_or(1);
        Ok(Arc::new(Self {
            writer: Writer::new(&settings.settings, version, settings.max_request, shards),
            post: Post::new(&settings.settings.endpoint, &settings.tls, idle)?,
            headers,
            timeout: timeout.unwrap_or(Duration::MAX),
            endpoint: settings.settings.endpoint.clone(),
            shards,
            sent: Amount::default(),
            series: Amount::default(),
            written: (version == Version::Two).then(Written::default),
            workspace: Workspace::new(),
        }))
    }

    /// Sends the requests of one shard, one after the other. One that is refused for ever is no reason to keep back others.
    async fn shard(&self, requests: Vec<Request>) -> Result<(), Failure> {
        let mut sent_all = Ok(());
        for request in requests {
            self.sent.add(1);
            let body = Bytes::from(request.body).into();
            let late = |_| Failure::passing("the server did not answer in time");
            let sent = timeout(self.timeout, self.post.send(&self.headers, &body)).await;
            let (head, body) = sent.map_err(late)??;
            if let Some(written) = &self.written {
                written.said(&head, request.contents, &self.endpoint);
            }
            if head.status.is_success() {
                continue;
            }
            let said = String::from_utf8_lossy(&body);
            let said = said.lines().next().unwrap_or_default();
            let why = format!("the server answered {}: {said}", head.status);
            let passes = head.status.is_server_error() || head.status.as_u16() == 429;
            if passes {
                return Err(Failure::Passing {
                    why: why.into(),
                    after: retry_after(&head),
                });
            }
            sent_all = Err(Failure::Lasting(why.into()));
        }
        sent_all
    }

    async fn all(&self, payload: &Payload) -> Result<Delivered, Failure> {
        if payload.signal != Signal::Metrics {
            return Err(Failure::Lasting(
                "only metrics can be written to a Prometheus server".into(),
            ));
        }
        let budget = payload.charge.budget();
        let most = (payload.body.len() * GROWTH) as u64;
        let mut space = self.workspace.room(budget, most).await;
        let prepared = self.writer.prepare(&payload.body.joined());
        let Prepared {
            shards,
            dropped,
            series,
        } = prepared;
        let requests = shards.iter().flatten();
        let made = requests.map(|made| made.body.capacity()).sum::<usize>();
        space.fit(made as u64);
        self.series.add(series);
        let mut lasting = None;
        for sent in join_all(shards.into_iter().map(|requests| self.shard(requests))).await {
            match sent {
                Ok(()) => {}
                // What has arrived may come again: the same samples once more change nothing.
                Err(failure @ (Failure::Passing { .. } | Failure::TooLarge(_))) => {
                    return Err(failure);
                }
                Err(failure) => lasting = Some(failure),
            }
        }
        match lasting {
            Some(failure) => Err(failure),
            None if dropped == 0 => Ok(Delivered::default()),
            None => Ok(Delivered {
                rejected: dropped,
                message: "they have no counterpart in Prometheus".to_owned(),
                ..Delivered::default()
            }),
        }
    }
}

impl Sender for RemoteWrite {
    fn send<'a>(&'a self, payload: &'a Payload) -> BoxFuture<'a, Result<Delivered, Failure>> {
        Box::pin(self.all(payload))
    }

    fn metrics(&self, exporter: &str) -> Vec<Family> {
        let series = |number| {
            let labels = vec![
                ("endpoint", self.endpoint.clone()),
                ("exporter", exporter.to_owned()),
            ];
            vec![(labels, Reading::Whole(number))]
        };
        let mut families = vec![
            Family::gauge(
                "exporter_prometheusremotewrite_consumers",
                "Number of configured workers to use to fan out the outgoing requests [Development]",
                series(self.shards as u64),
            ),
            Family::counter(
                "exporter_prometheusremotewrite_sent_batches",
                "Number of remote write request batches sent to the remote write endpoint regardless of success or failure [Development]",
                series(self.sent.get()),
            ),
            Family::counter(
                "exporter_prometheusremotewrite_translated_time_series",
                "Number of Prometheus time series that were translated from OTel metrics [Development]",
                series(self.series.get()),
            ),
        ];
        if let Some(written) = &self.written {
            families.extend(written.families(series));
        }
        families
    }
}
