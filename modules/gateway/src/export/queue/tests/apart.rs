//! Requests that came with other headers leave in other batches.

use super::*;
use crate::{Keys, metadata::Hearing};

/// A queue whose batches have 100 items and leave after `flush_timeout`, each of one tenant.
fn by_tenant(size: u64, flush_timeout: Duration) -> Queue {
    let rules = QueueBatch {
        sizer: Sizer::Items,
        min_size: 100,
        max_size: Some(100),
        flush_timeout,
        metadata_keys: Keys::of(&["tenant"]),
    };
    let settings = queue(Sizer::Requests, size, false, None).settings;
    Queue::new(settings, Some(rules))
}

fn of_tenant(tenant: &str, items: u64) -> Payload {
    let mut payload = payload(items);
    let keys = Keys::of(&["tenant", "user"]);
    let mut hearing = Hearing::new(&keys, payload.charge.budget());
    // Who the user is makes no difference.
    hearing.field(b"user", &items.to_be_bytes());
    hearing.field(b"tenant", tenant.as_bytes());
    payload.metadata = hearing.heard().unwrap();
    payload
}

async fn push(queue: &Queue, payload: Payload) {
    queue.reserve(&payload).await.unwrap().fill(payload, None);
}

#[tokio::test]
async fn a_batch_is_whole_by_what_one_tenant_sent() {
    let queue = by_tenant(1000, LONG * 100);
    for items in [10, 20, 30] {
        push(&queue, of_tenant("a", items)).await;
        push(&queue, of_tenant("b", items + 1)).await;
    }
    push(&queue, payload(99)).await;
    assert!(
        matches!(queue.look(), Next::Forming(..)),
        "189 items, and nobody has 100"
    );
    push(&queue, of_tenant("b", 37)).await;
    let (_, sizes) = items(&queue).await;
    assert_eq!(sizes, [11, 21, 31, 37]);
    assert!(matches!(queue.look(), Next::Forming(..)));
    push(&queue, payload(1)).await;
    assert_eq!(
        items(&queue).await.1,
        [99, 1],
        "who says nothing is a tenant, too"
    );
    queue.close();
    assert_eq!(items(&queue).await.1, [10, 20, 30]);
    assert!(queue.next().await.is_none());
}

#[tokio::test]
async fn what_is_left_of_a_batch_forms_the_next_one_of_its_tenant() {
    let queue = by_tenant(1000, LONG * 100);
    for items in [60, 60, 90] {
        push(&queue, of_tenant("a", items)).await;
        push(&queue, of_tenant("b", 1)).await;
    }
    assert_eq!(items(&queue).await.1, [60]);
    assert_eq!(
        items(&queue).await.1,
        [60],
        "150 are enough for another one"
    );
    assert!(matches!(queue.look(), Next::Forming(..)));
    push(&queue, of_tenant("a", 10)).await;
    assert_eq!(items(&queue).await.1, [90, 10]);
    queue.close();
    assert_eq!(items(&queue).await.1, [1, 1, 1]);
}

#[tokio::test]
async fn who_waits_longest_leaves_first_when_it_is_time_or_there_is_no_room() {
    let full = by_tenant(6, LONG * 100);
    let late = by_tenant(1000, Duration::from_millis(1));
    for queue in [full, late] {
        for items in [1, 2] {
            for tenant in ["a", "b", "c"] {
                push(&queue, of_tenant(tenant, items)).await;
            }
        }
        let mut got = Vec::new();
        for _ in 0..3 {
            let (batch, sizes) = items(&queue).await;
            assert_eq!(sizes, [1, 2]);
            let metadata = batch[0].payload.metadata.clone().unwrap();
            got.extend(metadata.of("tenant").map(<[u8]>::to_vec));
        }
        assert_eq!(got, [b"a", b"b", b"c"]);
    }
}

#[tokio::test]
async fn nobody_is_passed_over_because_others_send_fast() {
    let queue = by_tenant(1000, Duration::from_millis(20));
    push(&queue, of_tenant("slow", 1)).await;
    for _ in 0..10 {
        push(&queue, of_tenant("fast", 100)).await;
    }
    assert_eq!(items(&queue).await.1, [100]);
    tokio::time::sleep(Duration::from_millis(30)).await;
    assert_eq!(items(&queue).await.1, [1]);
}
