//! A program that listens on loopback, certificates for it, and a client that speaks plainly.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use injector::{Certificate, Config, Files, Limits, Server};
use rcgen::{CertificateParams, Issuer, KeyPair};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

const CONFIG: &str = r#"
name: otel
namespace: obs
stack: prod
annotations: [sidecar.otelier.dev/inject]
namespaces: { shop: {} }
sidecar:
  container: { name: otel-sidecar, image: "registry.invalid/otelcol:1", startupProbe: { tcpSocket: { port: 13133 } } }
  application: { grpc: "http://127.0.0.1:4317", http: "http://127.0.0.1:4318" }
"#;

/// Whom the client trusts.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

/// A certificate and its key, as PEM.
pub(crate) struct Pair {
    pub(crate) certificate: String,
    pub(crate) key: String,
    /// As it is shown in a handshake.
    pub(crate) shown: CertificateDer<'static>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().der().clone();
        Self {
            issuer: Issuer::new(params, key),
            certificate,
        }
    }

    /// A certificate for `injector.obs.svc`.
    pub(crate) fn sign(&self) -> Pair {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["injector.obs.svc".to_owned()]).unwrap();
        let shown = params.signed_by(&key, &self.issuer).unwrap().der().clone();
        Pair {
            certificate: pem("CERTIFICATE", &shown),
            key: pem("PRIVATE KEY", &key.serialize_der()),
            shown,
        }
    }

    fn connector(&self) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap();
        TlsConnector::from(Arc::new(
            config.with_root_certificates(roots).with_no_client_auth(),
        ))
    }
}

fn pem(what: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN {what}-----\n{}\n-----END {what}-----\n",
        lines.join("\n")
    )
}

/// A Secret as a kubelet mounts it: its files lead through one link that is exchanged all at once.
pub(crate) struct Mounted {
    folder: PathBuf,
    version: AtomicU32,
}

impl Mounted {
    pub(crate) fn new(pair: &Pair) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder =
            std::env::temp_dir().join(format!("otelier-injector-{}-{number}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        let mounted = Self {
            folder,
            version: AtomicU32::new(0),
        };
        mounted.exchange(&pair.certificate, &pair.key);
        for file in ["tls.crt", "tls.key"] {
            link(&Path::new("..data").join(file), &mounted.folder.join(file));
        }
        mounted
    }

    pub(crate) fn exchange(&self, certificate: &str, key: &str) {
        let version = format!("..{}", self.version.fetch_add(1, Ordering::Relaxed));
        let folder = self.folder.join(&version);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("tls.crt"), certificate).unwrap();
        fs::write(folder.join("tls.key"), key).unwrap();
        let fresh = self.folder.join("..data_tmp");
        link(Path::new(&version), &fresh);
        fs::rename(fresh, self.folder.join("..data")).unwrap();
    }

    pub(crate) fn files(&self) -> Files {
        Files {
            certificate: self.folder.join("tls.crt"),
            key: self.folder.join("tls.key"),
        }
    }
}

fn link(to: &Path, at: &Path) {
    std::os::unix::fs::symlink(to, at).unwrap();
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // What cannot be removed lies in the temporary folder, where it does no harm.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A program that listens.
pub(crate) struct Running {
    pub(crate) server: Arc<Server>,
    pub(crate) authority: Authority,
    pub(crate) mounted: Mounted,
    pub(crate) first: Pair,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    ended: JoinHandle<()>,
}

/// Short enough for tests, long enough for a machine with much to do.
pub(crate) fn limits() -> Limits {
    Limits {
        body: 64 << 10,
        patience: Duration::from_secs(20),
        reload: Duration::from_millis(20),
        ..Limits::default()
    }
}

impl Running {
    pub(crate) async fn new(limits: Limits) -> Self {
        let authority = Authority::new();
        let first = authority.sign();
        let mounted = Mounted::new(&first);
        let certificate = Certificate::read(mounted.files()).unwrap();
        let server = Server::new(Config::read(CONFIG).unwrap(), certificate, limits);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let running = Arc::clone(&server);
        let ended = tokio::spawn(async move {
            let stopped = async move { drop(stopped.await) };
            running.run(listener, stopped).await.unwrap();
        });
        Self {
            server,
            authority,
            mounted,
            first,
            address,
            stop: Some(stop),
            ended,
        }
    }

    /// Where it shows how it is.
    pub(crate) async fn show(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(Arc::clone(&self.server).show(listener));
        address
    }

    /// Tells it to end.
    pub(crate) fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(self) {
        self.ended.await.unwrap();
    }

    pub(crate) async fn dial(&self) -> std::io::Result<TcpStream> {
        TcpStream::connect(self.address).await
    }

    /// A connection that is agreed on.
    pub(crate) async fn connect(&self) -> Connection {
        let stream = self.dial().await.unwrap();
        let name = ServerName::try_from("injector.obs.svc").unwrap();
        let stream = self
            .authority
            .connector()
            .connect(name, stream)
            .await
            .unwrap();
        Connection(stream)
    }

    /// One request on a connection of its own.
    pub(crate) async fn ask(&self, head: &str, body: &[u8]) -> Reply {
        self.connect().await.ask(head, body).await
    }

    /// A review of its own.
    pub(crate) async fn review(&self, body: &[u8]) -> Reply {
        self.ask(
            "POST /mutate HTTP/1.1\r\ncontent-type: application/json",
            body,
        )
        .await
    }

    /// Waits until the counters say so.
    pub(crate) async fn counted(&self, line: &str) {
        for _ in 0..1000 {
            if self
                .server
                .meters()
                .text()
                .lines()
                .any(|counted| counted == line)
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("never counted `{line}`:\n{}", self.server.meters().text());
    }
}

pub(crate) struct Connection(pub(crate) TlsStream<TcpStream>);

/// A status code and a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) code: u16,
    pub(crate) body: String,
}

impl Connection {
    /// The certificate that was shown.
    pub(crate) fn shown(&self) -> CertificateDer<'static> {
        self.0.get_ref().1.peer_certificates().unwrap()[0]
            .clone()
            .into_owned()
    }

    pub(crate) async fn ask(&mut self, head: &str, body: &[u8]) -> Reply {
        let length = body.len();
        self.send(
            format!("{head}\r\nhost: injector.obs.svc\r\ncontent-length: {length}\r\n\r\n")
                .as_bytes(),
        )
        .await;
        self.send(body).await;
        self.reply().await
    }

    /// Asks, and sends the body only up to there once it is waited for.
    pub(crate) async fn begin(&mut self, head: &str, length: usize, first: &[u8]) {
        self.send(
            format!("{head}expect: 100-continue\r\ncontent-length: {length}\r\n\r\n").as_bytes(),
        )
        .await;
        let expected = b"HTTP/1.1 100 Continue\r\n\r\n";
        let mut read = vec![0; expected.len()];
        self.0.read_exact(&mut read).await.unwrap();
        assert_eq!(read, expected);
        self.send(first).await;
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        // It may have been answered and closed before everything was sent.
        let _ = self.0.write_all(bytes).await;
        let _ = self.0.flush().await;
    }

    /// Reads one answer, which says how long it is.
    pub(crate) async fn reply(&mut self) -> Reply {
        let mut read = Vec::new();
        loop {
            if let Some(reply) = complete(&read) {
                return reply;
            }
            let mut part = [0; 4096];
            let count = self.0.read(&mut part).await.unwrap_or(0);
            assert!(
                count > 0,
                "the connection ended: {}",
                String::from_utf8_lossy(&read)
            );
            read.extend(&part[..count]);
        }
    }
}

fn complete(read: &[u8]) -> Option<Reply> {
    let text = String::from_utf8_lossy(read);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))?;
    let length: usize = length.parse().unwrap();
    let code = head.split(' ').nth(1)?.parse().ok()?;
    (body.len() >= length).then(|| Reply {
        code,
        body: body.to_owned(),
    })
}

/// A review of a Pod that asks, in that namespace.
pub(crate) fn review(namespace: &str) -> Vec<u8> {
    let review = serde_json::json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
            "kind": { "group": "", "version": "v1", "kind": "Pod" },
            "resource": { "group": "", "version": "v1", "resource": "pods" },
            "namespace": namespace,
            "operation": "CREATE",
            "userInfo": { "username": "system:serviceaccount:kube-system:replicaset-controller" },
            "object": {
                "metadata": { "generateName": "api-", "annotations": { "sidecar.otelier.dev/inject": "true" } },
                "spec": { "containers": [{ "name": "api", "image": "api:1" }] },
            },
            "oldObject": null,
            "dryRun": true,
            "options": { "kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1" },
        },
    });
    serde_json::to_vec(&review).unwrap()
}
