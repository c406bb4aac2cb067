//! Who has the next turn, and when does time pass? As a seed says.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    future::{self, Future},
    mem,
    ops::{Add, AddAssign, Sub},
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use fastrand::Rng;
use futures::future::{BoxFuture, Either, select};

/// A moment: of the simulation in which it was asked for, or else a real one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(tokio::time::Instant);

/// It took longer than it might.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Elapsed;

thread_local! {
    static CLOCK: RefCell<Option<Clock>> = const { RefCell::new(None) };
}

/// The time of a simulation, and who waits for which.
struct Clock {
    now: tokio::time::Instant,
    next: u64,
    waiting: BTreeMap<(tokio::time::Instant, u64), Waker>,
    /// Tasks that others have made.
    made: Vec<BoxFuture<'static, ()>>,
}

/// Runs tasks on this thread until it is dropped: each has its turn when the dice say so, and when all of them wait time
/// passes.
pub(crate) struct Simulation {
    dice: Rng,
    tasks: BTreeMap<usize, BoxFuture<'static, ()>>,
    next: usize,
    ready: Arc<Ready>,
}

type Ready = Mutex<Vec<usize>>;

struct Task(usize, Arc<Ready>);

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        let mut ready = self.1.lock().unwrap_or_else(PoisonError::into_inner);
        if !ready.contains(&self.0) {
            ready.push(self.0);
        }
    }
}

/// The number of what everything else is run for.
const MAIN: usize = 0;

impl Simulation {
    pub(crate) fn new(seed: u64) -> Self {
        CLOCK.set(Some(Clock {
            now: tokio::time::Instant::now(),
            next: 0,
            waiting: BTreeMap::new(),
            made: Vec::new(),
        }));
        Self {
            dice: Rng::with_seed(seed),
            tasks: BTreeMap::new(),
            next: MAIN + 1,
            ready: Arc::default(),
        }
    }

    /// Runs everything until this is done.
    pub(crate) fn run<T>(&mut self, main: impl Future<Output = T>) -> T {
        let mut main = pin!(main);
        let waker = |number| Waker::from(Arc::new(Task(number, Arc::clone(&self.ready))));
        let first = waker(MAIN);
        first.wake_by_ref();
        loop {
            for task in with(|clock| mem::take(&mut clock.made)) {
                self.tasks.insert(self.next, task);
                self.ready.lock().unwrap().push(self.next);
                self.next += 1;
            }
            let number = {
                let mut ready = self.ready.lock().unwrap();
                let chosen = (!ready.is_empty()).then(|| self.dice.usize(..ready.len()));
                chosen.map(|chosen| ready.swap_remove(chosen))
            };
            let Some(number) = number else {
                pass();
                continue;
            };
            let waker = Waker::from(Arc::new(Task(number, Arc::clone(&self.ready))));
            let mut context = Context::from_waker(&waker);
            if number == MAIN {
                if let Poll::Ready(result) = main.as_mut().poll(&mut context) {
                    return result;
                }
            } else if let Some(task) = self.tasks.get_mut(&number)
                && task.as_mut().poll(&mut context).is_ready()
            {
                self.tasks.remove(&number);
            }
        }
    }

    /// Ends all tasks where they are.
    pub(crate) fn kill(&mut self) {
        with(|clock| clock.made.clear());
        self.tasks.clear();
    }
}

impl Drop for Simulation {
    fn drop(&mut self) {
        self.kill();
        CLOCK.set(None);
    }
}

fn with<T>(change: impl FnOnce(&mut Clock) -> T) -> T {
    CLOCK.with_borrow_mut(|clock| change(clock.as_mut().expect("a simulation runs")))
}

/// Nobody can go on: time passes until somebody can.
fn pass() {
    let waker = with(|clock| {
        let ((at, _), waker) = clock
            .waiting
            .pop_first()
            .expect("somebody waits for a time");
        clock.now = clock.now.max(at);
        waker
    });
    waker.wake();
}

fn simulated() -> bool {
    CLOCK.with_borrow(Option::is_some)
}

/// Makes a task of the simulation that runs.
pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    with(|clock| clock.made.push(Box::pin(task)));
}

impl Instant {
    pub(crate) fn now() -> Self {
        let simulated = CLOCK.with_borrow(|clock| clock.as_ref().map(|clock| clock.now));
        Self(simulated.unwrap_or_else(tokio::time::Instant::now))
    }

    pub(crate) fn elapsed(self) -> Duration {
        Self::now() - self
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, more: Duration) -> Self {
        Self(self.0 + more)
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, more: Duration) {
        self.0 += more;
    }
}

impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.0.saturating_duration_since(earlier.0)
    }
}

/// A place among those who wait.
struct Alarm {
    at: tokio::time::Instant,
    number: u64,
}

impl Future for Alarm {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        with(|clock| {
            if clock.now >= self.at {
                return Poll::Ready(());
            }
            let waker = context.waker().clone();
            clock.waiting.insert((self.at, self.number), waker);
            Poll::Pending
        })
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        CLOCK.with_borrow_mut(|clock| {
            if let Some(clock) = clock {
                clock.waiting.remove(&(self.at, self.number));
            }
        });
    }
}

pub(crate) async fn sleep_until(at: Instant) {
    if !simulated() {
        return tokio::time::sleep_until(at.0).await;
    }
    let number = with(|clock| {
        clock.next += 1;
        clock.next
    });
    Alarm { at: at.0, number }.await;
}

pub(crate) async fn sleep(time: Duration) {
    sleep_until(Instant::now() + time).await;
}

pub(crate) async fn timeout_at<T>(
    at: Instant,
    wanted: impl Future<Output = T>,
) -> Result<T, Elapsed> {
    match select(pin!(wanted), pin!(sleep_until(at))).await {
        Either::Left((result, _)) => Ok(result),
        Either::Right(_) => Err(Elapsed),
    }
}

pub(crate) async fn timeout<T>(
    time: Duration,
    wanted: impl Future<Output = T>,
) -> Result<T, Elapsed> {
    timeout_at(Instant::now() + time, wanted).await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What three tasks do in one simulation.
    fn turns(seed: u64) -> Vec<(u64, Duration)> {
        let mut simulation = Simulation::new(seed);
        let began = Instant::now();
        let turns = Arc::new(Mutex::new(Vec::new()));
        for number in 0..3 {
            let turns = Arc::clone(&turns);
            spawn(async move {
                for _ in 0..5 {
                    turns.lock().unwrap().push((number, began.elapsed()));
                    sleep(Duration::from_secs(1)).await;
                }
            });
        }
        let slow = timeout(Duration::from_secs(9), future::pending::<()>());
        assert_eq!(simulation.run(slow), Err(Elapsed));
        assert_eq!(began.elapsed(), Duration::from_secs(9));
        let turns = turns.lock().unwrap();
        turns.clone()
    }

    #[test]
    fn a_seed_says_who_has_which_turn_and_time_passes_when_all_wait() {
        let all: std::collections::BTreeSet<_> = (0..20).map(turns).collect();
        assert!(all.len() > 5, "{}", all.len());
        for turns in all {
            let times = turns.iter().map(|(_, time)| time.as_secs());
            assert!(times.eq((0..15).map(|turn| turn / 3)), "{turns:?}");
        }
        assert_eq!(turns(7), turns(7));
        assert!(!simulated());
    }
}
