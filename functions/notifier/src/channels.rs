//! The ways in which events leave the system.

use rollcall_api::Variable;
use rollcall_store::Connection;

use crate::{
    event_bus::{ENDPOINT, EventBus},
    post::Outbound,
};

/// The ways in which events leave the system. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Channels {
    /// How webhooks are reached.
    pub outbound: Outbound,
    /// The event bus, if there is one.
    pub event_bus: Option<EventBus>,
}

impl Channels {
    /// The channels that the environment configures: `EVENT_BUS` is the name or the ARN of an event bus. The result is what
    /// the start of a function expects: nothing can fail.
    pub fn read(connection: &Connection, variable: &Variable<'_>) -> Result<Self, String> {
        let event_bus = variable("EVENT_BUS").map(|name| EventBus::new(connection, variable(ENDPOINT), name));
        Ok(Self { outbound: Outbound::default(), event_bus })
    }
}
