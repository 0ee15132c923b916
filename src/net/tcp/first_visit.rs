//! Somebody else's door, watched until its first guest comes.
//!
//! Whoever serves watchers needs threads, and a process with threads pays for
//! them in each system call, even while they sleep: glibc then makes every
//! `read`, `write` and `epoll_wait` a point where the thread can be cancelled,
//! some fifty instructions each. So these threads start when they are first
//! asked for, and the loop's own poll says when that is.

use super::{FIRST_VISIT, Tcp};
use mio::Interest;
use mio::net::TcpListener;
use std::fmt;
use std::io;

/// See the module documentation.
pub(super) struct FirstVisit {
    door: TcpListener,
    open_up: Box<dyn FnOnce() + Send>,
}

impl fmt::Debug for FirstVisit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FirstVisit").field("door", &self.door).finish_non_exhaustive()
    }
}

impl Tcp {
    /// Has `open_up` called, on this thread at the end of a wait, when somebody
    /// first comes to `door`: a copy of a listener that is not the loop's. One
    /// door at a time; the last one counts.
    ///
    /// # Errors
    /// If the kernel does not watch it.
    pub fn on_first_visit(
        &mut self,
        door: std::net::TcpListener,
        open_up: impl FnOnce() + Send + 'static,
    ) -> io::Result<()> {
        self.forget_first_visit();
        let mut door = TcpListener::from_std(door);
        self.poll.registry().register(&mut door, FIRST_VISIT, Interest::READABLE)?;
        self.first_visit = Some(FirstVisit { door, open_up: Box::new(open_up) });
        Ok(())
    }

    #[cold]
    pub(super) fn open_up(&mut self) {
        if let Some(open_up) = self.forget_first_visit() {
            open_up();
        }
    }

    /// Later guests are no news to the loop.
    fn forget_first_visit(&mut self) -> Option<Box<dyn FnOnce() + Send>> {
        let FirstVisit { mut door, open_up } = self.first_visit.take()?;
        // The descriptor is a copy, and closing it alone would not end the watch.
        _ = self.poll.registry().deregister(&mut door);
        Some(open_up)
    }
}
