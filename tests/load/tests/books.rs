//! Do generator, sink and books agree, with nothing between them and with a sink that misbehaves?

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use load::{
    client::Transport,
    compress::Encoding,
    generator::{Load, Rate, Sent, send},
    layout::Layout,
    ledger::Ledger,
    sink::{Behaviour, Sink},
    template::{Size, Template},
    verdict::{Expected, Verdict},
};

const ANYWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
const LAYOUT: Layout = Layout {
    spans: 100,
    spread: 3,
};

fn load(sink: &Sink, transport: Transport, encoding: Encoding) -> Load {
    Load {
        target: sink.address(),
        transport,
        encoding,
        connections: 2,
        in_flight: 4,
        rate: Rate::Spans(100_000),
        duration: Duration::from_millis(200),
        // It is not the machine that is judged.
        patience: Duration::from_mins(1),
        backoff: Duration::from_millis(10),
    }
}

fn run(sink: &Sink, load: &Load) -> (Sent, Arc<Ledger>) {
    let ledger = Arc::new(Ledger::new(1, LAYOUT, 1000));
    sink.keep(&ledger);
    let (sent, next) = send(load, &Template::new(LAYOUT.spans, Size::Small), &ledger, 0)
        .expect("sockets on loopback can be polled");
    assert_eq!(sent.requests, next);
    (sent, ledger)
}

#[test]
fn what_is_sent_arrives_over_every_transport_in_every_encoding() {
    let sink = Sink::start(ANYWHERE, None).unwrap();
    for transport in [Transport::Grpc, Transport::Http] {
        for encoding in [Encoding::None, Encoding::Gzip, Encoding::Zstd] {
            let before = sink.seen().messages[encoding as usize].load(Relaxed);
            let (sent, ledger) = run(&sink, &load(&sink, transport, encoding));
            let verdict = Verdict::of(&ledger, Expected::All);
            assert!(sent.acknowledged > 0, "{transport:?} {encoding:?} {sent:?}");
            assert_eq!((sent.acknowledged, sent.unanswered), (sent.requests, 0));
            assert_eq!(verdict.delivered, sent.requests * LAYOUT.spans);
            assert!(verdict.is_clean() && verdict.duplicates == 0, "{verdict:?}");
            let seen = sink.seen().messages[encoding as usize].load(Relaxed) - before;
            assert_eq!(seen, sent.requests);
            assert_eq!(sent.acknowledgement.count(), sent.requests);
        }
    }
    assert_eq!(sink.seen().broken.load(Relaxed), 0);
}

#[test]
fn a_sink_that_loses_one_span_is_found_out() {
    let sink = Sink::start(ANYWHERE, None).unwrap();
    sink.forget(34);
    let (_, ledger) = run(&sink, &load(&sink, Transport::Grpc, Encoding::None));
    let verdict = Verdict::of(&ledger, Expected::All);
    assert_eq!((verdict.lost, verdict.examples.as_slice()), (1, &[34][..]));
    assert!(!verdict.is_clean());
}

#[test]
fn a_sink_that_does_not_take_spans_leaves_none_acknowledged() {
    let cases = [
        (Transport::Grpc, Behaviour::Refuse(14), Some("later 14")),
        (Transport::Grpc, Behaviour::Refuse(3), Some("never 3")),
        (Transport::Http, Behaviour::Refuse(503), Some("later 503")),
        (Transport::Http, Behaviour::Refuse(400), Some("never 400")),
        (Transport::Grpc, Behaviour::Reset, Some("never 13")),
        (Transport::Http, Behaviour::Reset, None),
        (Transport::Grpc, Behaviour::Hang, None),
        (Transport::Grpc, Behaviour::Stall, None),
        (Transport::Grpc, Behaviour::Die, None),
    ];
    for (transport, behaviour, said) in cases {
        let sink = Sink::start(ANYWHERE, None).unwrap();
        sink.behave(behaviour);
        let mut load = load(&sink, transport, Encoding::None);
        if said.is_none() {
            // Nobody will ever answer.
            load.patience = Duration::from_millis(50);
        }
        let (sent, ledger) = run(&sink, &load);
        assert_eq!(
            (sent.acknowledged, ledger.delivered()),
            (0, 0),
            "{behaviour:?}"
        );
        let refused: Vec<&str> = sent.refused.keys().map(String::as_str).collect();
        assert_eq!(
            refused,
            said.into_iter().collect::<Vec<_>>(),
            "{behaviour:?}"
        );
    }
}

#[test]
fn a_sink_that_died_takes_spans_again_once_it_lives() {
    let sink = Sink::start(ANYWHERE, None).unwrap();
    let load = load(&sink, Transport::Grpc, Encoding::None);
    sink.behave(Behaviour::Die);
    assert_eq!(run(&sink, &load).0.acknowledged, 0);
    sink.behave(Behaviour::Take);
    let (sent, ledger) = run(&sink, &load);
    assert!(sent.acknowledged > 0, "{sent:?}");
    assert!(Verdict::of(&ledger, Expected::All).is_clean());
}
