//! Octets written on a thread of their own, while the next are made.
//!
//! Knows buffers and a sink; must not know what the sink does. What is written is written in order, and an error is the answer to a later call
//! of [`Behind::write`] or to [`Behind::settle`], once.
use std::{
    io, mem,
    sync::mpsc::{Receiver, SyncSender, channel, sync_channel},
    thread::{self, JoinHandle},
};

/// Buffers that may wait to be written.
const WAITING: usize = 4;

/// A sink that another thread has. Dropped, it is as if it had been settled and its answer ignored.
pub(super) struct Behind<S> {
    /// `None` once there is no more to come
    full: Option<SyncSender<Vec<u8>>>,
    empty: Receiver<Vec<u8>>,
    /// `None` once it has ended
    writer: Option<JoinHandle<io::Result<S>>>,
}

impl<S: Send + 'static> Behind<S> {
    /// Gives a sink to a thread, that writes with `write`; or gives it back where there can be no more threads.
    pub(super) fn begin(
        sink: S,
        write: impl Fn(&mut S, &[u8]) -> io::Result<()> + Send + 'static,
    ) -> Result<Self, S> {
        // what a closure has is gone with it if no thread is made for it: the sink comes after
        let (give, given) = channel::<S>();
        let (full, buffers) = sync_channel::<Vec<u8>>(WAITING);
        let (written, empty) = channel();
        let writing = move || {
            let mut sink = given.recv().map_err(|_| io::ErrorKind::BrokenPipe)?;
            for buffer in buffers {
                write(&mut sink, &buffer)?;
                // whoever fills them may need no more
                let _ = written.send(buffer);
            }
            Ok(sink)
        };
        let Ok(writer) = thread::Builder::new().spawn(writing) else {
            return Err(sink);
        };
        give.send(sink).map_err(|unsent| unsent.0)?;
        Ok(Self {
            full: Some(full),
            empty,
            writer: Some(writer),
        })
    }
}

impl<S> Behind<S> {
    /// Hands a buffer over, and leaves an empty one in its place.
    pub(super) fn write(&mut self, buffer: &mut Vec<u8>) -> io::Result<()> {
        let mut next = self.empty.try_recv().unwrap_or_default();
        next.clear();
        let octets = mem::replace(buffer, next);
        match self.full.as_ref().map(|full| full.send(octets)) {
            Some(Ok(())) => Ok(()),
            // it ends by itself for one reason only
            Some(Err(_)) | None => self.end().and(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    /// Waits until all is written, and returns the sink.
    pub(super) fn settle(mut self) -> io::Result<S> {
        self.end()?.ok_or_else(|| io::ErrorKind::BrokenPipe.into())
    }

    fn end(&mut self) -> io::Result<Option<S>> {
        self.full = None;
        match self.writer.take().map(JoinHandle::join) {
            Some(Ok(result)) => result.map(Some),
            Some(Err(fault)) => std::panic::resume_unwind(fault),
            None => Ok(None),
        }
    }
}

impl<S> Drop for Behind<S> {
    fn drop(&mut self) {
        self.full = None;
        if let Some(writer) = self.writer.take() {
            // nobody asked for the answer
            let _ = writer.join();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Takes so many octets, then fails.
    #[derive(Debug)]
    struct Small(Vec<u8>, usize);

    fn write(sink: &mut Small, octets: &[u8]) -> io::Result<()> {
        if sink.0.len() + octets.len() > sink.1 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        sink.0.extend_from_slice(octets);
        Ok(())
    }

    #[test]
    fn all_is_written_in_order() {
        for count in [0_u32, 1, 3, 1000] {
            let mut behind = Behind::begin(Small(Vec::new(), usize::MAX), write).unwrap();
            let mut whole = Vec::new();
            let mut buffer = Vec::new();
            for number in 0..count {
                buffer.extend_from_slice(&number.to_be_bytes());
                whole.extend_from_slice(&buffer);
                behind.write(&mut buffer).unwrap();
                assert!(buffer.is_empty());
            }
            assert_eq!(behind.settle().unwrap().0, whole);
        }
    }

    #[test]
    fn what_fails_is_told() {
        let mut behind = Behind::begin(Small(Vec::new(), 5), write).unwrap();
        behind.write(&mut vec![1; 5]).unwrap();
        behind.write(&mut vec![1; 5]).unwrap();
        assert_eq!(
            behind.settle().unwrap_err().kind(),
            io::ErrorKind::StorageFull
        );
        let mut behind = Behind::begin(Small(Vec::new(), 0), write).unwrap();
        let error = (0..1000).find_map(|_| behind.write(&mut vec![1]).err());
        assert_eq!(error.unwrap().kind(), io::ErrorKind::StorageFull);
    }
}
