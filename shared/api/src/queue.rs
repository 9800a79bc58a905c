//! The queue of expensive computing: password hashes, estimates of password strength, QR codes.
//!
//! It runs on threads of its own, since a computation of 20 ms would stall the async runtime, and one job per
//! processor: more would only hold memory and delay everything else. More than [`MAX_QUEUED_PER_PROCESSOR`] waiting
//! jobs per processor are refused at once.

use std::sync::LazyLock;

use rollcall_domain::limits::MAX_QUEUED_PER_PROCESSOR;
use tokio::sync::Semaphore;

use crate::problem::Problem;

/// The queue of this process.
static QUEUE: LazyLock<Queue> =
    LazyLock::new(|| Queue::new(std::thread::available_parallelism().map_or(1, std::num::NonZero::get)));

struct Queue {
    /// The places for jobs that run or wait.
    places: Semaphore,
    /// The processors.
    processors: Semaphore,
}

impl Queue {
    fn new(processors: usize) -> Self {
        let places = processors * (1 + MAX_QUEUED_PER_PROCESSOR);
        Self { places: Semaphore::new(places), processors: Semaphore::new(processors) }
    }

    async fn run<T: Send + 'static>(&'static self, job: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let full = |_| Problem::Unavailable("the queue of expensive computing is full".to_owned());
        let place = self.places.try_acquire().map_err(full)?;
        let processor = self.processors.acquire().await.map_err(|error| Problem::Internal(error.to_string()))?;
        let done = tokio::task::spawn_blocking(move || {
            let done = job();
            // The permits belong to the job, which goes on even if the request has stopped waiting for it.
            drop((processor, place));
            done
        });
        done.await.map_err(|error| Problem::Internal(format!("a job did not finish: {error}")))
    }
}

/// Runs a job when a processor is free. Refuses it with 503 if too many are waiting.
pub async fn run<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    QUEUE.run(job).await
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn jobs_beyond_the_bound_are_refused_and_the_others_run() {
        let queue: &'static Queue = Box::leak(Box::new(Queue::new(1)));
        let (release, held) = mpsc::channel::<()>();
        let first = tokio::spawn(queue.run(move || held.recv().is_ok()));
        let waiting: Vec<_> =
            (0..MAX_QUEUED_PER_PROCESSOR).map(|number| tokio::spawn(queue.run(move || number))).collect();
        while queue.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert!(matches!(queue.run(|| 0).await, Err(Problem::Unavailable(_))));
        release.send(()).unwrap();
        assert!(first.await.unwrap().unwrap());
        for (number, job) in waiting.into_iter().enumerate() {
            assert_eq!(job.await.unwrap().unwrap(), number);
        }
        assert_eq!(queue.run(|| 7).await.unwrap(), 7);
    }
}
