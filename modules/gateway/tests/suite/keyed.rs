//! What is configured happens: keys of which little is seen until somebody depends on them.

use gateway::settings::{Encodings, ExporterKind, Http, Secret, Settings, WireCompression};

use crate::support::{BOTH, Backend, Running, over_http, request, settings, settings_on, spans};

const PROTO: (&str, &str) = ("content-type", "application/x-protobuf");

/// The same settings with another HTTP server.
fn serving(mut settings: Settings, change: impl FnOnce(&mut Http)) -> Settings {
    let receiver = settings.receivers.values_mut().next().unwrap();
    change(receiver.http.as_mut().unwrap());
    settings
}

fn named(names: &[&str]) -> Encodings {
    let named = names.iter().map(|name| (*name).to_owned()).collect();
    Encodings { named }
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

fn snappy(bytes: &[u8]) -> Vec<u8> {
    snap::raw::Encoder::new().compress_vec(bytes).unwrap()
}

#[tokio::test]
async fn bodies_are_taken_in_the_encodings_that_are_named_and_in_no_other() {
    let whole = spans(3);
    let (zstd, snappy) = (zstd(&whole), snappy(&whole));
    for (taken, plain, by_zstd, by_snappy) in [
        (None, 200, 200, 200),
        (Some(named(&["zstd"])), 400, 200, 400),
        (Some(named(&["", "snappy"])), 200, 400, 200),
        // Nobody looks at what the header says, so only what is plain can be read.
        (Some(named(&[])), 200, 400, 400),
    ] {
        let (_, address) = Backend::start().await;
        let settings = settings(over_http(address, WireCompression::None));
        let gateway = Running::start(&serving(settings, |http| http.encodings = taken.clone()));
        for (encoding, body, expected) in [
            (None, &whole, plain),
            (Some("zstd"), &zstd, by_zstd),
            (Some("snappy"), &snappy, by_snappy),
        ] {
            let mut headers = vec![PROTO];
            headers.extend(encoding.map(|name| ("content-encoding", name)));
            let sent = request(gateway.http, "POST", "/v1/traces", &headers, body.clone()).await;
            assert_eq!(sent.0, expected, "{taken:?}: {encoding:?}");
        }
        gateway.stop().await;
    }
}

#[tokio::test]
async fn snappy_over_http_is_one_block_and_in_frames_has_its_own_name() {
    for (compression, name) in [
        (WireCompression::SnappyBlock, "snappy"),
        (WireCompression::Snappy, "x-snappy-framed"),
    ] {
        let (backend, address) = Backend::start().await;
        let gateway = Running::start(&settings(over_http(address, compression)));
        let sent = request(gateway.http, "POST", "/v1/traces", &[PROTO], spans(3)).await;
        assert_eq!(sent.0, 200);
        let got = backend.wait_for(1).await;
        assert_eq!(got[0].headers["content-encoding"], name);
        let block = snap::raw::Decoder::new().decompress_vec(&got[0].body);
        assert_eq!(block.ok() == Some(spans(3)), name == "snappy");
        gateway.stop().await;
    }
}

#[tokio::test]
async fn who_is_named_in_a_header_goes_before_who_is_named_by_the_url() {
    let (backend, address) = Backend::start().await;
    for host in [None, Some("traces.example")] {
        let mut kind = over_http(address, WireCompression::None);
        if let ExporterKind::OtlpHttp(http) = &mut kind {
            let named = host.map(|host| ("host".to_owned(), Secret::new(host.to_owned())));
            http.headers.extend(named);
        }
        let gateway = Running::start(&settings(kind));
        request(gateway.http, "POST", "/v1/traces", &[PROTO], spans(1)).await;
        gateway.stop().await;
    }
    let got = backend.got();
    let hosts = got.iter().map(|one| one.headers["host"].to_str().unwrap());
    assert_eq!(
        hosts.collect::<Vec<_>>(),
        [&address.to_string(), "traces.example"]
    );
}

#[tokio::test]
async fn connections_are_kept_unless_it_is_said_that_they_are_not() {
    for http2 in BOTH {
        for keep in [true, false] {
            let (_, address) = Backend::start().await;
            let settings = settings_on(http2, over_http(address, WireCompression::None));
            let gateway = Running::start(&serving(settings, |http| http.keep_alive = keep));
            let sent = request(gateway.http, "POST", "/v1/traces", &[PROTO], spans(1)).await;
            let ends = sent.1.get("connection").is_some_and(|said| said == "close");
            assert_eq!((sent.0, ends), (200, !keep));
            gateway.stop().await;
        }
    }
}
