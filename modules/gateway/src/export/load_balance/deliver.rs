//! How does each part arrive at its member, or at another one if that is none any more?

use std::{sync::Arc, time::Duration};

use futures::future::{BoxFuture, join_all};
use tokio::time::{Instant, sleep};

use super::LoadBalancer;
use crate::{
    Payload,
    export::{Delivered, Failure, Left, Sender, retry::Backoff},
    settings::Choice,
};

/// How often it is looked who the members are while something waits for one of them, if nothing else is said.
const LOOK: Duration = Duration::from_secs(5);

/// One who can be chosen.
struct Member {
    name: String,
    sender: Arc<dyn Sender>,
}

/// What is to be done about a part that has not arrived.
enum Next {
    /// It is tried again.
    Again,
    /// It is given back.
    End,
    /// Its member is none any more.
    Elsewhere,
}

impl LoadBalancer {
    /// Brings each part of a payload to whom it belongs. `began`: when that was begun.
    pub(super) fn spread<'a>(
        &'a self,
        payload: &'a Payload,
        began: Instant,
    ) -> BoxFuture<'a, Result<Delivered, Failure>> {
        Box::pin(async move {
            let members = self.members().await?;
            if members.senders.is_empty() {
                return Err(Failure::passing("there is nobody to send to"));
            }
            // The parts are copies. Where there is no memory for them they are made nevertheless: one that waits for its
            // member must not keep back what others would take.
            let copies = payload.charge.budget().charge(payload.body.len() as u64);
            let parts = self.parts(payload, &members.ring);
            // What goes to one member is not copied.
            let _copies = copies.filter(|_| parts.len() > 1);
            let deliveries = parts.iter().map(|(at, part)| {
                let member = Member {
                    name: members.names[*at].clone(),
                    sender: Arc::clone(&members.senders[*at]),
                };
                self.deliver(member, part, began)
            });
            let mut results = join_all(deliveries).await;
            if results.len() == 1
                && let Some(only) = results.pop()
            {
                return only;
            }
            Ok(together(results, parts.into_values()))
        })
    }

    /// Sends a part as often as it takes.
    async fn deliver(
        &self,
        member: Member,
        part: &Payload,
        began: Instant,
    ) -> Result<Delivered, Failure> {
        let mut backoff = self.settings.retry.map(Backoff::new);
        loop {
            let attempt = Instant::now();
            let result = member.sender.send(part).await;
            let took = attempt.elapsed();
            self.tally.answered(&member.name, took, result.is_ok());
            let Err(Failure::Passing { why, after }) = result else {
                return result;
            };
            let pause = Backoff::next(&mut backoff, began.elapsed(), after);
            match self.next(&member.name, pause).await {
                Next::Again => {}
                Next::End => return Err(Failure::Passing { why, after }),
                Next::Elsewhere => return self.spread(part, began).await,
            }
        }
    }

    /// Waits until a part that its member did not take can be tried again, there or elsewhere.
    async fn next(&self, member: &str, pause: Option<Duration>) -> Next {
        let look = match &self.settings.choice {
            Choice::Dns(names) => names.interval,
            Choice::Fixed(_) => LOOK,
        };
        let end = Instant::now() + pause.unwrap_or_default();
        loop {
            let changed = self.changed.notified();
            if self.is_gone(member).await {
                return Next::Elsewhere;
            }
            if pause.is_none() {
                return Next::End;
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Next::Again;
            }
            tokio::select! {
                () = sleep(left.min(look)) => {}
                () = changed => {}
            }
        }
    }

    /// Whether there are others now, and this one is not among them.
    async fn is_gone(&self, member: &str) -> bool {
        let members = self.members().await;
        members.is_ok_and(|members| {
            !members.names.is_empty() && members.names.iter().all(|name| name != member)
        })
    }
}

/// What became of a whole whose parts ended so. What did not arrive is given back for itself: the rest must not be sent
/// again.
fn together(
    results: Vec<Result<Delivered, Failure>>,
    parts: impl Iterator<Item = Payload>,
) -> Delivered {
    let mut all = Delivered::default();
    for (result, payload) in results.into_iter().zip(parts) {
        match result {
            Ok(delivered) => {
                all.rejected += delivered.rejected;
                all.left.extend(delivered.left);
                if !delivered.message.is_empty() {
                    all.message = delivered.message;
                }
            }
            Err(failure) => all.left.push(Left { payload, failure }),
        }
    }
    all
}
