//! How is a sandbox reached over a socket?

use std::io;
use std::net::SocketAddr;

use http::Request;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::sandbox::Sandbox;

/// How long open connections may take to end once the server stops.
const GRACE: std::time::Duration = std::time::Duration::from_millis(500);

/// A sandbox that listens. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<()>,
}

impl Server {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of the API.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Takes no new connections, lets requests in flight end and cuts watches off.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            // A server that has ended already hears nothing, which is what we want of it.
            let _ = stop.send(());
        }
        let _ = (&mut self.running).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.stop.is_some() {
            self.running.abort();
        }
    }
}

impl Sandbox {
    /// Serves this sandbox on a listener, in the background of the current runtime.
    pub fn serve(&self, listener: TcpListener) -> io::Result<Server> {
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(accept(self.clone(), listener, stopped));
        Ok(Server {
            address,
            stop: Some(stop),
            running,
        })
    }
}

async fn accept(sandbox: Sandbox, listener: TcpListener, mut stopped: oneshot::Receiver<()>) {
    let connections = GracefulShutdown::new();
    let mut tasks = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connect(&sandbox, stream, &connections, &mut tasks);
                }
                while tasks.try_join_next().is_some() {}
            }
            _ = &mut stopped => break,
        }
    }
    drop(listener);
    // Watches do not end by themselves: what is still open after the grace is dropped with `tasks`.
    let _ = tokio::time::timeout(GRACE, connections.shutdown()).await;
}

fn connect(
    sandbox: &Sandbox,
    stream: TcpStream,
    connections: &GracefulShutdown,
    tasks: &mut tokio::task::JoinSet<()>,
) {
    let sandbox = sandbox.clone();
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        let sandbox = sandbox.clone();
        async move {
            let (parts, body) = request.into_parts();
            // A body that breaks off is answered as the part that came, which then does not parse.
            let bytes = body
                .collect()
                .await
                .map(http_body_util::Collected::to_bytes);
            let request = Request::from_parts(parts, bytes.unwrap_or_default());
            sandbox.answer(request).await
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service);
    let connection = connections.watch(connection);
    tasks.spawn(async move {
        // The peer went away: nothing is owed to it.
        let _ = connection.await;
    });
}
