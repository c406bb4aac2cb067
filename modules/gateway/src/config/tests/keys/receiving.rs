//! What do the keys of a receiver mean?

use std::time::Duration;

use super::{exporter, receiver};
use crate::settings::{Address, Authorities, ExporterKind, Http};

fn http(keys: &str) -> Http {
    let (otlp, _) = receiver(&format!("http: {{{keys}}}")).unwrap();
    otlp.http.unwrap()
}

#[test]
fn a_server_asks_at_most_once_a_second() {
    for (time, after) in [("0s", 7200), ("1ns", 1), ("90s", 90)] {
        let keepalive = format!("keepalive: {{server_parameters: {{time: {time}}}}}");
        let (otlp, _) = receiver(&format!("grpc: {{{keepalive}}}")).unwrap();
        let found = otlp.grpc.unwrap().keepalive.ping_after;
        assert_eq!(found, Duration::from_secs(after), "{time}");
    }
}

#[test]
fn a_timeout_that_is_nothing_is_that_of_the_whole_request() {
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    for (keys, header, idle) in [
        ("", seconds(60), None),
        ("read_timeout: 9s", seconds(9), seconds(9)),
        (
            "read_timeout: 9s, read_header_timeout: 0s, idle_timeout: 0s",
            seconds(9),
            seconds(9),
        ),
        ("read_header_timeout: 0s", None, None),
        (
            "read_timeout: 9s, read_header_timeout: 2s, idle_timeout: 3s",
            seconds(2),
            seconds(3),
        ),
    ] {
        let http = http(keys);
        assert_eq!(
            (http.read_header_timeout, http.idle_timeout),
            (header, idle),
            "{keys}"
        );
    }
}

#[test]
fn a_transport_of_one_family_listens_at_addresses_of_it() {
    for (transport, endpoint, expected) in [
        ("tcp4", ":1", "0.0.0.0:1"),
        ("tcp4", "localhost:1", "127.0.0.1:1"),
        ("tcp4", "10.0.0.1:1", "10.0.0.1:1"),
        ("tcp6", ":1", "[::]:1"),
        ("tcp6", "localhost:1", "[::1]:1"),
        ("tcp6", "[fd00::1]:1", "[fd00::1]:1"),
        ("tcp", "localhost:1", "localhost:1"),
    ] {
        let http = http(&format!("transport: {transport}, endpoint: '{endpoint}'"));
        assert_eq!(
            http.address,
            Address::Tcp(expected.to_owned()),
            "{transport} {endpoint}"
        );
    }
    for (transport, endpoint, why) in [
        ("tcp4", "[::1]:1", "of the other family"),
        ("tcp6", "127.0.0.1:1", "of the other family"),
        ("tcp6", "name:1", "say which one is meant"),
    ] {
        let refused = receiver(&format!(
            "http: {{transport: {transport}, endpoint: '{endpoint}'}}"
        ));
        let refused = refused.unwrap_err();
        assert!(refused[0].contains(why), "{refused:?}");
    }
}

#[test]
fn what_cannot_work_is_refused_where_it_stands() {
    for (protocols, why) in [
        (
            "http: {traces_url_path: /v1/logs}",
            "protocols::http::logs_url_path: `/v1/logs` is the path of another signal already",
        ),
        (
            "http: {response_headers: {'a b': c}}",
            "response_headers::a b: is not the name of a header",
        ),
        (
            "grpc: {tls: {cert_file: c, key_pem: k, tpm: {enabled: true, path: /dev/tpm0}}}",
            "protocols::grpc::tls::tpm: the gateway asks no TPM for keys",
        ),
        (
            "grpc: {keepalive: {server_parameters: {time: -1s}}}",
            "server_parameters::time: `-1s` is below zero",
        ),
    ] {
        let refused = receiver(protocols).unwrap_err();
        assert!(refused[0].contains(why), "{refused:?}");
    }
    for (keys, why) in [
        (
            "logs_endpoint: 'http://a:1'",
            "otlp_http: `endpoint` or `traces_endpoint` is needed by the pipeline `traces`",
        ),
        (
            "endpoint: 'http://u:p@a:1'",
            "otlp_http::endpoint: a name and a password stand in `headers`",
        ),
        (
            "endpoint: 'http://a:1', compression_params: {level: 10}",
            "compression_params: `gzip` has levels from -2 to 9, not 10",
        ),
    ] {
        let refused = exporter("otlp_http", keys).unwrap_err();
        assert!(refused[0].contains(why), "{refused:?}");
    }
}

#[test]
fn what_does_nothing_by_the_keys_beside_it_is_said() {
    for (protocols, expected) in [
        ("http: {cors: {allowed_headers: [a]}}", "allowed_headers"),
        (
            "http: {compression_algorithms: [lz4, br]}",
            "compression_algorithms",
        ),
        (
            "http: {tls: {cert_pem: c, key_pem: k, ca_pem: a, tpm: {enabled: false}}}",
            "ca_pem",
        ),
        ("grpc: {read_buffer_size: 5}", "read_buffer_size"),
    ] {
        let (_, notes) = receiver(protocols).unwrap();
        assert_eq!(notes, [expected], "{protocols}");
    }
    // Nothing else is left of TLS where nothing is checked.
    let keys = "endpoint: 'a:1', tls: {insecure_skip_verify: true, ca_file: none}";
    let ExporterKind::OtlpGrpc(grpc) = exporter("otlp_grpc", keys).unwrap().kind else {
        panic!("another exporter");
    };
    assert_eq!(grpc.tls.unwrap().authorities, Authorities::Anyone);
}
