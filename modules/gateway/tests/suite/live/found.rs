//! Destinations that are found by a name whose addresses change.
//!
//! The name is in a file of hosts that only the gateway sees, which needs `unshare` and somebody who may use it.

use std::{
    fs,
    net::SocketAddr,
    process::{Child, Command},
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::time::sleep;

use crate::support::Folder;
use crate::{
    program::running::free,
    support::{Backend, TRACES, call, count, needs::works, spans, until},
};

/// A gateway for which a name has the addresses that a file says.
struct Gateway {
    child: Child,
    folder: Folder,
    address: SocketAddr,
}

impl Gateway {
    fn start(port: u16) -> Self {
        let (folder, address) = (Folder::new(), free());
        let config = json!({
            "receivers": { "otlp": { "protocols": { "grpc": { "endpoint": address } } } },
            "exporters": { "load_balancing": {
                "protocol": { "otlp": { "tls": { "insecure": true }, "compression": "none", "timeout": "5s" } },
                "resolver": { "dns": { "hostname": "backends.example", "port": port.to_string(), "interval": "50ms", "timeout": "5s" } },
            } },
            "service": {
                "telemetry": { "metrics": { "level": "none" } },
                "pipelines": { "traces": { "receivers": ["otlp"], "exporters": ["load_balancing"] } },
            },
        });
        fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
        fs::write(folder.path().join("hosts"), "").unwrap();
        let child = Command::new("unshare")
            .args(["-rm", "sh", "-c"])
            .arg("mount --bind hosts /etc/hosts && exec \"$0\" --config config.json")
            .arg(env!("CARGO_BIN_EXE_gateway"))
            .current_dir(folder.path())
            .spawn()
            .unwrap();
        Self {
            child,
            folder,
            address,
        }
    }

    /// From now on the name has these addresses.
    fn name(&self, addresses: &[SocketAddr]) {
        let lines = addresses
            .iter()
            .map(|one| format!("{} backends.example\n", one.ip()));
        // Written where it stands, for it is that file that was bound. In one piece: who reads it meanwhile sees a line
        // or none.
        fs::write(self.folder.path().join("hosts"), lines.collect::<String>()).unwrap();
    }

    /// Whether a request of sixty traces was taken.
    async fn sends(&self) -> bool {
        tokio::net::TcpStream::connect(self.address).await.is_ok()
            && call(self.address, TRACES, &spans(60)).await.code == "0"
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // One that has ended already needs no end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How many spans came so far to each.
fn so_far(backends: &[Backend; 3]) -> [usize; 3] {
    backends.each_ref().map(|backend| {
        let got = backend.got();
        got.iter().map(|one| count(&one.body)).sum()
    })
}

/// Sends until exactly these get something of what is sent.
async fn send_until(gateway: &Gateway, backends: &[Backend; 3], expected: [bool; 3]) -> [usize; 3] {
    let began = Instant::now();
    loop {
        // Of what was not taken some may have come: that is not to be counted with the next.
        let before = so_far(backends);
        let came = || {
            let now = so_far(backends);
            [0, 1, 2].map(|at| now[at] - before[at])
        };
        if gateway.sends().await {
            let all = || came().iter().sum::<usize>() >= 60;
            until("what is taken is delivered", all).await;
        }
        let came = came();
        if came.map(|came| came > 0) == expected {
            return came;
        }
        let late = began.elapsed() > Duration::from_mins(1);
        assert!(!late, "{came:?} where {expected:?} was expected");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_sent_to_changes_with_the_addresses_of_a_name() {
    let mount = [
        "unshare",
        "-rm",
        "mount",
        "--bind",
        "/etc/hosts",
        "/etc/hosts",
    ];
    if !works(&mount, "Debian's util-linux and mount") {
        return;
    }
    let port = free().port();
    let places = [1, 2, 3].map(|last| SocketAddr::from(([127, 0, 0, last], port)));
    let backends = [
        Backend::start_on(places[0]).await,
        Backend::start_on(places[1]).await,
        Backend::start_on(places[2]).await,
    ];
    let gateway = Gateway::start(port);
    gateway.name(&places[..1]);
    send_until(&gateway, &backends, [true, false, false]).await;
    // Two share the traces, then three; then the first is gone, and is not sent to any more.
    gateway.name(&places[..2]);
    let shared = send_until(&gateway, &backends, [true, true, false]).await;
    assert!(shared[0] > 5 && shared[1] > 5, "{shared:?}");
    gateway.name(&places);
    send_until(&gateway, &backends, [true, true, true]).await;
    gateway.name(&places[1..]);
    let shared = send_until(&gateway, &backends, [false, true, true]).await;
    assert_eq!(
        shared.iter().sum::<usize>(),
        60,
        "each trace once: {shared:?}"
    );
    // A name that is not known any more: who was there before may still be.
    gateway.name(&[]);
    for _ in 0..10 {
        send_until(&gateway, &backends, [false, true, true]).await;
    }
    gateway.name(&places[..1]);
    send_until(&gateway, &backends, [true, false, false]).await;
}
