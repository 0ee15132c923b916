//! A thread for each guest: sleeps in `read` until the guest orders, takes
//! what is there, runs its commands, writes the answers, and reads again.

use super::{Bill, Order, Ready};
use crate::net::{Costs, Work};
use crate::time::Micros;

/// How long a thread keeps a core that others want: of the order of what
/// Linux's scheduler gives by default.
pub const SLICE_NS: u64 = 3_000_000;

/// Turns of cores after which the model gives up: a command that takes hours
/// while others want the core would be cut into slices for ever.
const TURNS_LIMIT: u32 = 500_000;

/// How it went.
#[derive(Debug, Default)]
pub(super) struct Served {
    pub took: Vec<Micros>,
    pub wakeups: u64,
    pub busy_ns: u64,
}

/// What a thread does, or waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    /// In `read`, until then.
    Asleep {
        until_ns: u64,
    },
    /// On its way from there to a core.
    Called,
    Reading,
    /// About to run the next command of its batch.
    Entering,
    Cooking,
    Writing,
    Over,
}

/// One of them, under the name that the kernel has for a thread.
#[derive(Debug)]
struct Task<'a> {
    orders: &'a [Order],
    /// The orders before this one are answered; the batch in hand ends before
    /// that one, and this many of it are cooked.
    first: usize,
    end: usize,
    cooked: usize,
    /// When the newest answer had left.
    left_ns: u64,
    doing: Doing,
    /// What is left of what it does.
    needs: Bill,
}

#[derive(Clone, Copy, Debug)]
struct Core {
    task: usize,
    slice_ns: u64,
}

struct Machine<'a> {
    tasks: Vec<Task<'a>>,
    cores: Vec<Option<Core>>,
    /// First come, first served.
    runnable: Vec<usize>,
    /// Whoever holds the lock, if there is one; and who sleeps for it.
    holder: Option<usize>,
    waiting: Vec<usize>,
    locked: bool,
    prices: &'a Costs,
    now_ns: u64,
    served: Served,
}

/// Serves `guests` with a thread each. `None` if that takes more turns than
/// anybody wants to wait for.
pub(super) fn serve(
    guests: &[&[Order]],
    cores: usize,
    locked: bool,
    prices: &Costs,
) -> Option<Served> {
    let mut machine = Machine {
        tasks: guests.iter().map(|orders| Task::new(orders)).collect(),
        cores: vec![None; cores],
        runnable: Vec::new(),
        holder: None,
        waiting: Vec::new(),
        locked,
        prices,
        now_ns: 0,
        served: Served::default(),
    };
    for _ in 0..TURNS_LIMIT {
        machine.dispatch();
        let Some(turn_ns) = machine.turn_ns() else { return Some(machine.served) };
        machine.pass(turn_ns);
    }
    None
}

impl<'a> Task<'a> {
    fn new(orders: &'a [Order]) -> Task<'a> {
        let mut task = Task {
            orders,
            first: 0,
            end: 0,
            cooked: 0,
            left_ns: 0,
            doing: Doing::Over,
            needs: Bill::default(),
        };
        task.doing = task.next_ns().map_or(Doing::Over, |until_ns| Doing::Asleep { until_ns });
        task
    }

    fn ready_ns(&self, index: usize) -> Option<u64> {
        match self.orders.get(index)?.ready {
            Ready::At(at_ns) => Some(at_ns),
            // Nobody has read an answer that has not left.
            Ready::After(_) if index > self.first => None,
            Ready::After(ns) => Some(self.left_ns.saturating_add(ns)),
        }
    }

    fn next_ns(&self) -> Option<u64> {
        self.ready_ns(self.first)
    }

    fn batch(&self) -> &'a [Order] {
        &self.orders[self.first..self.end]
    }
}

impl Machine<'_> {
    /// Wakes who has something to read, and gives idle cores to who wants one.
    fn dispatch(&mut self) {
        for index in 0..self.tasks.len() {
            if let Doing::Asleep { until_ns } = self.tasks[index].doing
                && until_ns <= self.now_ns
            {
                self.tasks[index].doing = Doing::Called;
                self.wake(index);
            }
        }
        for core in self.cores.iter_mut().filter(|core| core.is_none()) {
            let Some(task) = first(&mut self.runnable) else { break };
            *core = Some(Core { task, slice_ns: SLICE_NS });
        }
    }

    /// The way from being called to running costs the core that it runs on.
    fn wake(&mut self, index: usize) {
        self.tasks[index].needs.add(1, self.prices.wakeup_ns);
        self.served.wakeups += 1;
        self.runnable.push(index);
    }

    /// Until something changes; `None` if nothing will.
    fn turn_ns(&self) -> Option<u64> {
        let running = self.cores.iter().flatten().map(|core| {
            let needs_ns = self.tasks[core.task].needs.ns;
            if self.runnable.is_empty() { needs_ns } else { needs_ns.min(core.slice_ns) }
        });
        let sleeping = self.tasks.iter().filter_map(|task| match task.doing {
            Doing::Asleep { until_ns } => Some(until_ns.saturating_sub(self.now_ns)),
            _ => None,
        });
        running.chain(sleeping).min()
    }

    fn pass(&mut self, turn_ns: u64) {
        self.now_ns = self.now_ns.saturating_add(turn_ns);
        for index in 0..self.cores.len() {
            let Some(core) = &mut self.cores[index] else { continue };
            core.slice_ns = core.slice_ns.saturating_sub(turn_ns);
            let Core { task, slice_ns } = *core;
            self.served.busy_ns = self.served.busy_ns.saturating_add(turn_ns);
            let needs = &mut self.tasks[task].needs;
            needs.ns = needs.ns.saturating_sub(turn_ns);
            let goes_on = needs.ns > 0 || self.step(task);
            if !goes_on {
                self.cores[index] = None;
            } else if slice_ns == 0 && !self.runnable.is_empty() {
                self.runnable.push(task);
                self.cores[index] = None;
            }
        }
    }

    /// What a thread does was done: what it does next. `false` if that is to
    /// sleep.
    fn step(&mut self, index: usize) -> bool {
        match self.tasks[index].doing {
            Doing::Called => {
                self.read(index);
                true
            }
            Doing::Reading | Doing::Entering => self.enter(index),
            Doing::Cooking => {
                self.leave(index);
                let task = &mut self.tasks[index];
                task.cooked += 1;
                if task.cooked < task.batch().len() {
                    return self.enter(index);
                }
                let reply = task.batch().iter().map(|order| order.reply).sum();
                task.doing = Doing::Writing;
                task.needs.add(1, self.prices.syscall_ns);
                task.needs.add(1, self.prices.copy(reply));
                true
            }
            Doing::Writing => self.answered(index),
            Doing::Asleep { .. } | Doing::Over => false,
        }
    }

    /// Takes all that is there with one `read`.
    fn read(&mut self, index: usize) {
        let now_ns = self.now_ns;
        let task = &mut self.tasks[index];
        let there = |order: &usize| task.ready_ns(*order).is_some_and(|ready| ready <= now_ns);
        task.end = (task.first..task.orders.len()).take_while(there).last().map_or(0, |l| l + 1);
        task.cooked = 0;
        let size = task.batch().iter().map(|order| order.size).sum();
        task.doing = Doing::Reading;
        task.needs.add(1, self.prices.syscall_ns);
        task.needs.add(1, self.prices.copy(size));
        task.needs.add(1, self.prices.of(Work::Parse { bytes: size }));
    }

    /// Takes the lock and runs the command, or sleeps (a `futex` call) until
    /// whoever holds it lets go. Whoever comes first then has it, as with the
    /// locks that programs use.
    fn enter(&mut self, index: usize) -> bool {
        let task = &mut self.tasks[index];
        if self.locked && self.holder.is_some() {
            task.doing = Doing::Entering;
            task.needs.add(1, self.prices.syscall_ns);
            self.waiting.push(index);
            return false;
        }
        self.holder = Some(index);
        task.doing = Doing::Cooking;
        let cooked_ns = task.batch()[task.cooked].cooked_ns;
        task.needs.add(1, cooked_ns);
        true
    }

    /// Lets go of the lock; if somebody waits, that takes a call.
    fn leave(&mut self, index: usize) {
        self.holder = None;
        if let Some(next) = first(&mut self.waiting) {
            self.tasks[index].needs.add(1, self.prices.syscall_ns);
            self.wake(next);
        }
    }

    fn answered(&mut self, index: usize) -> bool {
        let now_ns = self.now_ns;
        let task = &mut self.tasks[index];
        let took = (task.first..task.end)
            .filter_map(|order| task.ready_ns(order))
            .map(|ready_ns| Micros(now_ns.saturating_sub(ready_ns) / 1_000));
        self.served.took.extend(took);
        task.first = task.end;
        task.left_ns = now_ns;
        match task.next_ns() {
            None => task.doing = Doing::Over,
            Some(until_ns) if until_ns > now_ns => task.doing = Doing::Asleep { until_ns },
            Some(_) => {
                self.read(index);
                return true;
            }
        }
        false
    }
}

/// Takes the first of a few.
fn first(queue: &mut Vec<usize>) -> Option<usize> {
    (!queue.is_empty()).then(|| queue.remove(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRICES: Costs =
        Costs { syscall_ns: 1_000, wakeup_ns: 5_000, poll_ns: 1_000, ..Costs::FREE };

    /// An order that is there at `at_us` and takes `us` to cook.
    fn order(at_us: u64, us: u64) -> Order {
        Order { ready: Ready::At(at_us * 1_000), size: 10, cooked_ns: us * 1_000, reply: 5 }
    }

    fn took(guests: &[&[Order]], cores: usize, locked: bool) -> (Vec<u64>, u64, u64) {
        let served = serve(guests, cores, locked, &PRICES).expect("over");
        let took = served.took.iter().map(|took| took.0).collect();
        (took, served.wakeups, served.busy_ns / 1_000)
    }

    /// Protects: one order alone costs its wake-up, one read, its command and
    /// one write, and nothing else.
    #[test]
    fn a_guest_alone_pays_for_what_is_done() {
        assert_eq!(took(&[&[order(7, 3)]], 1, true), (vec![5 + 1 + 3 + 1], 1, 10));
    }

    /// Protects: what lies there is taken with one read and answered with one
    /// write, as any server would.
    #[test]
    fn a_pipeline_is_one_batch() {
        let orders = [order(0, 1), order(0, 1), order(0, 1)];
        assert_eq!(took(&[&orders], 1, true), (vec![10; 3], 1, 10));
    }

    /// Protects: the lock is what makes two cores no faster than one for
    /// commands that need it; and without it they are.
    #[test]
    fn a_lock_lets_one_cook_at_a_time() {
        let long = [order(0, 100)];
        let two: [&[Order]; 2] = [&long, &long];
        let (free, ..) = took(&two, 2, false);
        assert_eq!(free, [107, 107]);
        let (locked, wakeups, _) = took(&two, 2, true);
        // The second sleeps for the lock, is called, and runs after the first,
        // which pays for the call before it writes.
        assert_eq!(locked, [108, 106 + 1 + 5 + 100 + 1]);
        assert_eq!(wakeups, 3);
    }

    /// Protects: on one core a long command does not keep the others from
    /// theirs if they need nothing of it; with one lock it does.
    #[test]
    fn slices_help_only_who_needs_no_lock() {
        let long = [order(0, 30_000)];
        let short = [order(1_000, 1)];
        let guests: [&[Order]; 2] = [&long, &short];
        let (free, ..) = took(&guests, 1, false);
        assert!(free[0] <= 3_000, "after a slice: {free:?}");
        let (locked, ..) = took(&guests, 1, true);
        assert!(locked.iter().all(|took| *took >= 29_000), "after the command: {locked:?}");
    }

    /// Protects: a guest who thinks before it orders again does so here as
    /// well, however long it waited.
    #[test]
    fn who_waits_for_an_answer_orders_after_it() {
        let again = Order { ready: Ready::After(50_000), ..order(0, 1) };
        let orders = [order(0, 1_000), again];
        let (took, wakeups, _) = took(&[&orders], 1, true);
        assert_eq!(took, [1_007, 8]);
        assert_eq!(wakeups, 2);
    }

    /// Protects: no price makes a sum that the page cannot hold.
    #[test]
    fn any_price_has_a_sum() {
        let dear = Costs {
            syscall_ns: u64::MAX,
            copy_per_kilobyte_ns: u64::MAX,
            wakeup_ns: u64::MAX,
            parse_per_kilobyte_ns: u64::MAX,
            ..Costs::FREE
        };
        let orders = [order(0, 1), order(9, 1)];
        for locked in [false, true] {
            let served = serve(&[&orders, &orders], 2, locked, &dear).expect("over");
            assert_eq!(served.busy_ns, u64::MAX);
        }
    }

    /// Protects: commands without end come to an end here.
    #[test]
    fn what_takes_for_ever_is_given_up() {
        let endless = [order(0, u64::MAX / 1_000_000)];
        assert!(serve(&[&endless, &endless], 1, false, &PRICES).is_none());
    }
}
