//! Which ports of this machine are free, and how do they stay so until a child listens?

use std::{
    collections::BTreeMap,
    io,
    net::{Ipv4Addr, SocketAddr},
};

use socket2::{Domain, Protocol, Socket, Type};

/// Ports by the number that a configuration has for them, and the sockets that keep others away from them.
#[derive(Debug, Default)]
pub(super) struct Ports {
    chosen: BTreeMap<u16, u16>,
    held: Vec<Socket>,
}

impl Ports {
    /// Goes on from what was chosen before.
    pub(super) fn known(chosen: BTreeMap<u16, u16>) -> Self {
        Self {
            chosen,
            held: Vec::new(),
        }
    }

    /// What was chosen.
    pub(super) fn chosen(&self) -> &BTreeMap<u16, u16> {
        &self.chosen
    }

    /// The port for one that the configuration has: the same where it is free, another one where not.
    pub(super) fn choose(&mut self, wanted: u16) -> io::Result<u16> {
        if let Some(chosen) = self.chosen.get(&wanted) {
            return Ok(*chosen);
        }
        let socket = match hold(wanted) {
            Err(error) if is_taken(&error) => hold(0)?,
            held => held?,
        };
        let address = socket.local_addr()?.as_socket();
        let port = address.map_or(wanted, |address| address.port());
        self.chosen.insert(wanted, port);
        self.held.push(socket);
        Ok(port)
    }
}

/// In use, or not for users like this one.
fn is_taken(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied
    )
}

/// Binds a port and does not listen. Gateways share their ports among their threads, and would share them with each
/// other too: so whoever looks for a port must be alone at it, and only then lets the child, who shares, beside it.
fn hold(port: u16) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    // Past connections that are not quite forgotten are no reason to leave a port.
    socket.set_reuse_address(true)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
    socket.set_reuse_address(false)?;
    socket.set_reuse_port(true)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_port_that_is_taken_is_left_to_whoever_has_it() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let wanted = taken.local_addr().unwrap().port();
        let mut ports = Ports::default();
        let other = ports.choose(wanted).unwrap();
        assert_ne!(other, wanted);
        assert_eq!(ports.choose(wanted).unwrap(), other, "it stays the choice");
    }

    #[test]
    fn two_who_look_at_once_do_not_get_the_same_port() {
        let mut first = Ports::default();
        let port = first.choose(0).unwrap();
        assert_ne!(Ports::default().choose(port).unwrap(), port);
    }

    #[test]
    fn the_child_listens_where_the_port_is_held_for_it() {
        let mut ports = Ports::default();
        let port = ports.choose(0).unwrap();
        let child = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        child.set_reuse_address(true).unwrap();
        child.set_reuse_port(true).unwrap();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        child.bind(&address.into()).unwrap();
        child.listen(1).unwrap();
        assert!(std::net::TcpStream::connect(address).is_ok());
    }
}
