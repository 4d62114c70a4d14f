//! Times of several ways to do the same work, in turns.

use std::hint::black_box;

use rustix::time::{ClockId, clock_gettime};

/// One way to do the work.
pub struct Way<'a> {
    pub name: &'static str,
    run: Box<dyn FnMut(u64) + 'a>,
}

impl<'a> Way<'a> {
    pub fn new<T>(name: &'static str, mut work: impl FnMut() -> T + 'a) -> Self {
        let run = move |times| {
            for _ in 0..times {
                black_box(work());
            }
        };
        Self { name, run: Box::new(run) }
    }

    pub fn times(&mut self, times: u64) {
        (self.run)(times);
    }
}

/// The nanoseconds of each way, in each round.
pub struct Times(Vec<(&'static str, Vec<f64>)>);

impl Times {
    pub fn of(&self, name: &str) -> f64 {
        median(self.rounds(name).to_vec())
    }

    /// The median of the ratios that the rounds give: what slows the machine
    /// down slows both sides of a round.
    pub fn ratio(&self, name: &str, to: &str) -> f64 {
        self.ratio_to_sum(name, &[to])
    }

    pub fn ratio_to_sum(&self, name: &str, to: &[&str]) -> f64 {
        let ratios = self.rounds(name).iter().enumerate().map(|(round, time)| {
            let sum: f64 = to.iter().map(|name| self.rounds(name)[round]).sum();
            time / sum
        });
        median(ratios.collect())
    }

    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|(name, _)| *name)
    }

    fn rounds(&self, name: &str) -> &[f64] {
        let found = self.0.iter().find(|(known, _)| *known == name);
        &found.unwrap_or_else(|| panic!("nothing is called {name}")).1
    }
}

/// Takes turns, so that no way has the machine to itself; a turn is about a
/// tenth of a millisecond, and time is that of the thread, without what others
/// take of the processor.
pub fn rounds(ways: &mut [Way<'_>]) -> Times {
    let repeats: Vec<u64> = ways.iter_mut().map(repeats).collect();
    let slowest = ways.iter_mut().map(|way| time(way, 1)).fold(0.0, f64::max);
    let rounds = if slowest > 2e6 { 31 } else { 401 };
    let mut times: Vec<_> = ways.iter().map(|way| (way.name, Vec::with_capacity(rounds))).collect();
    for round in 0..rounds {
        for turn in 0..ways.len() {
            let at = (round + turn) % ways.len();
            let per_call = time(&mut ways[at], repeats[at]) / repeats[at] as f64;
            times[at].1.push(per_call);
        }
    }
    Times(times)
}

fn repeats(way: &mut Way<'_>) -> u64 {
    let mut repeats = 1;
    while time(way, repeats) < 100_000.0 {
        repeats *= 2;
    }
    repeats
}

fn time(way: &mut Way<'_>, repeats: u64) -> f64 {
    let start = thread_time();
    way.times(repeats);
    thread_time() - start
}

/// The processor time of this thread, in nanoseconds.
pub fn thread_time() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
