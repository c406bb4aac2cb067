//! Does the gateway keep the same requests apart by headers as the collector, and refuse the same?

use super::beside::{Program, Who};
use crate::{
    program::apart::{By, Places, sizes},
    support::{Backend, until},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_the_collector_keeps_them_apart() {
    for by in [By::Processor, By::Queue] {
        let mut told = Vec::new();
        for who in [Who::Collector(""), Who::Gateway] {
            let (backend, to) = Backend::start().await;
            let places = Places::new();
            let program = Program::start(who, |_, _| places.config(by, to));
            let listens = |at| std::net::TcpStream::connect(at).is_ok();
            until("it listens", || {
                listens(places.grpc) && listens(places.http)
            })
            .await;
            let answers = places.answers().await;
            if let By::Processor = by {
                until("its page tells", || places.seen().is_some()).await;
            }
            let seen = places.seen();
            program.end();
            told.push((answers, seen, sizes(&backend)));
        }
        assert_eq!(told[0], told[1], "{by:?}");
    }
}
