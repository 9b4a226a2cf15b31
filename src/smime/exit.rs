//! The way out: what writers have written is kept until whoever carries the piece that it came from writes it to the caller's sink.
//!
//! Knows octets in their order; must not know what they are.
use std::{
    io::{self, Write},
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Where a caller wants the octets that go in at its [`Entrance`].
pub(super) struct Exit<'s> {
    entrance: Entrance,
    sink: &'s mut (dyn Write + Send),
}

/// What writers write to.
#[derive(Clone, Default)]
pub(super) struct Entrance(Arc<Mutex<Vec<u8>>>);

impl<'s> Exit<'s> {
    /// Returns the way to a sink.
    pub(super) fn to(sink: &'s mut (dyn Write + Send)) -> Self {
        Self {
            entrance: Entrance::default(),
            sink,
        }
    }

    /// Returns what to write to.
    pub(super) fn entrance(&self) -> Entrance {
        self.entrance.clone()
    }

    /// Writes octets that were taken out of the entrance.
    pub(super) fn let_out(&mut self, octets: &[u8]) -> io::Result<()> {
        self.sink.write_all(octets)
    }

    /// Writes all that is still in the entrance.
    pub(super) fn settle(mut self) -> io::Result<()> {
        let mut rest = Vec::new();
        self.entrance.take(&mut rest);
        self.let_out(&rest)?;
        self.sink.flush()
    }
}

impl Entrance {
    /// Takes out what was written, and leaves `room`, which is no more needed, for what will be.
    pub(super) fn take(&self, room: &mut Vec<u8>) {
        room.clear();
        mem::swap(room, &mut self.octets());
    }

    /// Whoever held it last has only appended.
    fn octets(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Entrance {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.octets().extend_from_slice(buf);
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_goes_in_comes_out_in_order() {
        let mut sink = Vec::new();
        let mut exit = Exit::to(&mut sink);
        let mut entrance = exit.entrance();
        let mut piece = b"used before".to_vec();
        entrance.write_all(b"one ").unwrap();
        exit.entrance().write_all(b"two ").unwrap();
        entrance.take(&mut piece);
        entrance.write_all(b"three").unwrap();
        exit.let_out(&piece).unwrap();
        exit.settle().unwrap();
        assert_eq!(sink, b"one two three");
    }
}
