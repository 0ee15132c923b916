//! As many descriptors as clients may come.

use std::fmt;
use std::io;

/// `CONFIG_MIN_RESERVED_FDS`: what a server needs besides its clients.
const RESERVED: u64 = 32;

/// What became of the wish for descriptors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenFiles {
    Enough,
    /// The limit was too low and is not any more.
    Raised {
        from: u64,
        to: u64,
    },
    /// It is as high as it may be, and so many clients may come.
    Short {
        limit: u64,
        asked: u32,
        maxclients: u32,
        /// What the clients leave to others.
        beside: u32,
    },
}

impl fmt::Display for OpenFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenFiles::Enough => f.write_str("enough descriptors"),
            OpenFiles::Raised { from, to } => {
                write!(f, "raised the limit of open files from {from} to {to}")
            }
            OpenFiles::Short { limit, asked, maxclients, beside } => write!(
                f,
                "maxclients {asked} needs {} descriptors and the limit of open files is {limit}: \
                 maxclients is {maxclients} now; 'ulimit -n' raises the limit",
                u64::from(*asked) + RESERVED + u64::from(*beside)
            ),
        }
    }
}

/// Raises this process's limit of open files to what `maxclients` needs, or as
/// far as it goes; `maxclients` is then what the limit allows. So many others
/// are open `beside` the clients': a loop whose clients were left without
/// descriptors by somebody else would be told of the door again and again.
///
/// Redis: `adjustOpenFilesLimit`, *faithful* but for the way there, which
/// tries every sixteenth limit from the top: we ask how high it may be.
///
/// # Errors
/// If there are not even the descriptors that a server without clients needs.
pub fn adjust_open_files_limit(maxclients: &mut u32, beside: u32) -> io::Result<OpenFiles> {
    let asked = *maxclients;
    let reserved = RESERVED + u64::from(beside);
    let wanted = u64::from(asked) + reserved;
    let (soft, hard) = rlimit::getrlimit(rlimit::Resource::NOFILE)?;
    if soft >= wanted {
        return Ok(OpenFiles::Enough);
    }
    // Who is privileged may raise the hard limit, too.
    let raised = rlimit::setrlimit(rlimit::Resource::NOFILE, wanted, hard.max(wanted))
        .map(|()| wanted)
        .or_else(|_| {
            let to = hard.min(wanted);
            rlimit::setrlimit(rlimit::Resource::NOFILE, to, hard).map(|()| to)
        });
    let limit = raised.unwrap_or(soft);
    *maxclients =
        clients_within(limit.saturating_sub(u64::from(beside)), asked).ok_or_else(|| {
            io::Error::other(format!("the limit of open files is {limit}, {reserved} are needed"))
        })?;
    Ok(match *maxclients == asked {
        true => OpenFiles::Raised { from: soft, to: limit },
        false => OpenFiles::Short { limit, asked, maxclients: *maxclients, beside },
    })
}

/// The most clients that [`adjust_open_files_limit`] could ever allow, short of
/// a privileged process's raising its hard limit.
///
/// # Errors
/// If the system does not say.
pub fn clients_limit(beside: u32) -> io::Result<u32> {
    let (_, hard) = rlimit::getrlimit(rlimit::Resource::NOFILE)?;
    Ok(clients_within(hard.saturating_sub(u64::from(beside)), u32::MAX).unwrap_or(0))
}

/// How many of the clients that were asked for a limit of open files allows;
/// `None` if not even one.
fn clients_within(limit: u64, asked: u32) -> Option<u32> {
    let room = limit.saturating_sub(RESERVED);
    let clients = u32::try_from(room).map_or(asked, |room| room.min(asked));
    (clients > 0).then_some(clients)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_clients_as_descriptors_are_left() {
        assert_eq!(clients_within(10_032, 10_000), Some(10_000));
        assert_eq!(clients_within(10_031, 10_000), Some(9_999));
        assert_eq!(clients_within(rlimit::INFINITY, u32::MAX), Some(u32::MAX));
        assert_eq!(clients_within(33, 10_000), Some(1));
        assert_eq!(clients_within(32, 10_000), None);
        assert_eq!(clients_within(0, 10_000), None);
    }

    #[test]
    fn a_shortage_says_what_to_do() {
        for (beside, parts) in [
            (0, ["10032", "1024", "992", "ulimit -n"]),
            (32, ["10064", "1024", "960", "ulimit -n"]),
        ] {
            let maxclients = 992 - beside;
            let text =
                OpenFiles::Short { limit: 1_024, asked: 10_000, maxclients, beside }.to_string();
            for part in parts {
                assert!(text.contains(part), "{text}");
            }
        }
    }

    /// The limit is this process's: it is only made a little lower than it was,
    /// and higher again.
    #[test]
    fn a_limit_that_suffices_is_left_alone_and_a_low_one_is_raised() {
        let (soft, hard) = rlimit::getrlimit(rlimit::Resource::NOFILE).unwrap();
        let wanted = soft.min(100_000);
        let low = wanted - 1;
        rlimit::setrlimit(rlimit::Resource::NOFILE, low, hard).unwrap();
        let asked = (wanted - RESERVED) as u32;

        let mut maxclients = asked;
        let adjusted = adjust_open_files_limit(&mut maxclients, 0).unwrap();
        assert_eq!(adjusted, OpenFiles::Raised { from: low, to: wanted });
        assert_eq!(maxclients, asked);
        assert_eq!(rlimit::getrlimit(rlimit::Resource::NOFILE).unwrap().0, wanted);

        assert_eq!(adjust_open_files_limit(&mut maxclients, 0).unwrap(), OpenFiles::Enough);

        // Watchers' descriptors are not the clients'.
        maxclients -= 5;
        assert_eq!(adjust_open_files_limit(&mut maxclients, 5).unwrap(), OpenFiles::Enough);
        let raised = OpenFiles::Raised { from: wanted, to: wanted + 1 };
        if wanted < hard {
            assert_eq!(adjust_open_files_limit(&mut maxclients, 6).unwrap(), raised);
        }
    }
}
