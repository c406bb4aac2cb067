//! How much may be sent, and how much may come?

use super::{Code, Error, MAX_WINDOW};

/// What may still be sent: on a stream or on a connection. Negative after the peer made its windows smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SendWindow(i64);

/// What may still come, and how much of what came has not been given back to its sender. Nothing is given back byte by
/// byte: an update for each frame is a frame of ours for each of theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReceiveWindow {
    size: u32,
    /// What the peer may still send; at most `size`.
    left: u32,
    /// What came, was used, and was not given back.
    owed: u32,
}

impl SendWindow {
    /// A window of so many bytes.
    pub(crate) fn new(size: u32) -> Self {
        Self(size.into())
    }

    /// How many bytes may be sent now.
    pub(crate) fn available(self) -> usize {
        usize::try_from(self.0).unwrap_or(0)
    }

    /// Notes that so many were sent: no more than are available.
    pub(crate) fn take(&mut self, bytes: usize) {
        debug_assert!(bytes <= self.available(), "more than may be sent");
        self.0 -= i64::try_from(bytes).unwrap_or(i64::MAX);
    }

    /// `WINDOW_UPDATE`: the reason is given to whichever error it is to be.
    pub(crate) fn grow(&mut self, increment: u32) -> Result<(), &'static str> {
        self.shift(increment.into())
    }

    /// The peer changed `SETTINGS_INITIAL_WINDOW_SIZE`: windows of streams move by the difference, and may become
    /// negative.
    pub(crate) fn resize(&mut self, old: u32, new: u32) -> Result<(), Error> {
        self.shift(i64::from(new) - i64::from(old))
            .map_err(|why| Error::Connection(Code::FlowControl, why))
    }

    fn shift(&mut self, by: i64) -> Result<(), &'static str> {
        let window = self.0 + by;
        if window > MAX_WINDOW.into() {
            return Err("a window is larger than there may be");
        }
        self.0 = window;
        Ok(())
    }
}

impl ReceiveWindow {
    /// A window of so many bytes that the peer knows of.
    pub(crate) fn new(size: u32) -> Self {
        Self {
            size,
            left: size,
            owed: 0,
        }
    }

    /// How many bytes may come before the sender must wait.
    #[cfg(test)]
    pub(crate) fn left(&self) -> u32 {
        self.left
    }

    /// Notes that so many bytes came: `None` if they are more than may come.
    #[must_use]
    pub(crate) fn take(&mut self, bytes: u32) -> Option<()> {
        self.left = self.left.checked_sub(bytes)?;
        Some(())
    }

    /// Notes that so many bytes that came are used. Says by how much the peer's window should grow, once that is worth
    /// a frame: when half of the window is owed.
    pub(crate) fn release(&mut self, bytes: u32) -> Option<u32> {
        self.owed = (self.owed + bytes).min(self.size - self.left);
        if self.owed < self.size.div_ceil(2) {
            return None;
        }
        self.settle()
    }

    /// All that is owed, whatever it is: before a wait for more that could not come otherwise.
    pub(crate) fn settle(&mut self) -> Option<u32> {
        let owed = std::mem::take(&mut self.owed);
        self.left += owed;
        (owed > 0).then_some(owed)
    }

    /// Makes the window larger, and says by how much the peer's window should grow.
    pub(crate) fn enlarge(&mut self, size: u32) -> Option<u32> {
        let more = size.min(MAX_WINDOW).saturating_sub(self.size);
        self.size += more;
        self.left += more;
        (more > 0).then_some(more)
    }
}
