//! What everything costs on the virtual network, and nothing else moves its
//! clock.

use super::Work;

/// Nanoseconds for each thing the one thread and its kernel do.
///
/// The defaults are round numbers of the right order for a present-day
/// machine on its loopback interface: good enough for "which part of the
/// cycle is long?", not a forecast for anybody's hardware. Prices per
/// kilobyte (1024 bytes) are charged to the byte, rounded down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Costs {
    /// Into the kernel and back, socket work included: `read`, `write`,
    /// `epoll_ctl`, `close`, `listen`.
    pub syscall_ns: u64,
    /// Copying between the kernel and the program, per kilobyte.
    pub copy_per_kilobyte_ns: u64,
    /// `epoll_wait`, asleep or not.
    pub poll_ns: u64,
    /// From "something happened" to running again, after a sleep.
    pub wakeup_ns: u64,
    /// `accept4` and the socket options that follow it.
    pub accept_ns: u64,
    /// Looking a command up and calling it.
    pub command_ns: u64,
    /// Per element that a command touches ([`Work::Command`]).
    pub command_per_unit_ns: u64,
    /// The parser, per kilobyte of requests.
    pub parse_per_kilobyte_ns: u64,
    /// Handing one helper its share of the sweep: what the one thread is busy
    /// for before the helper starts (a wake-up of a parked thread).
    pub fan_out_ns: u64,
    /// Taking one helper's share back, once the slowest is done.
    pub fan_in_ns: u64,
}

impl Default for Costs {
    fn default() -> Costs {
        Costs {
            syscall_ns: 1_000,
            copy_per_kilobyte_ns: 100,
            poll_ns: 1_000,
            wakeup_ns: 5_000,
            accept_ns: 4_000,
            command_ns: 1_000,
            command_per_unit_ns: 100,
            parse_per_kilobyte_ns: 1_000,
            fan_out_ns: 3_000,
            fan_in_ns: 1_000,
        }
    }
}

impl Costs {
    /// Nothing costs anything: time moves only while the thread sleeps.
    pub const FREE: Costs = Costs {
        syscall_ns: 0,
        copy_per_kilobyte_ns: 0,
        poll_ns: 0,
        wakeup_ns: 0,
        accept_ns: 0,
        command_ns: 0,
        command_per_unit_ns: 0,
        parse_per_kilobyte_ns: 0,
        fan_out_ns: 0,
        fan_in_ns: 0,
    };

    /// Copying so many bytes into the kernel or out of it.
    #[must_use]
    pub fn copy(&self, bytes: u64) -> u64 {
        per_kilobyte(bytes, self.copy_per_kilobyte_ns)
    }

    /// What the one thread does beside its system calls.
    #[must_use]
    pub fn of(&self, work: Work) -> u64 {
        match work {
            Work::Parse { bytes } => per_kilobyte(bytes, self.parse_per_kilobyte_ns),
            Work::Command { units } => {
                self.command_ns.saturating_add(units.saturating_mul(self.command_per_unit_ns))
            }
            Work::Sleep { micros } => micros.0.saturating_mul(1_000),
        }
    }
}

fn per_kilobyte(bytes: u64, ns: u64) -> u64 {
    bytes.saturating_mul(ns) / 1_024
}
