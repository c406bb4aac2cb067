//! Are frames found, and broken ones told from good ones?

use proptest::prelude::*;

use crate::http2::{Code, Error, Event, Flags, Kind, Limits, Outbox, Parser};

pub(super) const LIMITS: Limits = Limits {
    max_frame: 16_384,
    max_block: 1000,
};

/// An [`Event`] that outlives its bytes, with the pieces of one frame of DATA joined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    Data(u32, Vec<u8>, u32, bool),
    Headers(u32, Vec<u8>, bool),
    Other(String),
}

fn heard(event: Event<'_>, list: &mut Vec<Heard>) {
    match event {
        Event::Data {
            stream,
            bytes,
            flow,
            end,
        } => match list.last_mut() {
            Some(Heard::Data(before, all, more, ended)) if *before == stream && !*ended => {
                all.extend_from_slice(bytes);
                *more += flow;
                *ended = end;
            }
            _ => list.push(Heard::Data(stream, bytes.to_vec(), flow, end)),
        },
        Event::Headers { stream, block, end } => {
            list.push(Heard::Headers(stream, block.to_vec(), end));
        }
        other => list.push(Heard::Other(format!("{other:?}"))),
    }
}

/// What is heard when bytes come in these pieces, and how it ends.
pub(super) fn listen<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<Heard>, Result<bool, Error>) {
    let mut parser = Parser::new(LIMITS);
    let mut list = Vec::new();
    for piece in pieces {
        let mut input = piece;
        loop {
            match parser.next(&mut input) {
                Ok(Some(event)) => heard(event, &mut list),
                Ok(None) => break,
                Err(error @ Error::Connection(..)) => return (list, Err(error)),
                Err(error) => list.push(Heard::Other(format!("{error:?}"))),
            }
        }
        assert!(input.is_empty(), "all of it is used");
    }
    (list, Ok(parser.between_frames()))
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
    [&head, payload].concat()
}

fn everything() -> Vec<u8> {
    let mut bytes = Vec::new();
    let block = vec![7; 300];
    let mut padded_headers = vec![2, 0x80, 0, 0, 9, 200];
    padded_headers.extend_from_slice(b"block\0\0");
    for (kind, flags, stream, payload) in [
        (4, 0, 0, &[0, 4, 0, 1, 0, 0, 0, 99, 0, 0, 0, 1][..]),
        (4, 1, 0, &[]),
        (1, 4, 1, &block[..]),
        (0, 0, 1, &[1; 700]),
        (0, 8, 1, &[3, 5, 6, 0, 0, 0]),
        (0, 1, 1, &[]),
        (1, 0x29, 3, &padded_headers),
        (9, 0, 3, &[8; 40]),
        (9, 4, 3, &[9; 2]),
        (2, 0, 3, &[0; 5]),
        (6, 0, 0, b"12345678"),
        (6, 1, 0, b"87654321"),
        (8, 0, 0, &[0x80, 0, 1, 0]),
        (8, 0, 3, &[0; 4]),
        (3, 0, 3, &[0, 0, 0, 8]),
        (200, 0xff, 77, &[1; 20]),
        (7, 0, 0, b"\0\0\0\x07\0\0\0\x0bwhy"),
    ] {
        bytes.extend(frame(kind, flags, stream, payload));
    }
    bytes
}

#[test]
fn every_kind_of_frame_is_heard_whole_however_it_comes() {
    let bytes = everything();
    let (list, end) = listen([&bytes[..]]);
    assert_eq!(end, Ok(true));
    let other = |text: &str| Heard::Other(text.to_owned());
    let continued = [&b"block"[..], &[8; 40], &[9; 2]].concat();
    let expected = [
        other("Settings([0, 4, 0, 1, 0, 0, 0, 99, 0, 0, 0, 1])"),
        other("SettingsAck"),
        Heard::Headers(1, vec![7; 300], false),
        Heard::Data(1, [&[1; 700][..], &[5, 6]].concat(), 706, true),
        Heard::Headers(3, continued, true),
        other("Ping([49, 50, 51, 52, 53, 54, 55, 56])"),
        other("Pong([56, 55, 54, 53, 52, 51, 50, 49])"),
        other("WindowUpdate { stream: 0, increment: 256 }"),
        other("Stream(3, Protocol, \"a window grows by nothing\")"),
        other("Reset { stream: 3, code: Cancel }"),
        other("GoAway { last: 7, code: EnhanceYourCalm, debug: [119, 104, 121] }"),
    ];
    assert_eq!(list, expected);
    for at in 0..=bytes.len() {
        assert_eq!(
            listen([&bytes[..at], &bytes[at..]]).0,
            expected,
            "cut at {at}"
        );
    }
    for size in [1, 2, 3, 7, 100] {
        assert_eq!(
            listen(bytes.chunks(size)).0,
            expected,
            "in pieces of {size}"
        );
    }
    for at in 1..9 {
        assert_eq!(listen([&bytes[..at]]).1, Ok(false), "cut off at {at}");
    }
}

#[test]
fn a_broken_frame_ends_the_connection_with_the_code_of_its_fault() {
    let flood: Vec<u8> = (0..30).flat_map(|_| frame(9, 0, 1, &[])).collect();
    let flood = [frame(1, 0, 1, &[]), flood].concat();
    let cases = [
        (
            "DATA on the connection",
            frame(0, 0, 0, &[1]),
            Code::Protocol,
        ),
        (
            "HEADERS on the connection",
            frame(1, 4, 0, &[1]),
            Code::Protocol,
        ),
        ("SETTINGS on a stream", frame(4, 0, 1, &[]), Code::Protocol),
        (
            "SETTINGS of seven bytes",
            frame(4, 0, 0, &[0; 7]),
            Code::FrameSize,
        ),
        (
            "an acknowledgement with settings",
            frame(4, 1, 0, &[0; 6]),
            Code::FrameSize,
        ),
        ("a short PING", frame(6, 0, 0, &[0; 7]), Code::FrameSize),
        ("PING on a stream", frame(6, 0, 1, &[0; 8]), Code::Protocol),
        ("a short GOAWAY", frame(7, 0, 0, &[0; 7]), Code::FrameSize),
        (
            "a short RST_STREAM",
            frame(3, 0, 1, &[0; 3]),
            Code::FrameSize,
        ),
        (
            "a short WINDOW_UPDATE",
            frame(8, 0, 1, &[0; 3]),
            Code::FrameSize,
        ),
        ("no more window", frame(8, 0, 0, &[0; 4]), Code::Protocol),
        ("a push", frame(5, 4, 1, &[0; 4]), Code::Protocol),
        ("a lone CONTINUATION", frame(9, 4, 1, &[]), Code::Protocol),
        (
            "headers of two streams mixed",
            [frame(1, 0, 1, &[]), frame(9, 4, 3, &[])].concat(),
            Code::Protocol,
        ),
        (
            "something between headers",
            [frame(1, 0, 1, &[]), frame(200, 0, 0, &[])].concat(),
            Code::Protocol,
        ),
        (
            "padding without a length",
            frame(0, 8, 1, &[]),
            Code::FrameSize,
        ),
        (
            "too much padding",
            frame(0, 8, 1, &[3, 0, 0]),
            Code::Protocol,
        ),
        (
            "too much padding of headers",
            frame(1, 12, 1, &[3, 0, 0]),
            Code::Protocol,
        ),
        (
            "half a priority",
            frame(1, 0x24, 1, &[0; 4]),
            Code::Protocol,
        ),
        (
            "dependence on itself",
            frame(1, 0x24, 1, &[0, 0, 0, 1, 0]),
            Code::Protocol,
        ),
        (
            "a large frame",
            frame(0, 0, 1, &vec![0; 16_385]),
            Code::FrameSize,
        ),
        (
            "long headers",
            frame(1, 4, 1, &[0; 1001]),
            Code::EnhanceYourCalm,
        ),
        ("endless headers", flood, Code::EnhanceYourCalm),
    ];
    for (name, bytes, code) in cases {
        for size in [bytes.len(), 1] {
            let end = listen(bytes.chunks(size)).1;
            assert_eq!(end.map_err(|error| error.code()), Err(code), "{name}");
        }
    }
}

#[test]
fn a_priority_of_a_wrong_size_ends_only_its_stream() {
    let bytes = [frame(2, 0, 5, &[0; 4]), frame(6, 0, 0, &[0; 8])].concat();
    let (list, end) = listen([&bytes[..]]);
    assert_eq!((list.len(), end), (2, Ok(true)));
    assert!(matches!(&list[0], Heard::Other(text) if text.starts_with("Stream(5, FrameSize")));
}

/// One thing to say, and what must be heard.
#[derive(Clone, Debug)]
enum Said {
    Data(u32, Vec<u8>, bool),
    Headers(u32, Vec<u8>, bool),
    Ping([u8; 8]),
    Window(u32, u32),
    Reset(u32),
}

fn said() -> impl Strategy<Value = Said> {
    let stream = || (0..1000_u32).prop_map(|half| 2 * half + 1);
    let bytes = |most| proptest::collection::vec(any::<u8>(), 0..most);
    prop_oneof![
        (stream(), bytes(3000), any::<bool>()).prop_map(|(s, b, e)| Said::Data(s, b, e)),
        (stream(), bytes(1000), any::<bool>()).prop_map(|(s, b, e)| Said::Headers(s, b, e)),
        any::<[u8; 8]>().prop_map(Said::Ping),
        (stream(), 1..1_u32 << 31).prop_map(|(s, more)| Said::Window(s, more)),
        stream().prop_map(Said::Reset),
    ]
}

proptest! {
    #[test]
    fn no_bytes_whatsoever_bring_it_down(bytes: Vec<u8>, size in 1..50_usize) {
        let whole = listen([&bytes[..]]);
        prop_assert_eq!(listen(bytes.chunks(size)), whole);
    }

    #[test]
    fn no_frames_whatsoever_bring_it_down(
        frames in proptest::collection::vec(
            (0..12_u8, any::<u8>(), 0..6_u32, proptest::collection::vec(any::<u8>(), 0..30)), 0..20),
        size in 1..50_usize,
    ) {
        let frames = frames.into_iter();
        let bytes: Vec<u8> = frames.flat_map(|(k, f, s, p)| frame(k, f, s, &p)).collect();
        prop_assert_eq!(listen(bytes.chunks(size)), listen([&bytes[..]]));
    }

    #[test]
    fn what_one_says_the_other_hears(
        all in proptest::collection::vec(said(), 0..20),
        size in 1..5000_usize,
        max_frame in 1..500_u32,
    ) {
        let mut outbox = Outbox::default();
        let mut expected = Vec::new();
        for said in &all {
            let end = |end: bool| if end { Flags::END_STREAM } else { Flags::NONE };
            match said.clone() {
                Said::Data(stream, bytes, last) => {
                    outbox.head(bytes.len(), Kind::Data, end(last), stream);
                    outbox.share(bytes.clone().into());
                    let flow = u32::try_from(bytes.len()).unwrap();
                    heard(Event::Data { stream, bytes: &bytes, flow, end: last }, &mut expected);
                }
                Said::Headers(stream, block, last) => {
                    // In so many frames that it is taken for a flood, it is one.
                    let max_frame = max_frame.max(100);
                    outbox.headers(stream, end(last), &block, max_frame);
                    expected.push(Heard::Headers(stream, block, last));
                }
                Said::Ping(payload) => {
                    outbox.ping(Flags::NONE, payload);
                    heard(Event::Ping(payload), &mut expected);
                }
                Said::Window(stream, increment) => {
                    outbox.window_update(stream, increment);
                    heard(Event::WindowUpdate { stream, increment }, &mut expected);
                }
                Said::Reset(stream) => {
                    outbox.reset(stream, Code::Cancel);
                    heard(Event::Reset { stream, code: Code::Cancel }, &mut expected);
                }
            }
        }
        let bytes = super::writing::written(&mut outbox, size);
        prop_assert_eq!(listen([&bytes[..]]), (expected, Ok(true)));
    }
}
