//! What is answered, what ends a stream, and what ends a connection?

use super::{Fields, Pair, TRACES, block, call, framed, message_of, span};
use crate::http2::{Code, Flags, Kind, PREFACE};

const END_HEADERS: Flags = Flags::END_HEADERS;
const END: Flags = Flags::END_STREAM;

#[tokio::test]
async fn a_call_in_any_pieces_is_answered() {
    let mut pair = Pair::grpc().await;
    let message = message_of(&span(20));
    for size in [1, 3, 100] {
        let stream = pair.begin(Flags::NONE).await;
        for piece in message.chunks(size) {
            pair.frame(Kind::Data, Flags::NONE, stream, piece).await;
        }
        pair.frame(Kind::Data, END, stream, &[]).await;
        let head = pair.until(Kind::Headers).await;
        let expected = [(":status", "200"), ("content-type", "application/grpc")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(pair.fields(&head), expected);
        let data = pair.next().await;
        assert_eq!((data.kind, data.payload), (Kind::Data, vec![0; 5]));
        assert_eq!(pair.status(stream).await, "0");
    }
}

#[tokio::test]
async fn a_call_that_is_not_taken_is_told_why() {
    let mut pair = Pair::grpc().await;
    let other = [&call()[..2], &[(":path", "/x/y")], &call()[3..]].concat();
    let cases: [(Fields<'_>, Vec<u8>, &str); 5] = [
        (&other, message_of(b""), "12"),
        (&call(), vec![0, 0], "3"),
        (&call(), [message_of(b""), vec![0]].concat(), "3"),
        (&call(), vec![0, 255, 255, 255, 255], "8"),
        (&call(), vec![7, 0, 0, 0, 0], "3"),
    ];
    for (fields, body, status) in cases {
        let stream = pair.begin_with(fields, Flags::NONE).await;
        pair.frame(Kind::Data, END, stream, &body).await;
        assert_eq!(pair.status(stream).await, status);
    }
    let stream = pair.begin(END).await;
    assert_eq!(pair.status(stream).await, "3", "there is no message");
    assert!(pair.is_there().await);
}

#[tokio::test]
async fn what_is_no_call_is_heard_out_unless_it_is_long() {
    let mut pair = Pair::grpc().await;
    let status = |code: &str| (":status".to_owned(), code.to_owned());
    let stream = pair.begin_with(&call()[..4], Flags::NONE).await;
    pair.frame(Kind::Data, END, stream, &[1; 100]).await;
    let head = pair.until(Kind::Headers).await;
    assert_eq!(pair.fields(&head)[0], status("415"));
    let stream = pair.begin_with(&call()[..4], Flags::NONE).await;
    for _ in 0..5 {
        pair.frame(Kind::Data, Flags::NONE, stream, &[1; 16 << 10])
            .await;
    }
    let head = pair.until(Kind::Headers).await;
    assert_eq!(pair.fields(&head)[0], status("415"));
    assert_eq!(pair.reset().await, (stream, Code::No));
    // What was on its way is passed over.
    pair.frame(Kind::Data, END, stream, &[1; 100]).await;
    assert!(pair.is_there().await);
}

#[tokio::test]
async fn http_is_answered_with_what_http_says() {
    let mut pair = Pair::http().await;
    let post = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/v1/traces"),
        ("content-type", "application/x-protobuf"),
    ];
    let json = [
        post[0],
        post[1],
        post[2],
        ("content-type", "application/json"),
    ];
    let elsewhere = [post[0], post[1], (":path", "/v1/other"), post[3]];
    let cases: [(Fields<'_>, Vec<u8>, &str, &[u8]); 4] = [
        (&post, span(3), "200", b""),
        (&json, b"{}".to_vec(), "200", b"{}"),
        (&json, b"{".to_vec(), "400", b"{\"code\":3"),
        (&elsewhere, vec![], "404", b"\x08\x05"),
    ];
    for (fields, body, status, begins) in cases {
        let stream = pair.begin_with(fields, Flags::NONE).await;
        pair.frame(Kind::Data, END, stream, &body).await;
        let head = pair.until(Kind::Headers).await;
        assert_eq!(
            pair.fields(&head)[0],
            (":status".to_owned(), status.to_owned())
        );
        if !begins.is_empty() {
            let data = pair.next().await;
            assert!(
                data.flags.has(END) && data.payload.starts_with(begins),
                "{data:?}"
            );
        }
    }
    // Bodies may be said to be as long as they are, and no other length.
    for (length, body) in [("4", 3), ("2", 3)] {
        let fields = [&post[..], &[("content-length", length)]].concat();
        let stream = pair.begin_with(&fields, Flags::NONE).await;
        pair.frame(Kind::Data, END, stream, &vec![0; body]).await;
        assert_eq!(pair.reset().await, (stream, Code::Protocol));
    }
}

#[tokio::test]
async fn a_stream_that_breaks_a_rule_ends_and_no_other_one() {
    let mut pair = Pair::grpc().await;
    let without = call()[1..].to_vec();
    let upper = [&call()[..], &[("Upper", "x")]].concat();
    for fields in [without, upper] {
        let stream = pair.begin_with(&fields, END).await;
        assert_eq!(pair.reset().await, (stream, Code::Protocol));
    }
    // Trailers that do not end their stream, or have pseudo-headers.
    for (flags, trailers) in [
        (END_HEADERS, ("a", "b")),
        (END_HEADERS.and(END), (":path", "/")),
    ] {
        let stream = pair.begin(Flags::NONE).await;
        pair.frame(Kind::Headers, flags, stream, &block(&[trailers]))
            .await;
        assert_eq!(pair.reset().await, (stream, Code::Protocol));
    }
    // More after the end.
    pair.close_gate();
    let stream = pair.call(&span(1)).await;
    pair.frame(Kind::Data, END, stream, &[]).await;
    assert_eq!(pair.reset().await, (stream, Code::StreamClosed));
    pair.open_gate();
    assert!(pair.is_there().await);
}

#[tokio::test]
async fn trailers_end_a_call() {
    let mut pair = Pair::grpc().await;
    let stream = pair.begin(Flags::NONE).await;
    pair.frame(Kind::Data, Flags::NONE, stream, &message_of(&span(1)))
        .await;
    let trailers = block(&[("x", "y")]);
    pair.frame(Kind::Headers, END_HEADERS.and(END), stream, &trailers)
        .await;
    assert_eq!(pair.status(stream).await, "0");
}

#[tokio::test]
async fn a_connection_that_breaks_a_rule_ends_with_its_name() {
    let headers = block(&call());
    let flags = END_HEADERS.and(END);
    let cases = [
        (framed(Kind::Data, END, 1, b"x"), Code::Protocol),
        (framed(Kind::Reset, Flags::NONE, 1, &[0; 4]), Code::Protocol),
        (
            framed(Kind::WindowUpdate, Flags::NONE, 1, &[0, 0, 0, 1]),
            Code::Protocol,
        ),
        (
            framed(Kind::WindowUpdate, Flags::NONE, 0, &[0x7f, 255, 255, 255]),
            Code::FlowControl,
        ),
        (framed(Kind::Headers, flags, 2, &headers), Code::Protocol),
        (framed(Kind::Headers, flags, 1, &[0xff]), Code::Compression),
        (
            framed(Kind::Continuation, flags, 1, &headers),
            Code::Protocol,
        ),
        (
            framed(Kind::PushPromise, flags, 1, &headers),
            Code::Protocol,
        ),
        (
            framed(Kind::Settings, Flags::NONE, 0, &[0, 2, 0, 0, 0, 2]),
            Code::Protocol,
        ),
        (
            framed(Kind::Settings, Flags::NONE, 0, &[0, 4, 255, 0, 0, 0]),
            Code::FlowControl,
        ),
        (framed(Kind::Ping, Flags::NONE, 0, &[0; 7]), Code::FrameSize),
        (
            [
                framed(Kind::Headers, flags, 5, &headers),
                framed(Kind::Headers, flags, 3, &headers),
            ]
            .concat(),
            Code::Protocol,
        ),
        (
            [
                framed(Kind::Headers, flags, 1, &headers),
                framed(Kind::Headers, flags, 1, &headers),
            ]
            .concat(),
            Code::StreamClosed,
        ),
    ];
    for (index, (bytes, code)) in cases.into_iter().enumerate() {
        let mut pair = Pair::grpc().await;
        pair.write(&bytes).await;
        assert_eq!(pair.end().await, code, "{index}");
        pair.gone().await;
    }
}

#[tokio::test]
async fn who_does_not_speak_http2_is_sent_away() {
    let first = framed(Kind::Ping, Flags::NONE, 0, &[0; 8]);
    for bytes in [
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        [&PREFACE[..], &first].concat(),
    ] {
        let mut pair = Pair::silent(&super::grpc(), 1 << 20).await;
        pair.write(&bytes).await;
        assert_eq!(pair.end().await, Code::Protocol);
    }
}

#[tokio::test]
async fn headers_that_are_too_many_are_refused_and_the_connection_goes_on() {
    let mut pair = Pair::grpc().await;
    let large = "x".repeat(3000);
    let names = ["a", "b", "c", "d", "e", "f"];
    let mut fields = call();
    fields.extend(names.map(|name| (name, large.as_str())));
    let stream = pair.begin_with(&fields, END).await;
    let head = pair.until(Kind::Headers).await;
    assert_eq!(head.stream, stream);
    assert_eq!(
        pair.fields(&head),
        [(":status".to_owned(), "431".to_owned())]
    );
    assert!(pair.is_there().await);
    assert!(TRACES.len() < large.len());
}
