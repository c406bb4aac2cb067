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
    settings::{Address, Settings},
    socket,
};

/// How long somebody may take to answer. On the same machine that is no time.
const PATIENCE: Duration = Duration::from_secs(1);

/// Addresses that are in use, each with the keys that give it.
#[derive(Debug, Error)]
#[error(
    "in use by another program: {}; end it, or give other addresses",
    .0.iter().map(|(keys, address)| format!("{address} (`{keys}`)")).collect::<Vec<_>>().join("; ")
)]
pub(super) struct Taken(Vec<(String, String)>);

/// Whether all addresses are free, other than those at which this process itself listens, as it says with `before`.
pub(super) fn all_free(settings: &Settings, before: Option<&Settings>) -> Result<(), Taken> {
    let own: Vec<_> = before.into_iter().flat_map(Settings::listens).collect();
    let own = |address: &Address| own.iter().any(|(_, own)| own == address);
    let taken: Vec<_> = settings
        .listens()
        .into_iter()
        .filter(|(_, address)| !own(address))
        .filter_map(|(keys, address)| match address {
            Address::Tcp(address) => is_taken(&address).then(|| (keys.join("::"), address)),
            Address::Unix(_) => None,
        })
        .collect();
    if taken.is_empty() {
        Ok(())
    } else {
        Err(Taken(taken))
    }
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
    match (stream.local_addr(), stream.peer_addr()) {
        // Whoever asks at a port of those that are given to who asks may be given that very one, and meets itself. And an
        // address of another machine may be asked as well, but not listened at: whoever tries that is told.
        (Ok(here), Ok(there)) => {
            let of_this_machine = there.ip().is_loopback() || here.ip() == there.ip();
            of_this_machine && here != there
        }
        _ => false,
    }
}
