//! Sending of events on one machine, in place of the function `notifier`.

use std::time::Duration;

use notifier::Channels;
use rollcall_api::{Context, config};
use rollcall_store::Connection;
use tokio::time::Instant;

/// How often to look for events. The feed holds them back for seconds, so that a write is no sign that one is due.
const TICK: Duration = Duration::from_secs(1);

/// How long events are sent before all webhooks are looked at again, so that one with many events delays no other.
const TURN: Duration = Duration::from_secs(1);

/// The worker's name. It is the same after a restart, so that the webhooks of a process that died go on at once.
const WORKER: &str = "local";

/// Sends due events to webhooks.
#[derive(Debug)]
pub(crate) struct Notifications {
    context: Context,
    channels: Channels,
}

impl Notifications {
    /// Sends to webhooks and, with `EVENT_BUS` in the environment, onto an event bus of AWS.
    pub(crate) fn new(context: Context) -> Result<Self, String> {
        let channels = match config::environment("EVENT_BUS") {
            Some(_) => Channels::read(&Connection::read(&config::environment)?, &config::environment)?,
            None => Channels::default(),
        };
        Ok(Self { context, channels })
    }

    /// Runs until the process ends.
    pub(crate) async fn keep_sending(self) {
        loop {
            match notifier::send_due(&self.context, &self.channels, WORKER, Instant::now() + TURN).await {
                Ok(Some(at)) if at <= self.context.now() => {}
                Ok(_) => tokio::time::sleep(TICK).await,
                Err(problem) => {
                    tracing::error!(%problem, "due events could not be sent");
                    tokio::time::sleep(TICK).await;
                }
            }
        }
    }
}
