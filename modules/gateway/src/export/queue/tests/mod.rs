use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll, Wake, Waker},
    time::{Duration, Instant as Time},
};

use bytes::Bytes;
use collector_config::Signal;
use tokio::time::timeout;

use super::*;

mod apart;

const LONG: Duration = Duration::from_secs(30);

/// Counts how often it is woken.
#[derive(Default)]
struct Counted(AtomicUsize);

impl Wake for Counted {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

impl Counted {
    fn count(&self) -> usize {
        self.0.load(Relaxed)
    }
}

/// A request of so many items.
fn payload(items: u64) -> Payload {
    let budget = Budget::new(1 << 20);
    Payload {
        signal: Signal::Traces,
        body: Bytes::from_static(b"request").into(),
        items,
        arrived: Time::now(),
        charge: Arc::new(budget.charge(7).unwrap()),
        metadata: None,
    }
}

fn queue(sizer: Sizer, size: u64, block: bool, batch: Option<u64>) -> Queue {
    let settings = Settings {
        sizer,
        size,
        consumers: 1,
        block_on_overflow: block,
        wait_for_result: false,
        storage: None,
        batch: None,
    };
    // No test waits for the time of a batch.
    let rules = batch.map(|min_size| QueueBatch {
        sizer: Sizer::Items,
        min_size,
        max_size: None,
        flush_timeout: Duration::from_hours(1),
        metadata_keys: crate::Keys::default(),
    });
    Queue::new(settings, rules)
}

async fn push(queue: &Queue, items: u64) {
    let payload = payload(items);
    queue.reserve(&payload).await.unwrap().fill(payload, None);
}

async fn items(queue: &Queue) -> (Vec<Entry>, Vec<u64>) {
    let batch = timeout(LONG, queue.next()).await.expect("a batch").unwrap();
    let items = batch.iter().map(|entry| entry.payload.items).collect();
    (batch, items)
}

#[tokio::test]
async fn a_full_queue_sends_what_forms_a_batch() {
    let queue = queue(Sizer::Requests, 3, false, Some(1000));
    for _ in 0..3 {
        push(&queue, 10).await;
    }
    assert_eq!(queue.used(), 3, "what forms a batch waits in the queue");
    let (batch, sizes) = items(&queue).await;
    assert_eq!(sizes, [10, 10, 10]);
    assert!(
        queue.reserve(&payload(1)).await.is_err(),
        "it is being sent"
    );
    queue.done(batch, &Ok(()));
    assert_eq!(queue.used(), 0);
}

#[tokio::test]
async fn who_does_not_fit_makes_a_forming_batch_leave() {
    for block in [false, true] {
        let queue = queue(Sizer::Items, 100, block, Some(1000));
        push(&queue, 40).await;
        push(&queue, 40).await;
        let large = payload(50);
        let mut waits = pin!(queue.reserve(&large));
        let waker = Waker::noop();
        match waits.as_mut().poll(&mut Context::from_waker(waker)) {
            Poll::Ready(refused) => assert!(!block && refused.is_err()),
            Poll::Pending => assert!(block),
        }
        let (batch, sizes) = items(&queue).await;
        assert_eq!(sizes, [40, 40], "block: {block}");
        queue.done(batch, &Ok(()));
        if block {
            waits.await.unwrap().fill(payload(50), None);
            assert_eq!(queue.used(), 50);
        }
    }
}

#[tokio::test]
async fn a_batch_leaves_when_there_is_no_memory_for_more() {
    let queue = queue(Sizer::Requests, 1000, false, Some(1000));
    let budget = Budget::new(100);
    let mut payload = payload(1);
    payload.charge = Arc::new(budget.charge(90).unwrap());
    queue.reserve(&payload).await.unwrap().fill(payload, None);
    let (got, _) = tokio::join!(items(&queue), async {
        tokio::task::yield_now().await;
        budget.charge_within(50, Duration::from_millis(1)).await
    });
    assert_eq!(got.1, [1]);
}

#[tokio::test]
async fn whoever_sends_is_woken_for_a_batch_and_not_for_a_payload() {
    let queue = queue(Sizer::Requests, 1000, false, Some(500));
    let counted = Arc::new(Counted::default());
    let waker = Waker::from(Arc::clone(&counted));
    let mut context = Context::from_waker(&waker);
    let mut next = pin!(queue.next());
    assert!(next.as_mut().poll(&mut context).is_pending());
    push(&queue, 10).await;
    assert!(next.as_mut().poll(&mut context).is_pending());
    for _ in 1..49 {
        push(&queue, 10).await;
    }
    assert_eq!(
        counted.count(),
        1,
        "for the first one, whose time it watches"
    );
    push(&queue, 10).await;
    assert_eq!(counted.count(), 2);
    let Poll::Ready(Some(batch)) = next.as_mut().poll(&mut context) else {
        panic!("there is a batch");
    };
    assert_eq!(batch.len(), 50);
}

#[tokio::test]
async fn each_room_that_comes_free_wakes_the_one_who_waited_longest() {
    let queue = queue(Sizer::Requests, 1, true, None);
    push(&queue, 1).await;
    let one = payload(1);
    let woken: Vec<_> = (0..1000).map(|_| Arc::new(Counted::default())).collect();
    let mut waiting: Vec<_> = (0..1000).map(|_| Box::pin(queue.reserve(&one))).collect();
    for (waits, woken) in waiting.iter_mut().zip(&woken) {
        let waker = Waker::from(Arc::clone(woken));
        assert!(
            waits
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
        );
    }
    for nth in 0..1000 {
        let (batch, _) = items(&queue).await;
        queue.done(batch, &Ok(()));
        let all: usize = woken.iter().map(|one| one.count()).sum();
        assert_eq!((all, woken[nth].count()), (nth + 1, 1), "the {nth}th alone");
        let room = waiting[nth].as_mut().await.unwrap();
        room.fill(payload(1), None);
    }
}

#[tokio::test]
async fn who_goes_away_leaves_its_room_to_the_next() {
    let queue = queue(Sizer::Items, 10, true, None);
    push(&queue, 10).await;
    let (large, small) = (payload(10), payload(1));
    let mut context = Context::from_waker(Waker::noop());
    let mut first = Box::pin(queue.reserve(&large));
    let mut second = Box::pin(queue.reserve(&large));
    let mut third = Box::pin(queue.reserve(&small));
    for waits in [&mut first, &mut second, &mut third] {
        assert!(waits.as_mut().poll(&mut context).is_pending());
    }
    let (batch, _) = items(&queue).await;
    drop(first);
    queue.done(batch, &Ok(()));
    // It has its room, and never hears of it.
    drop(second);
    third.await.unwrap().fill(small.clone(), None);
    assert_eq!(queue.used(), 1);
}

#[tokio::test]
async fn nobody_waits_for_room_at_the_end() {
    let queue = queue(Sizer::Requests, 1, true, None);
    push(&queue, 1).await;
    let one = payload(1);
    let (refused, ()) = tokio::join!(queue.reserve(&one), async {
        tokio::task::yield_now().await;
        queue.close();
    });
    assert!(refused.is_err());
    assert!(timeout(LONG, queue.reserve(&one)).await.unwrap().is_err());
}
