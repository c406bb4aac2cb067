//! Does somebody else listen where the gateway is to listen?
//!
//! Its own sockets let others listen beside them, because a reload and several threads need that. So the kernel would give
//! two programs a part of the connections each, and nobody would be told.

use std::{
    net::{TcpStream, ToSocketAddrs as _},
    time::Duration,
};

use thiserror::Error;

use crate::{
    settings::{Address, MetricsLevel, Settings},
    socket,
};

/// How long somebody may take to answer. On the same machine that is no time.
const PATIENCE: Duration = Duration::from_secs(1);

/// Addresses that are in use, each with who was to listen there.
#[derive(Debug, Error)]
#[error(
    "in use by another program: {}; end it, or give another `endpoint`",
    .0.iter().map(|(who, address)| format!("{address}, which {who} needs")).collect::<Vec<_>>().join("; ")
)]
pub(super) struct Taken(Vec<(String, String)>);

/// Whether all addresses are free. To be asked once, before anything of this process listens.
pub(super) fn all_free(settings: &Settings) -> Result<(), Taken> {
    let taken: Vec<_> = places(settings)
        .into_iter()
        .filter(|(_, address)| is_taken(address))
        .collect();
    if taken.is_empty() {
        Ok(())
    } else {
        Err(Taken(taken))
    }
}

/// Where it is to listen, and who is.
fn places(settings: &Settings) -> Vec<(String, String)> {
    let mut places = Vec::new();
    let mut add = |who: String, address: &Address| {
        if let Address::Tcp(address) = address {
            places.push((who, address.clone()));
        }
    };
    for (id, receiver) in &settings.receivers {
        let grpc = receiver.grpc.iter().map(|grpc| &grpc.address);
        let http = receiver.http.iter().map(|http| &http.address);
        for address in grpc.chain(http) {
            add(format!("the receiver `{id}`"), address);
        }
    }
    for (id, check) in &settings.health {
        add(format!("the extension `{id}`"), &check.address);
    }
    if settings.telemetry.metrics_level != MetricsLevel::None {
        for page in &settings.telemetry.metrics_pages {
            let address = Address::Tcp(format!("{}:{}", page.host, page.port));
            add("the page of its metrics".to_owned(), &address);
        }
    }
    places
}

/// Somebody answers there. Who only holds an address for us does not, and what cannot be told is told by whoever listens.
fn is_taken(address: &str) -> bool {
    let Ok(mut found) = socket::spelled(address).to_socket_addrs() else {
        return false;
    };
    let Some(address) = found.next().filter(|address| address.port() != 0) else {
        return false;
    };
    let Ok(stream) = TcpStream::connect_timeout(&address, PATIENCE) else {
        return false;
    };
    // Whoever asks at a port of those that are given to who asks may be given that very one, and meets itself.
    match (stream.local_addr(), stream.peer_addr()) {
        (Ok(here), Ok(there)) => here != there,
        _ => false,
    }
}
