//! What can be set by name, in both directions of the text.

use crate::net::Costs;
use crate::net::fault::FaultConfig;
use crate::net::virt::Link;

/// A name in the text and the value it stands for.
pub(in crate::sim) type Field<T, V> = (&'static str, fn(&mut T) -> &mut V);

pub(super) const LINK_SIZES: [Field<Link, u64>; 3] = [
    ("receive-buffer", |link| &mut link.guest_receive_bytes),
    ("send-buffer", |link| &mut link.server_send_bytes),
    ("server-receive-buffer", |link| &mut link.server_receive_bytes),
];

/// In nanoseconds.
pub(super) const COSTS: [Field<Costs, u64>; 10] = [
    ("syscall", |costs| &mut costs.syscall_ns),
    ("copy-per-kb", |costs| &mut costs.copy_per_kilobyte_ns),
    ("poll", |costs| &mut costs.poll_ns),
    ("wakeup", |costs| &mut costs.wakeup_ns),
    ("accept", |costs| &mut costs.accept_ns),
    ("command", |costs| &mut costs.command_ns),
    ("unit", |costs| &mut costs.command_per_unit_ns),
    ("parse-per-kb", |costs| &mut costs.parse_per_kilobyte_ns),
    ("fan-out", |costs| &mut costs.fan_out_ns),
    ("fan-in", |costs| &mut costs.fan_in_ns),
];

/// Per thousand calls.
pub(in crate::sim) const FAULTS: [Field<FaultConfig, u16>; 11] = [
    ("short-reads", |faults| &mut faults.short_read_per_mille),
    ("short-writes", |faults| &mut faults.short_write_per_mille),
    ("read-eagain", |faults| &mut faults.read_would_block_per_mille),
    ("write-eagain", |faults| &mut faults.write_would_block_per_mille),
    ("resets", |faults| &mut faults.reset_per_mille),
    ("accept-aborted", |faults| &mut faults.accept_aborted_per_mille),
    ("accept-exhausted", |faults| &mut faults.accept_exhausted_per_mille),
    ("shuffled", |faults| &mut faults.shuffle_per_mille),
    ("spurious", |faults| &mut faults.spurious_per_mille),
    ("delayed", |faults| &mut faults.delayed_per_mille),
    ("stalls", |faults| &mut faults.stall_per_mille),
];
