//! What does a sender hear when a call or its connection breaks?

use std::time::Duration;

use futures::future::join_all;
use h2::{Reason, server};

use super::world::{answer, body, call, client, echo, soon};
use crate::http2::client::{Idle, Keepalive, Lost};

fn untouched<T>(result: &Result<T, Lost>) -> bool {
    matches!(result, Err(Lost::Untouched(_)))
}

#[tokio::test]
async fn a_connection_that_goes_away_answers_what_it_took_and_no_more() {
    let (client, theirs) = client(1 << 20, Keepalive::default());
    let peer = tokio::spawn(async move {
        let mut builder = server::Builder::new();
        builder.max_concurrent_streams(8);
        let mut connection = builder.handshake::<_, bytes::Bytes>(theirs).await.unwrap();
        let mut taken = 0;
        while let Some(Ok(served)) = connection.accept().await {
            taken += 1;
            if taken == 20 {
                connection.graceful_shutdown();
            }
            tokio::spawn(echo(served));
        }
        taken
    });
    let all = soon(join_all(
        (0..100).map(|byte| client.call(call(20_000, byte))),
    ))
    .await;
    let answered = all.iter().filter(|one| one.is_ok()).count();
    let turned_away = all.iter().filter(|one| untouched(one)).count();
    assert_eq!(answered + turned_away, 100, "{all:?}");
    assert!(answered >= 20, "{answered}");
    assert_eq!(soon(peer).await.unwrap(), answered);
    assert!(!client.is_open());
    assert!(untouched(&client.call(call(1, 1)).await));
}

#[tokio::test]
async fn a_call_that_was_refused_may_be_made_again_and_others_may_not() {
    for (reason, refused) in [
        (Reason::REFUSED_STREAM, true),
        (Reason::CANCEL, false),
        (Reason::INTERNAL_ERROR, false),
        (Reason::NO_ERROR, false),
    ] {
        let (client, theirs) = client(1 << 20, Keepalive::default());
        tokio::spawn(async move {
            let mut connection = server::handshake(theirs).await.unwrap();
            let (_, mut respond) = connection.accept().await.unwrap().unwrap();
            respond.send_reset(reason);
            while let Some(Ok(served)) = connection.accept().await {
                tokio::spawn(echo(served));
            }
        });
        let lost = soon(client.call(call(200_000, 1))).await;
        assert!(lost.is_err());
        assert_eq!(untouched(&lost), refused, "{lost:?}");
        assert!(soon(client.call(call(70_000, 1))).await.is_ok(), "{reason}");
    }
}

#[tokio::test]
async fn a_call_that_nobody_waits_for_is_cancelled_and_takes_nobodys_place() {
    let (client, theirs) = client(1 << 20, Keepalive::default());
    let (begun, begins) = tokio::sync::oneshot::channel();
    let peer = tokio::spawn(async move {
        let mut builder = server::Builder::new();
        builder.max_concurrent_streams(1);
        let mut connection = builder.handshake(theirs).await.unwrap();
        let (_request, mut respond) = connection.accept().await.unwrap().unwrap();
        begun.send(()).unwrap();
        let next = tokio::spawn(async move {
            let served = connection.accept().await.unwrap().unwrap();
            tokio::spawn(echo(served));
            while connection.accept().await.is_some() {}
        });
        let reason = std::future::poll_fn(|context| respond.poll_reset(context)).await;
        (reason.unwrap(), next)
    });
    let first = client.call(call(200_000, 1));
    let (second, third) = (client.call(call(10, 2)), client.call(call(20, 3)));
    {
        let mut first = Box::pin(first);
        let mut second = Box::pin(second);
        assert!(futures::poll!(&mut first).is_pending());
        assert!(futures::poll!(&mut second).is_pending());
        tokio::select! {
            _ = &mut first => panic!("nobody answers"),
            begun = soon(begins) => begun.unwrap(),
        }
        // One that has begun, and one that waits.
    }
    assert!(soon(third).await.is_ok());
    let (reason, next) = soon(peer).await.unwrap();
    assert_eq!(reason, Reason::CANCEL);
    drop(client);
    soon(next).await.unwrap();
}

#[tokio::test]
async fn a_connection_that_dies_takes_its_calls_with_it() {
    let (client, theirs) = client(1 << 20, Keepalive::default());
    tokio::spawn(async move {
        let mut builder = server::Builder::new();
        builder.max_concurrent_streams(2);
        let mut connection = builder.handshake::<_, bytes::Bytes>(theirs).await.unwrap();
        let first = connection.accept().await;
        let second = connection.accept().await;
        drop((connection, first, second));
    });
    let all = soon(join_all((0..5).map(|byte| client.call(call(1000, byte))))).await;
    assert!(all.iter().all(Result::is_err));
    let broken = all.iter().filter(|lost| !untouched(lost)).count();
    assert_eq!(broken, 2, "{all:?}");
    assert!(!client.is_open());
}

#[tokio::test]
async fn a_peer_that_answers_no_ping_is_left() {
    for idle in [Idle::Silent, Idle::Asked] {
        let keepalive = Keepalive {
            after: Some(Duration::from_millis(10)),
            timeout: Duration::from_millis(20),
            idle,
        };
        let (client, theirs) = client(1 << 20, keepalive);
        if idle == Idle::Silent {
            let lost = soon(client.call(call(10, 1))).await.unwrap_err();
            assert_eq!(lost.to_string(), "the destination does not answer pings");
        } else {
            while client.is_open() {
                soon(tokio::time::sleep(Duration::from_millis(5))).await;
            }
        }
        drop(theirs);
    }
}

#[tokio::test]
async fn an_answer_before_the_whole_body_is_an_answer() {
    let (client, theirs) = client(1 << 20, Keepalive::default());
    let peer = tokio::spawn(async move {
        let mut connection = server::handshake(theirs).await.unwrap();
        let (request, mut respond) = connection.accept().await.unwrap().unwrap();
        answer(&mut respond, bytes::Bytes::new(), "7");
        drop(request);
        let (next, mut later) = connection.accept().await.unwrap().unwrap();
        let serving = tokio::spawn(async move { while connection.accept().await.is_some() {} });
        body(&mut next.into_body()).await;
        answer(&mut later, bytes::Bytes::new(), "0");
        drop(later);
        soon(serving).await.unwrap();
    });
    // Longer than the window, which nobody opens.
    assert_eq!(
        soon(client.call(call(100_000, 1))).await.unwrap().code,
        Some(7)
    );
    assert_eq!(soon(client.call(call(100, 1))).await.unwrap().code, Some(0));
    drop(client);
    soon(peer).await.unwrap();
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_not_kept() {
    let (client, theirs) = client(1 << 20, Keepalive::default());
    tokio::spawn(async move {
        let mut connection = server::handshake(theirs).await.unwrap();
        while let Some(Ok((_, mut respond))) = connection.accept().await {
            answer(&mut respond, vec![0; 100_001].into(), "0");
        }
    });
    let lost = soon(client.call(call(1, 1))).await.unwrap_err();
    assert_eq!(lost.to_string(), "the answer is too long");
    assert!(client.is_open());
}
