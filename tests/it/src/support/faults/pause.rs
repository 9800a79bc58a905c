//! Calls that wait while something else happens.

use tokio::sync::oneshot;

/// A call that waits until it is told to go on, and whoever waits for it.
#[derive(Debug)]
pub(super) struct Paused {
    pub(super) reached: oneshot::Sender<()>,
    pub(super) resumed: oneshot::Receiver<()>,
}

/// The other side of a paused call.
#[derive(Debug)]
pub struct Pause {
    reached: oneshot::Receiver<()>,
    resume: oneshot::Sender<()>,
}

impl Pause {
    /// Both sides of a call that is to be paused.
    pub(super) fn new() -> (Self, Paused) {
        let ((reached, when_reached), (resume, resumed)) = (oneshot::channel(), oneshot::channel());
        (Self { reached: when_reached, resume }, Paused { reached, resumed })
    }

    /// Runs a request up to the paused call, and no further, as if its process were killed there. Returns its reply if it
    /// does not reach the call.
    pub async fn kill<Reply>(self, request: impl Future<Output = Reply>) -> Option<Reply> {
        tokio::select! {
            biased;
            reply = request => Some(reply),
            _ = self.reached => None,
        }
    }

    /// Runs a request up to the paused call, then `meanwhile`, then the rest. Without the call, `meanwhile` is not run.
    pub async fn run<Reply, Other>(
        self,
        request: impl Future<Output = Reply>,
        meanwhile: impl Future<Output = Other>,
    ) -> (Reply, Option<Other>) {
        let mut request = std::pin::pin!(request);
        tokio::select! {
            biased;
            reply = &mut request => return (reply, None),
            _ = self.reached => {}
        }
        let other = meanwhile.await;
        drop(self.resume);
        (request.await, Some(other))
    }
}
