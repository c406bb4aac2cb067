//! How is an address listened at that is written as Go programs write it?

use std::{
    borrow::Cow,
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
};

use socket2::{Domain, Protocol, Socket, Type};

/// How many connections wait to be accepted.
const BACKLOG: i32 = 1024;

/// The address as this language reads it.
///
/// No host is every host. And an address of IPv4 may stand in brackets, which is how one configuration is right for
/// Pods with addresses of either family: `[${env:POD_IP}]:4317`.
pub(crate) fn spelled(address: &str) -> Cow<'_, str> {
    if let Some(port) = address.strip_prefix(':') {
        return format!("[::]:{port}").into();
    }
    let bracketed = address
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'));
    match bracketed {
        Some((host, port)) if host.parse::<Ipv4Addr>().is_ok() => format!("{host}{port}").into(),
        _ => address.into(),
    }
}

/// Listens. Another thread or process, or this one after a reload, may listen there too.
pub(crate) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use std::net::ToSocketAddrs;

    use super::*;

    #[test]
    fn one_spelling_is_right_for_both_families() {
        for (address, means) in [
            (":4317", "[::]:4317"),
            ("127.0.0.1:4317", "127.0.0.1:4317"),
            ("[127.0.0.1]:4317", "127.0.0.1:4317"),
            ("[::1]:4317", "[::1]:4317"),
            ("0.0.0.0:4317", "0.0.0.0:4317"),
        ] {
            let mut found = spelled(address).to_socket_addrs().expect(address);
            assert_eq!(found.next(), means.parse().ok(), "{address}");
        }
        for nonsense in [
            "[127.0.0.1:4317",
            "[127.0.0.1]",
            "[name]:1",
            "[]:1",
            "[",
            "",
        ] {
            assert!(spelled(nonsense).to_socket_addrs().is_err(), "{nonsense}");
        }
    }
}
