//! The exporters that speak OTLP, over gRPC and over HTTP.

use std::collections::BTreeMap;

use super::{
    connection::{Auth, ClientKeepalive, ClientTls, Middleware},
    queue::{Retry, SendingQueue},
};
use crate::component::{Class, Component};
use crate::{ComponentId, ComponentType, Distribution, Duration, Need, Signal, Stability, Traffic};

settings! {
    /// OTLP over gRPC.
    #[derive(Eq)]
    pub struct OtlpGrpc {
        /// `host:port`, or `dns:///host:port` to balance over all addresses of a name, or `unix:///path` of a socket.
        /// Inside a load balancer there is none: the resolver knows it.
        pub endpoint: String,
        /// TLS; on, with the system's authorities, where nothing is said.
        pub tls: ClientTls,
        /// Who it says it is.
        pub auth: Option<Auth>,
        /// How calls are spread over addresses: `round_robin` where nothing is said.
        pub balancer_name: Option<String>,
        /// What servers are told that they are called.
        pub authority: Option<String>,
        /// How requests are compressed: `gzip` where nothing is said; `snappy` takes far less of a processor.
        pub compression: Option<String>,
        /// Headers of every request.
        pub headers: BTreeMap<String, String>,
        /// What it says it is called.
        pub user_agent: Option<String>,
        /// When pings are sent.
        pub keepalive: Option<ClientKeepalive>,
        /// How many bytes are read at a time.
        pub read_buffer_size: Option<u64>,
        /// How many bytes are written at a time: 512 KiB where nothing is said.
        pub write_buffer_size: Option<u64>,
        /// Whether a request waits for the connection, instead of failing.
        pub wait_for_ready: bool,
        /// Extensions that look at requests.
        pub middlewares: Vec<Middleware>,
        /// How long one request may take: 5 s where nothing is said.
        pub timeout: Option<Duration>,
        /// The queue.
        pub sending_queue: Option<SendingQueue>,
        /// Trying again.
        pub retry_on_failure: Option<Retry>,
    }

    /// OTLP over HTTP.
    #[derive(Eq)]
    pub struct OtlpHttp {
        /// The base URL; `/v1/traces`, `/v1/metrics`, `/v1/logs` are appended.
        pub endpoint: String,
        /// The whole URL for traces, in place of the base and a path.
        pub traces_endpoint: Option<String>,
        /// The whole URL for metrics.
        pub metrics_endpoint: Option<String>,
        /// The whole URL for logs.
        pub logs_endpoint: Option<String>,
        /// TLS for `https` URLs.
        pub tls: ClientTls,
        /// Who it says it is.
        pub auth: Option<Auth>,
        /// How requests are compressed: `gzip` where nothing is said.
        pub compression: Option<String>,
        /// How hard.
        pub compression_params: CompressionParams,
        /// `proto` or `json`.
        pub encoding: Option<String>,
        /// Headers of every request.
        pub headers: BTreeMap<String, String>,
        /// The URL of a proxy.
        pub proxy_url: Option<String>,
        /// How many bytes are read at a time.
        pub read_buffer_size: Option<u64>,
        /// How many bytes are written at a time: 512 KiB where nothing is said.
        pub write_buffer_size: Option<u64>,
        /// How many connections are kept: 100 where nothing is said.
        pub max_idle_conns: Option<u32>,
        /// How many of them to one host.
        pub max_idle_conns_per_host: Option<u32>,
        /// How many connections to one host there may be.
        pub max_conns_per_host: Option<u32>,
        /// How long an unused one is kept: 90 s where nothing is said.
        pub idle_conn_timeout: Option<Duration>,
        /// Whether none is kept.
        pub disable_keep_alives: bool,
        /// Whether HTTP/2 is tried: it is, where nothing is said.
        pub force_attempt_http2: Option<bool>,
        /// After how much silence an HTTP/2 connection is tried.
        pub http2_read_idle_timeout: Option<Duration>,
        /// How long the answer to that may take.
        pub http2_ping_timeout: Option<Duration>,
        /// Extensions that look at requests.
        pub middlewares: Vec<Middleware>,
        /// How long one request may take: 30 s where nothing is said.
        pub timeout: Option<Duration>,
        /// The queue.
        pub sending_queue: Option<SendingQueue>,
        /// Trying again.
        pub retry_on_failure: Option<Retry>,
    }

    /// How hard something is compressed.
    #[derive(Eq)]
    pub struct CompressionParams {
        /// More is smaller and slower.
        pub level: Option<i32>,
    }
}

impl CompressionParams {
    /// What is wrong with how hard something is compressed in this way.
    fn mistake(&self, compression: &str) -> Option<String> {
        let level = self.level?;
        let (right, levels) = match compression {
            "gzip" | "zlib" | "deflate" => (-2..=9, "levels from -2 to 9"),
            // Any level of zstd is the nearest that there is; and where nothing is compressed, nobody asks.
            "zstd" | "none" | "" => return None,
            _ => (0..=0, "no levels"),
        };
        (!right.contains(&level))
            .then(|| format!("compression_params: `{compression}` has {levels}, not {level}"))
    }
}

/// The storage extension that a queue names.
pub(crate) fn storage(queue: Option<&SendingQueue>) -> Vec<ComponentId> {
    let storage = queue.and_then(|queue| queue.storage.clone());
    storage.into_iter().collect()
}

/// What is wrong with a queue, if there is one.
pub(crate) fn queue_mistakes(queue: Option<&SendingQueue>) -> Vec<String> {
    queue.map(SendingQueue::mistakes).unwrap_or_default()
}

/// The extensions that a client names.
fn named(
    queue: Option<&SendingQueue>,
    auth: Option<&Auth>,
    middlewares: &[Middleware],
) -> Vec<ComponentId> {
    let mut found = storage(queue);
    found.extend(Auth::extension(auth));
    found.extend(middlewares.iter().filter_map(|one| one.id.clone()));
    found
}

impl OtlpGrpc {
    /// What is wrong with it apart from its endpoint, which a resolver may know.
    pub(crate) fn client_mistakes(&self) -> Vec<String> {
        // Without a name it is as if `pick_first` were named.
        const BALANCERS: [&str; 3] = ["round_robin", "pick_first", ""];
        let mut found = queue_mistakes(self.sending_queue.as_ref());
        found.extend(self.tls.mistakes());
        let balancer = self.balancer_name.as_deref().unwrap_or("round_robin");
        if !BALANCERS.contains(&balancer) {
            found.push(format!("there is no balancer `{balancer}`"));
        }
        found
    }

    /// Everything but the extension that its own queue names.
    pub(crate) fn client_extensions(&self) -> Vec<ComponentId> {
        named(None, self.auth.as_ref(), &self.middlewares)
    }
}

/// Whether something is a URL, or stands for one.
pub(crate) fn is_url(text: &str) -> bool {
    text.contains("://") || text.starts_with("${")
}

/// What the exporter would not start with: without a port it does not know where to call.
fn endpoint_mistake(endpoint: &str) -> Option<String> {
    if endpoint.is_empty() {
        return Some("`endpoint` is missing".to_owned());
    }
    if endpoint.starts_with("unix:") || endpoint.contains("${") {
        return None;
    }
    let schemes = ["http://", "https://", "dns:///", "dns://", "dns:"];
    let address = schemes
        .iter()
        .find_map(|scheme| endpoint.strip_prefix(scheme))
        .unwrap_or(endpoint)
        .trim_end_matches('/');
    let wrong = |what: &str| Some(format!("`endpoint`: {what}: `{endpoint}`"));
    match address.rsplit_once(':') {
        None => wrong("a port is missing, as in `host:4317`"),
        Some((host, _)) if host.contains(':') && !host.ends_with(']') => {
            wrong("an address of IPv6 stands in brackets, as in `[::1]:4317`")
        }
        Some((_, port)) if port.parse::<u16>().is_err() => {
            wrong("what follows the last colon is not a port from 0 to 65535")
        }
        Some(_) => None,
    }
}

impl Component for OtlpGrpc {
    const TYPE: &'static ComponentType = &ComponentType::of::<Self>(Class::Exporter, "otlp_grpc")
        .in_gateway()
        .within(Distribution::ALL)
        .renamed_from("otlp", 144)
        .signals(&Signal::ALL)
        .ripe(Stability::Stable);

    fn extensions(&self) -> Vec<ComponentId> {
        let queue = self.sending_queue.as_ref();
        named(queue, self.auth.as_ref(), &self.middlewares)
    }

    fn mistakes(&self) -> Vec<String> {
        let mut found = self.client_mistakes();
        found.extend(endpoint_mistake(&self.endpoint));
        found
    }

    fn needs(&self) -> Vec<Need> {
        if self.endpoint.starts_with("unix:") {
            return Vec::new();
        }
        vec![Need::Traffic(Traffic::Endpoint(self.endpoint.clone()))]
    }
}

impl OtlpHttp {
    /// The URLs that it sends to, and the keys that say them.
    fn urls(&self) -> impl Iterator<Item = (&'static str, &String)> {
        let all = [
            ("endpoint", Some(&self.endpoint)),
            ("traces_endpoint", self.traces_endpoint.as_ref()),
            ("metrics_endpoint", self.metrics_endpoint.as_ref()),
            ("logs_endpoint", self.logs_endpoint.as_ref()),
        ];
        let said = all.into_iter().filter_map(|(key, url)| Some((key, url?)));
        said.filter(|(_, url)| !url.is_empty())
    }
}

impl Component for OtlpHttp {
    const TYPE: &'static ComponentType = &ComponentType::of::<Self>(Class::Exporter, "otlp_http")
        .in_gateway()
        .within(Distribution::ALL)
        .renamed_from("otlphttp", 144)
        .signals(&Signal::ALL)
        .ripe(Stability::Stable);

    fn extensions(&self) -> Vec<ComponentId> {
        let queue = self.sending_queue.as_ref();
        named(queue, self.auth.as_ref(), &self.middlewares)
    }

    fn mistakes(&self) -> Vec<String> {
        let mut found = queue_mistakes(self.sending_queue.as_ref());
        found.extend(self.tls.mistakes());
        let wrong = self.urls().filter(|(_, url)| !is_url(url));
        found.extend(
            wrong.map(|(key, url)| {
                format!("`{key}` must be a URL, as in `http://host:4318`: `{url}`")
            }),
        );
        if self.urls().next().is_none() {
            found.push("`endpoint` is missing".to_owned());
        }
        let compression = self.compression.as_deref().unwrap_or("gzip");
        found.extend(self.compression_params.mistake(compression));
        found
    }

    fn needs(&self) -> Vec<Need> {
        let urls = self.urls().map(|(_, url)| url.clone());
        urls.map(Traffic::Endpoint).map(Need::Traffic).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_of_grpc_has_a_host_and_a_port() {
        for right in [
            "backend:4317",
            "http://backend:4317/",
            "dns:///backend.svc:4317",
            "[::1]:4317",
            "unix:///run/otlp.sock",
            "${env:BACKEND}",
        ] {
            assert_eq!(endpoint_mistake(right), None);
        }
        for (wrong, why) in [
            ("", "is missing"),
            ("backend", "a port is missing"),
            ("https://backend", "a port is missing"),
            ("::1:4317", "in brackets"),
            ("a:b:4317", "in brackets"),
            ("backend:otlp", "not a port"),
            ("backend:99999", "not a port"),
            ("backend:", "not a port"),
        ] {
            let said = endpoint_mistake(wrong).unwrap();
            assert!(said.contains(why), "{wrong}: {said}");
        }
    }
}
