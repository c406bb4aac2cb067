//! What comes compressed is understood, and goes on as it came where that is possible.

use std::io::Write as _;

use gateway::settings::WireCompression;

use crate::support::{
    BOTH, Backend, Running, TRACES, call_raw, count, framed, over_grpc, over_http, request,
    settings_on, spans, until,
};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn lz4(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(bytes), &mut out).unwrap();
    out
}

#[tokio::test]
async fn gzip_goes_on_as_it_came() {
    for http2 in BOTH {
        let (backend, address) = Backend::start().await;
        let gateway = Running::start(&settings_on(
            http2,
            over_grpc(address, WireCompression::Gzip(None)),
        ));
        let packed = gzip(&spans(20));
        let headers = [("grpc-encoding", "gzip")];
        let answer = call_raw(gateway.grpc, TRACES, &headers, framed(1, &packed)).await;
        assert_eq!(answer.code, "0");
        gateway.stop().await;
        let got = backend.got();
        assert_eq!(got[0].headers["grpc-encoding"], "gzip");
        assert!(got[0].body == packed, "byte for byte");
    }
}

#[tokio::test]
async fn zstd_deflate_and_lz4_become_gzip_and_plain_becomes_gzip() {
    for http2 in BOTH {
        let (backend, address) = Backend::start().await;
        let gateway = Running::start(&settings_on(
            http2,
            over_http(address, WireCompression::Gzip(None)),
        ));
        let proto = ("content-type", "application/x-protobuf");
        let zstd = zstd::encode_all(&spans(20)[..], 1).unwrap();
        let cases = [
            (vec![proto, ("content-encoding", "zstd")], zstd),
            // As the SDK of Python sends it where it is told to.
            (
                vec![proto, ("content-encoding", "deflate")],
                zlib(&spans(20)),
            ),
            (vec![proto, ("content-encoding", "lz4")], lz4(&spans(20))),
            (vec![proto], spans(20)),
        ];
        for (headers, body) in cases {
            let (status, ..) = request(gateway.http, "POST", "/v1/traces", &headers, body).await;
            assert_eq!(status, 200, "{headers:?}");
        }
        gateway.stop().await;
        let got = backend.got();
        assert_eq!(got.len(), 4);
        for got in got {
            assert_eq!(got.headers["content-encoding"], "gzip");
            assert_eq!(count(&gunzip(&got.body)), 20);
        }
    }
}

#[tokio::test]
async fn a_bomb_is_too_large_on_both_protocols() {
    for http2 in BOTH {
        let (_, address) = Backend::start().await;
        let gateway = Running::start(&settings_on(
            http2,
            over_grpc(address, WireCompression::None),
        ));
        let proto = ("content-type", "application/x-protobuf");
        let bomb = lz4(&vec![0; 32 << 20]);
        let headers = [proto, ("content-encoding", "lz4")];
        let (status, ..) = request(gateway.http, "POST", "/v1/traces", &headers, bomb).await;
        assert_eq!(status, 413);
        let bomb = gzip(&vec![0; 16 << 20]);
        let headers = [("grpc-encoding", "gzip")];
        let answer = call_raw(gateway.grpc, TRACES, &headers, framed(1, &bomb)).await;
        assert_eq!(answer.code, "8");
        let headers = [
            ("content-type", "application/x-protobuf"),
            // Their case says nothing (RFC 9110, 8.4.1).
            ("content-encoding", "GZip"),
        ];
        let (status, ..) = request(gateway.http, "POST", "/v1/traces", &headers, bomb).await;
        assert_eq!(status, 413);
        let budget = gateway.gateway().budget();
        until("nothing is kept", || budget.used() == 0).await;
        gateway.stop().await;
    }
}
