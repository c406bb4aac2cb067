//! How does an exporter stay connected?

use std::io;

use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use thiserror::Error;
use tokio::{net::TcpStream, sync::Mutex};

use super::body::Outgoing;

/// Why there is no connection.
#[derive(Debug, Error)]
pub(super) enum ConnectError {
    /// Nobody answers.
    #[error("could not connect to {address}: {source}")]
    Connect {
        /// Whom it was tried with.
        address: String,
        /// What happened.
        source: io::Error,
    },
    /// Who answers speaks no HTTP/2.
    #[error("could not speak HTTP/2 with {address}: {source}")]
    Handshake {
        /// Whom it was tried with.
        address: String,
        /// What happened.
        source: hyper::Error,
    },
}

/// A connection that all senders share, made anew when it broke.
#[derive(Debug)]
pub(super) struct Connection {
    address: String,
    current: Mutex<Option<SendRequest<Outgoing>>>,
}

impl Connection {
    /// To that address, when it is first needed.
    pub(super) fn to(address: String) -> Self {
        Self {
            address,
            current: Mutex::new(None),
        }
    }

    /// What sends a request. One sender connects, the others wait for it.
    pub(super) async fn get(&self) -> Result<SendRequest<Outgoing>, ConnectError> {
        let mut current = self.current.lock().await;
        if let Some(sender) = current.as_ref().filter(|sender| !sender.is_closed()) {
            return Ok(sender.clone());
        }
        let sender = self.connect().await?;
        *current = Some(sender.clone());
        Ok(sender)
    }

    async fn connect(&self) -> Result<SendRequest<Outgoing>, ConnectError> {
        let address = || self.address.clone();
        let failed = |source| ConnectError::Connect {
            address: address(),
            source,
        };
        let stream = TcpStream::connect(&self.address).await.map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder.timer(TokioTimer::new());
        let (sender, connection) =
            builder
                .handshake(TokioIo::new(stream))
                .await
                .map_err(|source| ConnectError::Handshake {
                    address: address(),
                    source,
                })?;
        // Its end is seen by the requests on it, and by `is_closed`.
        tokio::spawn(connection);
        Ok(sender)
    }
}
