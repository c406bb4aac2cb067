//! Do the real programs work where Pods have addresses of IPv6, with what works where they have those of IPv4?

use support::{Live, Running, ask};

use super::{of, running::send};

/// Starts the collector of `dev` where a Pod has this address, and calls it by every port that it listens at.
fn works(address: &str) {
    let all = of(&stacks::catalog::all(), "opentelemetry-collector-k8s");
    let mut of_dev = all.into_iter().filter(|(stack, _)| stack == "dev");
    let mut container = of_dev.next().expect("`dev` runs a collector").1;
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
    works("[::1]");
}
