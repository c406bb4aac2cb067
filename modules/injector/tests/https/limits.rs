//! Does everything have a limit, and does the program end without cutting anyone off?

use std::time::Duration;

use injector::Limits;
use tokio::{io::AsyncReadExt as _, time::timeout};

use crate::support::{Running, limits, review};

const HEAD: &str =
    "POST /mutate HTTP/1.1\r\nhost: injector.obs.svc\r\ncontent-type: application/json\r\n";

#[tokio::test]
async fn a_body_that_is_too_long_is_not_read() {
    let running = Running::new(limits()).await;
    let long = vec![b' '; (64 << 10) + 1];
    assert_eq!(running.review(&long).await.code, 413);

    // Without a length it is only seen while it comes.
    let mut connection = running.connect().await;
    connection
        .send(format!("{HEAD}transfer-encoding: chunked\r\n\r\n").as_bytes())
        .await;
    for part in long.chunks(16 << 10) {
        connection
            .send(format!("{:x}\r\n", part.len()).as_bytes())
            .await;
        connection.send(part).await;
        connection.send(b"\r\n").await;
    }
    assert_eq!(connection.reply().await.code, 413);
    running
        .counted("otelier_injector_errors_total{code=\"413\"} 2")
        .await;
}

#[tokio::test]
async fn who_is_too_slow_is_not_waited_for() {
    let patience = Duration::from_millis(300);
    let running = Running::new(Limits {
        patience,
        ..limits()
    })
    .await;
    let mut silent = running.dial().await.unwrap();
    assert_eq!(
        silent.read(&mut [0]).await.unwrap_or(0),
        0,
        "it is hung up on"
    );
    running
        .counted("otelier_injector_handshakes_failed_total 1")
        .await;

    let mut connection = running.connect().await;
    connection
        .send(format!("{HEAD}content-length: 100\r\n\r\n{{").as_bytes())
        .await;
    assert_eq!(connection.reply().await.code, 408);
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let idle = Duration::from_millis(300);
    let running = Running::new(Limits { idle, ..limits() }).await;
    let mut connection = running.connect().await;
    assert_eq!(connection.ask("GET /healthz HTTP/1.1", b"").await.code, 200);
    let ended = timeout(Duration::from_secs(20), connection.0.read(&mut [0])).await;
    assert_eq!(ended.unwrap().unwrap_or(0), 0);
}

#[tokio::test]
async fn a_connection_too_many_waits_for_another_to_end() {
    let running = Running::new(Limits {
        connections: 1,
        ..limits()
    })
    .await;
    let first = running.connect().await;
    assert!(
        timeout(Duration::from_millis(300), running.connect())
            .await
            .is_err()
    );
    drop(first);
    let mut third = timeout(Duration::from_secs(20), running.connect())
        .await
        .unwrap();
    assert_eq!(third.ask("GET /healthz HTTP/1.1", b"").await.code, 200);
}

#[tokio::test]
async fn a_review_too_many_waits_for_another_to_be_answered() {
    let running = Running::new(Limits {
        reviews: 1,
        patience: Duration::from_secs(3),
        ..limits()
    })
    .await;
    let body = review("shop");
    let (first, rest) = body.split_at(20);
    let mut slow = running.connect().await;
    slow.begin(HEAD, body.len(), first).await;
    let (code, ()) = tokio::join!(async { running.review(&body).await.code }, async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        slow.send(rest).await;
        assert_eq!(slow.reply().await.code, 200);
    });
    assert_eq!(code, 200);

    // Who holds the place without saying anything loses it; who waited too long is told so.
    let mut silent = running.connect().await;
    silent.begin(HEAD, 100, b"{").await;
    let code = running.review(&body).await.code;
    assert!([200, 503].contains(&code), "{code}");
    assert_eq!(silent.reply().await.code, 408);
    assert_eq!(running.review(&body).await.code, 200);
}

#[tokio::test]
async fn told_to_end_it_answers_who_has_asked_and_takes_nobody_else() {
    let mut running = Running::new(limits()).await;
    let mut idle = running.connect().await;
    let mut busy = running.connect().await;
    let body = review("shop");
    let (first, rest) = body.split_at(20);
    busy.begin(HEAD, body.len(), first).await;
    running.counted("otelier_injector_connections 2").await;

    running.stop();
    assert_eq!(
        idle.0.read(&mut [0]).await.unwrap_or(0),
        0,
        "an idle connection ends"
    );
    assert!(running.dial().await.is_err(), "nobody listens any more");
    busy.send(rest).await;
    assert_eq!(busy.reply().await.code, 200);
    timeout(Duration::from_secs(20), running.ended())
        .await
        .unwrap();
}
