//! A model-based test of users, teams, roles, invitations and applications. Each round sends several random operations
//! of random callers over HTTP at the same time. Each database call takes a random time, so requests interleave in many
//! ways.
//!
//! After each round the table is read without the API. It must be consistent ([`crate::support::consistency`]), and
//! some order of the round's operations must explain both the table and every response, by a second implementation of
//! the rules ([`rules`]). A round of one operation therefore has exactly one correct outcome and code.
//!
//! Time is the paused time of the runtime, so a failing case is nearly always reproducible. It is shrunk: first rounds
//! are removed, then operations, then numbers become smaller. The history of each failing run is printed; the last is
//! the shortest.
//!
//! The profile `ci` runs more cases than the default. `PROPTEST_CASES` sets their number and `PROPTEST_RNG_SEED`
//! another seed: `PROPTEST_CASES=500 PROPTEST_RNG_SEED=7 cargo nextest run -E 'test(/model::/)'`.
//!
//! `races::users` and `accounts::admins` also test the last super admin and the ten admins of an application, with
//! requests on several threads. They fail sooner and with a clearer message than the model.

mod choice;
mod intent;
mod operation;
mod order;
mod rules;
mod run;
mod state;

use std::time::Duration;

use proptest::{
    prelude::*,
    test_runner::{Config, RngSeed},
};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};

use crate::support::consistency::assert_consistent;
use intent::Round;
use run::ModelRun;

prop_state_machine! {
    #![proptest_config(config())]

    #[test]
    fn concurrent_operations_have_the_outcome_of_some_serial_order(sequential 8..=16 => ModelRun);
}

fn config() -> Config {
    let is_set = |name| std::env::var_os(name).is_some();
    let is_full = std::env::var("NEXTEST_PROFILE").is_ok_and(|profile| profile == "ci");
    // Limits that let shrinking end before nextest ends the test.
    let (max_shrink_iters, max_shrink_time) = (300, 30_000);
    let mut config = Config { failure_persistence: None, max_shrink_iters, max_shrink_time, ..Config::default() };
    if !is_set("PROPTEST_CASES") {
        config.cases = if is_full { 24 } else { 6 };
    }
    if !is_set("PROPTEST_RNG_SEED") {
        config.rng_seed = RngSeed::Fixed(2026);
    }
    config
}

/// The generator of rounds. It needs no state, because every number selects something in every state.
pub struct Intents;

impl ReferenceStateMachine for Intents {
    /// Whether concurrent transactions conflict as in `DynamoDB`.
    type State = bool;
    type Transition = Round;

    fn init_state() -> BoxedStrategy<bool> {
        any::<bool>().boxed()
    }

    fn transitions(_: &bool) -> BoxedStrategy<Round> {
        intent::rounds()
    }

    fn apply(conflicts: bool, _: &Round) -> bool {
        conflicts
    }
}

impl StateMachineTest for ModelRun {
    type SystemUnderTest = Self;
    type Reference = Intents;

    fn init_test(conflicts: &bool) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let mut run = runtime.block_on(Self::begin(*conflicts));
        run.runtime = Some(runtime);
        run
    }

    fn apply(mut run: Self, _: &bool, round: Round) -> Self {
        let runtime = run.runtime.take().unwrap();
        runtime.block_on(run.execute(&round));
        run.runtime = Some(runtime);
        run
    }

    /// After a day and a cleanup, nothing deleted or expired is left.
    fn teardown(mut run: Self, _: bool) {
        let runtime = run.runtime.take().unwrap();
        runtime.block_on(async {
            run.world.clock.advance(Duration::from_hours(25));
            run.clean_up().await;
            let items = assert_consistent(&run.world).await;
            assert_eq!(items.living().count(), items.teams.len(), "tombstones of teams are removed");
            assert!(items.apps.iter().all(|app| app.deleting_at.is_none()), "tombstones of applications are removed");
            assert!(
                items.invitations.iter().all(|it| it.status == it.status_at(run.world.now())),
                "invitations are marked as expired"
            );
        });
    }
}
