//! Do the real programs work where Pods have addresses of IPv6, with what works where they have those of IPv4?

use support::{Live, Running, ask};

use super::{of_small, running::send};

/// Starts a collector where a Pod has this address, and calls it by every port that it listens at.
fn works(address: &str) {
    let mut container = of_small("opentelemetry-collector-k8s");
    let pod = container
        .env
        .get_mut("POD_IP")
        .expect("it knows its address");
    address.trim_matches(['[', ']']).clone_into(pod);
    let mut collector = Running::start(&container, "otelcol", &[]);
    collector.wait("the collector is healthy", || {
        ask(&format!("{address}:13133"), "GET", "/", "")
    });
    let taken = send(address, "shop");
    assert!(taken.contains("metrics"), "{taken:?}");
    std::net::TcpStream::connect(format!("{address}:4317")).expect("it listens for gRPC too");
    collector.wait("it says what it took", || {
        let said = ask(&format!("{address}:8888"), "GET", "/metrics", "")?;
        said.contains("otelcol_receiver_accepted_metric_points")
            .then_some(())
    });
}

#[test]
fn a_real_collector_listens_at_the_address_of_its_pod_of_whichever_family() {
    let _live = Live::expected();
    works("127.0.21.1");
    match std::net::TcpListener::bind("[::1]:0") {
        Ok(_) => works("[::1]"),
        Err(error) => eprintln!("SKIPPED: this machine has no IPv6: {error}"),
    }
}
