//! Ctrl-C, which ends a command, but not its job.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::Failure;

/// The wish of the person to stop.
#[derive(Debug)]
pub(crate) struct Interrupt(Signal);

impl Interrupt {
    /// Listens from now on: Ctrl-C no longer ends the process, but the next [`Self::race`].
    pub(crate) fn listen() -> Result<Self, Failure> {
        let signal = signal(SignalKind::interrupt());
        signal.map(Self).map_err(|error| Failure::refused(format!("cannot handle Ctrl-C: {error}")))
    }

    /// Does something unless Ctrl-C was or is pressed before it is done.
    pub(crate) async fn race<T>(&mut self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        tokio::select! {
            done = work => done,
            _ = self.0.recv() => Err(Failure::interrupted()),
        }
    }
}
