//! Where does nobody listen, until this test does?

use std::{
    fs, mem,
    net::{SocketAddr, TcpListener, UdpSocket},
    ops::RangeInclusive,
};

/// The ports to choose from, as long as the kernel chooses others for who connects.
const OURS: RangeInclusive<u16> = 10_000..=32_767;

/// An address where nobody listens, and that nobody else gets before this process ends.
///
/// The kernel would name one too, but gives it away again: to another test that asks, or to whoever connects to
/// something, perhaps to this very address. So it is none of those, and kept by a socket of another protocol, which is
/// gone with its process.
pub(crate) fn free() -> SocketAddr {
    let ours = OURS.start().to_owned()..=last();
    for _ in 0..10_000 {
        let address = SocketAddr::from(([127, 0, 0, 1], fastrand::u16(ours.clone())));
        let Ok(mark) = UdpSocket::bind(address) else {
            continue;
        };
        if TcpListener::bind(address).is_ok() {
            mem::forget(mark);
            return address;
        }
    }
    panic!("every port of {ours:?} is taken");
}

/// The last port that the kernel does not choose by itself.
fn last() -> u16 {
    let chosen = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let first = chosen
        .split_whitespace()
        .next()
        .and_then(|first| first.parse().ok());
    let before = first.map_or(*OURS.end(), |first: u16| first.saturating_sub(1));
    // Where the kernel chooses from nearly all, there are no better ones than these.
    if before < OURS.start() + 1000 {
        *OURS.end()
    } else {
        before.min(*OURS.end())
    }
}
