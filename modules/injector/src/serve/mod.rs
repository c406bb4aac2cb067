//! How does the program listen, how much at once, and how does it end?

mod route;

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use error_reporter::Report;
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
};
use rustls::{ServerConfig, crypto::ring};
use serde_json::json;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

use crate::{
    certificate::Certificate,
    config::Config,
    log::{self, Level},
    meters::Meters,
};

/// How many may ask at once how the program is.
const OPEN_CONNECTIONS: usize = 32;

/// How much, how long and how often.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The longest body that is read, in bytes. The API server itself takes three megabytes.
    pub body: usize,
    /// Connections at once; more have to wait.
    pub connections: usize,
    /// Reviews at once, whose bodies are held in memory; more have to wait, as long as anyone waits for a body.
    pub reviews: usize,
    /// How long a client may take to agree on encryption, and to send a request's body.
    pub patience: Duration,
    /// How long a connection may be idle; longer than the API server keeps one, so that it is the one to end it.
    pub idle: Duration,
    /// How long requests under way may take once the program is to end.
    pub drain: Duration,
    /// How often the certificate's files are looked at.
    pub reload: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 4 << 20,
            connections: 512,
            reviews: 8,
            patience: Duration::from_secs(5),
            idle: Duration::from_secs(100),
            drain: Duration::from_secs(20),
            reload: Duration::from_secs(10),
        }
    }
}

/// A program that is ready to listen.
#[derive(Debug)]
pub struct Server {
    config: Config,
    certificate: Arc<Certificate>,
    limits: Limits,
    meters: Meters,
    room: Semaphore,
    ending: AtomicBool,
}

impl Server {
    /// One that answers by this configuration and shows this certificate.
    pub fn new(config: Config, certificate: Arc<Certificate>, limits: Limits) -> Arc<Self> {
        let meters = Meters::default();
        meters.holds_until(certificate.until());
        Arc::new(Self {
            config,
            certificate,
            limits,
            meters,
            room: Semaphore::new(limits.reviews),
            ending: AtomicBool::new(false),
        })
    }

    /// What was counted so far.
    pub fn meters(&self) -> &Meters {
        &self.meters
    }

    /// Answers whoever connects until `stop` is done; then takes no new connections, and ends when those that are
    /// open have been answered.
    pub async fn run(
        self: &Arc<Self>,
        listener: TcpListener,
        stop: impl Future<Output = ()>,
    ) -> io::Result<()> {
        let acceptor = self.acceptor()?;
        let reloading = tokio::spawn(Arc::clone(self).reload());
        let connections = GracefulShutdown::new();
        let room = Arc::new(Semaphore::new(self.limits.connections));
        tokio::pin!(stop);
        loop {
            tokio::select! {
                accepted = accept(&listener, &room) => match accepted {
                    Ok((stream, place)) => {
                        let server = Arc::clone(self);
                        tokio::spawn(server.connection(acceptor.clone(), stream, connections.watcher(), place));
                    }
                    Err(error) => not_accepted(&error).await,
                },
                () = &mut stop => break,
            }
        }
        drop(listener);
        self.ending.store(true, Relaxed);
        reloading.abort();
        if timeout(self.limits.drain, connections.shutdown())
            .await
            .is_err()
        {
            log::line(Level::Warning, "connections are cut off", json!({}));
        }
        Ok(())
    }

    /// Answers how it is and what it counts to whoever connects, in the open: reviews are not answered here. It goes on
    /// while the other listener ends, so that everyone can see that it does.
    pub async fn show(self: Arc<Self>, listener: TcpListener) {
        let room = Arc::new(Semaphore::new(OPEN_CONNECTIONS));
        loop {
            match accept(&listener, &room).await {
                Ok((stream, place)) => {
                    let server = Arc::clone(&self);
                    tokio::spawn(async move {
                        let service = service_fn(|request| {
                            let answer = route::open(&server, &request);
                            std::future::ready(Ok::<_, std::convert::Infallible>(answer))
                        });
                        let connection = server
                            .http()
                            .serve_connection(TokioIo::new(stream), service);
                        // The peer went away or took too long: nothing is owed to it.
                        let _ = connection.await;
                        drop(place);
                    });
                }
                Err(error) => not_accepted(&error).await,
            }
        }
    }

    fn http(&self) -> http1::Builder {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(self.limits.idle);
        http
    }

    fn acceptor(&self) -> io::Result<TlsAcceptor> {
        let tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth();
        let mut tls = tls.with_cert_resolver(Arc::clone(&self.certificate) as _);
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(tls)))
    }

    async fn connection(
        self: Arc<Self>,
        acceptor: TlsAcceptor,
        stream: TcpStream,
        watcher: Watcher,
        _place: OwnedSemaphorePermit,
    ) {
        self.meters.connected();
        let _ = stream.set_nodelay(true);
        match timeout(self.limits.patience, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => {
                let service = service_fn(|request| route::secured(Arc::clone(&self), request));
                let connection = self.http().serve_connection(TokioIo::new(stream), service);
                // The peer went away or took too long: nothing is owed to it.
                let _ = watcher.watch(connection).await;
            }
            Ok(Err(_)) | Err(_) => self.meters.handshake_failed(),
        }
        self.meters.disconnected();
    }

    async fn reload(self: Arc<Self>) {
        let mut last = None;
        loop {
            tokio::time::sleep(self.limits.reload).await;
            match self.certificate.refresh() {
                Ok(false) => last = None,
                Ok(true) => {
                    last = None;
                    self.meters.reloaded(true);
                    self.meters.holds_until(self.certificate.until());
                    log::line(Level::Info, "there is a new certificate", json!({}));
                }
                Err(error) => {
                    // Two files may be exchanged one after the other: it is said once, and tried again.
                    let said = Report::new(&error).to_string();
                    if last.as_ref() != Some(&said) {
                        self.meters.reloaded(false);
                        let fields = json!({ "error": said });
                        log::line(Level::Error, "the certificate stays as it was", fields);
                    }
                    last = Some(said);
                }
            }
        }
    }
}

/// Out of file descriptors, most likely: asking again at once would only burn the processor.
async fn not_accepted(error: &io::Error) {
    let fields = json!({ "error": error.to_string() });
    log::line(Level::Warning, "could not accept a connection", fields);
    tokio::time::sleep(Duration::from_millis(50)).await;
}

/// Takes a connection once there is room for it.
async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let place = Arc::clone(room)
        .acquire_owned()
        .await
        .map_err(io::Error::other)?;
    let (stream, _): (TcpStream, SocketAddr) = listener.accept().await?;
    Ok((stream, place))
}
