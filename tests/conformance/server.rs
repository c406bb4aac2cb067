//! Which server is asked, and how?

use std::time::Duration;

use futures::StreamExt;
use http_body_util::{BodyExt, BodyStream};
use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use sandbox::{Controllers, Sandbox};
use serde_json::Value;
use tokio::net::TcpListener;

/// A server to replay against.
pub(crate) enum Server {
    /// An empty sandbox of ours, over a socket.
    Sandbox {
        client: Client,
        server: sandbox::Server,
    },
    /// A cluster that the caller names.
    Cluster { client: Client },
}

/// One request, filled in.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<String>,
}

/// One answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) warnings: Vec<String>,
    pub(crate) body: Value,
}

impl Server {
    /// The cluster of `CONFORMANCE_KUBECONFIG`, or a sandbox.
    pub(crate) async fn start() -> Self {
        if let Ok(path) = std::env::var("CONFORMANCE_KUBECONFIG") {
            let kubeconfig = Kubeconfig::read_from(path).unwrap();
            let options = KubeConfigOptions::default();
            let config = Config::from_custom_kubeconfig(kubeconfig, &options)
                .await
                .unwrap();
            return Self::Cluster {
                client: plain_client(config),
            };
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Sandbox::new()
            .controllers(Controllers::Off)
            .serve(listener)
            .unwrap();
        let client = plain_client(Config::new(server.url().parse().unwrap()));
        Self::Sandbox { client, server }
    }

    fn client(&self) -> &Client {
        match self {
            Self::Sandbox { client, .. } | Self::Cluster { client } => client,
        }
    }

    pub(crate) async fn stop(self) {
        if let Self::Sandbox { server, .. } = self {
            server.stop().await;
        }
    }

    /// Sends a request and reads the whole answer. A 429 that was not expected is tried again.
    pub(crate) async fn send(&self, sent: &Sent) -> Result<Answer, String> {
        let response = open(self.client(), sent).await?;
        read(response).await
    }

    /// Opens a watch and reads events until there are enough, the time is up or the server closes.
    pub(crate) fn watch(
        &self,
        sent: Sent,
        events: Option<usize>,
        patience: Duration,
    ) -> impl Future<Output = Result<Answer, String>> + Send + 'static {
        let client = self.client().clone();
        async move {
            let response = open(&client, &sent).await?;
            if response.status() != 200 {
                return read(response).await;
            }
            let mut answer = head(&response);
            let mut stream = BodyStream::new(response.into_body());
            let mut text = Vec::new();
            let enough = |text: &[u8]| {
                events.is_some_and(|events| text.split(|byte| *byte == b'\n').count() > events)
            };
            let _ = tokio::time::timeout(patience, async {
                while !enough(&text)
                    && let Some(Ok(frame)) = stream.next().await
                {
                    text.extend_from_slice(frame.data_ref().map_or(&[][..], |bytes| bytes));
                }
            })
            .await;
            let lines = text
                .split(|byte| *byte == b'\n')
                .filter(|line| !line.is_empty());
            let parsed = lines.map(serde_json::from_slice::<Value>);
            let wanted = events.unwrap_or(usize::MAX);
            let parsed: Result<Vec<Value>, _> = parsed.take(wanted).collect();
            answer.body = parsed
                .map(Value::Array)
                .map_err(|error| error.to_string())?;
            Ok(answer)
        }
    }
}

/// A client that adds nothing: no retries, no limits.
fn plain_client(mut config: Config) -> Client {
    config.default_retry = false;
    config.read_timeout = None;
    Client::try_from(config).unwrap()
}

async fn open(client: &Client, sent: &Sent) -> Result<http::Response<Body>, String> {
    let mut request = http::Request::builder()
        .method(sent.method.as_str())
        .uri(&sent.path);
    for (name, value) in &sent.headers {
        request = request.header(name, value);
    }
    let body = sent
        .body
        .clone()
        .map_or_else(Body::empty, |body| Body::from(body.into_bytes()));
    let request = request.body(body).map_err(|error| error.to_string())?;
    client
        .send(request)
        .await
        .map_err(|error| format!("the server did not answer: {error:?}"))
}

async fn read(response: http::Response<Body>) -> Result<Answer, String> {
    let mut answer = head(&response);
    let bytes = response
        .into_body()
        .collect()
        .await
        .map_err(|error| error.to_string())?
        .to_bytes();
    let text = String::from_utf8_lossy(&bytes);
    answer.body = match text.as_ref() {
        "" => Value::Null,
        text => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())),
    };
    Ok(answer)
}

fn head(response: &http::Response<Body>) -> Answer {
    let header = |name: &str| {
        let values = response.headers().get_all(name).into_iter();
        values
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .collect::<Vec<_>>()
    };
    let content_type = header("content-type").first().cloned().unwrap_or_default();
    Answer {
        status: response.status().as_u16(),
        content_type: content_type
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned(),
        warnings: header("warning").iter().map(|text| warning(text)).collect(),
        body: Value::Null,
    }
}

/// The text of `299 - "text"`.
fn warning(header: &str) -> String {
    let quoted = header
        .splitn(3, ' ')
        .nth(2)
        .and_then(|rest| rest.strip_prefix('"'));
    let mut text = String::new();
    let mut letters = quoted.unwrap_or(header).chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => text.extend(letters.next()),
            '"' => break,
            letter => text.push(letter),
        }
    }
    text
}

#[test]
fn a_warning_header_is_unquoted() {
    assert_eq!(
        warning(r#"299 - "unknown field \"spec.x\"""#),
        r#"unknown field "spec.x""#
    );
}
