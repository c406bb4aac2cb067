//! Does a server survive whatever comes, and give back all that it took?

use proptest::prelude::*;

use super::{Pair, block, call, framed, grpc, message_of, span};
use crate::http2::{Flags, Kind, PREFACE};

/// A frame, likely or not.
fn frame() -> impl Strategy<Value = Vec<u8>> {
    let kind = prop_oneof![
        4 => Just(Kind::Headers),
        4 => Just(Kind::Data),
        1 => Just(Kind::Reset),
        1 => Just(Kind::Settings),
        1 => Just(Kind::Ping),
        1 => Just(Kind::WindowUpdate),
        1 => Just(Kind::GoAway),
        1 => Just(Kind::Continuation),
        1 => Just(Kind::Priority),
        1 => any::<u8>().prop_map(Kind::Unknown),
    ];
    let likely = prop_oneof![
        Just(block(&call())),
        Just(message_of(&span(30))),
        Just(vec![0, 0, 0, 1]),
        Just(vec![0; 8]),
        Just(vec![0, 4, 0, 0, 0, 9]),
    ];
    let payload = prop_oneof![
        4 => likely,
        1 => prop::collection::vec(any::<u8>(), 0..50),
    ];
    let flags = prop_oneof![
        4 => prop::sample::select(vec![0, 1, 4, 5]),
        1 => any::<u8>(),
    ];
    let stream = prop_oneof![4 => (0..6_u32).prop_map(|index| 2 * index + 1), 1 => 0..12_u32];
    (kind, flags, stream, payload)
        .prop_map(|(kind, flags, stream, payload)| framed(kind, Flags(flags), stream, &payload))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_comes_is_survived(
        frames in prop::collection::vec(frame(), 0..30),
        rest in prop::collection::vec(any::<u8>(), 0..30),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut pair = Pair::silent(&grpc(), 1 << 20).await;
            let settings = framed(Kind::Settings, Flags::NONE, 0, &[]);
            pair.write(&[&PREFACE[..], &settings, &frames.concat(), &rest].concat()).await;
            pair.gone().await;
        });
    }
}
