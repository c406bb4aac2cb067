//! Where can the gateway be asked? Small pages over HTTP/1: health, and metrics.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use thiserror::Error;
use tokio::{
    net::{TcpListener, TcpStream, lookup_host},
    sync::Semaphore,
    task::JoinHandle,
};

use crate::socket;

/// What a page answers to a path: the status code, the type of the body, and the body. None where it has no such path.
pub type Ask = Arc<dyn Fn(&str) -> Option<(u16, &'static str, String)> + Send + Sync>;

/// Why a page cannot be asked for.
#[derive(Debug, Error)]
#[error("could not listen on `{address}`")]
pub struct PageError {
    address: String,
    #[source]
    source: io::Error,
}

/// Pages that are answered until this is dropped.
#[derive(Debug, Default)]
pub struct Pages {
    tasks: Vec<JoinHandle<()>>,
    addresses: Vec<SocketAddr>,
}

/// How many may ask at a time: whoever asks is a probe or a Prometheus server.
const ASKERS: usize = 64;
/// How long one may take to ask.
const PATIENCE: Duration = Duration::from_secs(10);

impl Pages {
    /// Answers at `host:port`. Another process, or this one after a reload, may listen there too.
    pub async fn add(&mut self, address: &str, ask: Ask) -> Result<(), PageError> {
        let listener = listen(address).await.map_err(|source| PageError {
            address: address.to_owned(),
            source,
        })?;
        self.addresses.extend(listener.local_addr());
        self.tasks.push(tokio::spawn(serve(listener, ask)));
        Ok(())
    }

    /// Where pages are answered, in the order in which they were added.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

async fn listen(address: &str) -> io::Result<TcpListener> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in lookup_host(&*socket::spelled(address)).await? {
        match socket::listen(address).and_then(TcpListener::from_std) {
            Ok(listener) => return Ok(listener),
            Err(error) => last = error,
        }
    }
    Err(last)
}

async fn serve(listener: TcpListener, ask: Ask) {
    let askers = Arc::new(Semaphore::new(ASKERS));
    loop {
        let Ok(permit) = Arc::clone(&askers).acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((stream, _)) => {
                let ask = Arc::clone(&ask);
                tokio::spawn(async move {
                    answer(stream, ask).await;
                    drop(permit);
                });
            }
            // No descriptors, or an asker who went away: a pause keeps this from spinning.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn answer(stream: TcpStream, ask: Ask) {
    let service = service_fn(move |request: Request<Incoming>| {
        let response = respond(&request, &ask);
        async move { Ok::<_, Infallible>(response) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_buf_size(16 << 10)
        .serve_connection(TokioIo::new(stream), service);
    // Who went away needs no answer.
    let _ = connection.await;
}

fn respond(request: &Request<Incoming>, ask: &Ask) -> Response<Full<bytes::Bytes>> {
    let empty = |code| {
        let mut response = Response::new(Full::default());
        *response.status_mut() = code;
        response
    };
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return empty(StatusCode::METHOD_NOT_ALLOWED);
    }
    let Some((code, kind, body)) = ask(request.uri().path()) else {
        return empty(StatusCode::NOT_FOUND);
    };
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::OK);
    let kind = header::HeaderValue::from_static(kind);
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn get(address: SocketAddr, request: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("{request} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        text
    }

    #[tokio::test]
    async fn a_page_answers_its_path_and_no_other() {
        let ask: Ask =
            Arc::new(|path| (path == "/metrics").then(|| (200, "text/plain", "a 1\n".to_owned())));
        let mut pages = Pages::default();
        pages.add("127.0.0.1:0", ask).await.unwrap();
        let address = pages.addresses()[0];
        for (request, status, body) in [
            ("GET /metrics", "200 OK", "\r\n\r\na 1\n"),
            ("GET /other", "404 Not Found", "\r\n\r\n"),
            ("POST /metrics", "405 Method Not Allowed", "\r\n\r\n"),
        ] {
            let answer = get(address, request).await;
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {status}")),
                "{answer}"
            );
            assert!(answer.ends_with(body), "{answer}");
        }
        let mut second = Pages::default();
        let same = address.to_string();
        second
            .add(&same, Arc::new(|_| None))
            .await
            .expect("a reload listens at the same address");
    }
}
