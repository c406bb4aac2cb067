//! Is the memory of blocks charged, used again, and given back?

use std::{sync::Arc, time::Instant};

use bytes::Bytes;

use super::super::{
    block::ScopeOf,
    blocks::{Blocks, Stay, Taking},
    packer::Packer,
    slab::NONE,
};
use crate::{Budget, Charge};

const BLOCK: u64 = 64 << 10;
const SPAN: u32 = 1000;

fn of(number: u32) -> ScopeOf<'static> {
    ScopeOf {
        number,
        resource: b"resource",
        scope: b"scope",
        request: NONE,
        arrived: Instant::now(),
    }
}

/// Takes so many spans of a scope, if there is room; where they are.
fn take(
    blocks: &mut Blocks,
    budget: &Arc<Budget>,
    request: &Bytes,
    spans: u32,
) -> Option<Vec<u32>> {
    let lengths = (0..spans).map(|_| SPAN as usize);
    let taking = if blocks.reserve(Stay::Waits, lengths, 1, 13) {
        Taking::Copies(Stay::Waits)
    } else if blocks.reserve(Stay::Waits, std::iter::empty(), 1, 13) {
        let charge = Charge::none(budget);
        blocks.keep(request.clone(), Arc::new(charge))
    } else {
        return None;
    };
    let number = blocks.number();
    let (mut taken, mut packer) = (Vec::new(), Packer::default());
    for nth in 0..spans {
        let (block, start) = blocks.add(taking, request, (nth * SPAN, SPAN), &of(number));
        blocks.counted(block);
        let span = &request[(nth * SPAN) as usize..][..SPAN as usize];
        let bytes = &blocks.get(block).bytes(&mut packer)[start as usize..];
        assert_eq!(&bytes[..SPAN as usize], span);
        taken.push(block);
    }
    blocks.settle();
    Some(taken)
}

fn release(blocks: &mut Blocks, taken: Vec<u32>) {
    for block in taken {
        blocks.release(block, SPAN, 1);
    }
}

fn request(spans: u32) -> Bytes {
    (0..spans * SPAN).map(|n| n.to_le_bytes()[1]).collect()
}

#[test]
fn memory_is_used_again_and_given_back_once_it_is_not_needed() {
    let budget = Budget::new(4 << 20);
    let mut blocks = Blocks::new(&budget);
    let spans = request(200);
    let mut most = 0;
    for second in 0..10 {
        let taken = take(&mut blocks, &budget, &spans, 200).unwrap();
        if second == 0 {
            most = budget.used();
            assert!((200_000..300_000).contains(&most), "{most}");
        }
        assert_eq!(budget.used(), most, "in second {second}");
        blocks.tick();
        release(&mut blocks, taken);
    }
    // Less comes, and then nothing.
    for _ in 0..2 {
        let taken = take(&mut blocks, &budget, &spans, 10).unwrap();
        blocks.tick();
        release(&mut blocks, taken);
    }
    assert!(budget.used() <= 2 * BLOCK, "{}", budget.used());
    blocks.seal(Stay::Waits);
    blocks.tick();
    blocks.tick();
    assert_eq!((budget.used(), blocks.used()), (0, 0));
}

#[test]
fn a_request_without_room_for_copies_is_kept_as_it_came() {
    let budget = Budget::new(2 * BLOCK);
    let mut blocks = Blocks::new(&budget);
    let spans = request(300);
    let taken = take(&mut blocks, &budget, &spans, 300).unwrap();
    assert_eq!(taken, [0; 300], "one block");
    assert!(budget.used() < 1000, "its own charge covers it");
    let copied = take(&mut blocks, &budget, &spans, 100).unwrap();
    assert!(
        take(&mut blocks, &budget, &spans, 100).is_some(),
        "kept as it came"
    );
    release(&mut blocks, taken);
    release(&mut blocks, copied);
    let others = budget.charge(budget.limit() - budget.used()).unwrap();
    // Spare blocks are for copies of what comes.
    assert!(take(&mut blocks, &budget, &spans, 50).is_some());
    drop(others);
}

#[test]
fn what_is_described_alike_is_described_once() {
    let budget = Budget::new(1 << 20);
    let mut blocks = Blocks::new(&budget);
    let spans = request(9);
    for _ in 0..3 {
        take(&mut blocks, &budget, &spans, 3).unwrap();
    }
    let block = blocks.get(0);
    assert_eq!((block.scopes.len(), block.headers()), (3, 13));
    assert_eq!(block.scope_of(3 * SPAN), 1);
    assert_eq!(block.of(2, 0).resource, b"resource");
}
