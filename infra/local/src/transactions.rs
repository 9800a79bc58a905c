//! Transactions by their client request tokens, so that one that is sent again runs once.
//!
//! The embedded database can do this, too, but it looks at every token of the last ten minutes for each transaction, so
//! that a write costs more the more there were. Here a request is sent again only within its deadline of seconds.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The number of transactions to remember: several times as many as end within the deadline of a request.
const REMEMBERED: usize = 4_096;

/// The reply to a transaction, once it has succeeded.
type Slot = Arc<Mutex<Option<String>>>;

/// The latest transactions. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Transactions(Arc<Mutex<Latest>>);

#[derive(Default)]
struct Latest {
    slots: HashMap<String, Slot>,
    tokens: VecDeque<String>,
}

impl Transactions {
    /// Runs a transaction and returns its reply. If one with the same token is running, it waits for its end; if one
    /// has succeeded, it returns that reply. One that failed has changed nothing and runs again.
    pub(crate) fn run_once<E>(
        &self,
        token: Option<String>,
        transaction: impl FnOnce() -> Result<String, E>,
    ) -> Result<String, E> {
        let Some(token) = token else { return transaction() };
        let slot = self.slot(token);
        let mut reply = lock(&slot);
        if let Some(reply) = &*reply {
            return Ok(reply.clone());
        }
        Ok(reply.insert(transaction()?).clone())
    }

    fn slot(&self, token: String) -> Slot {
        let mut latest = lock(&self.0);
        if let Some(slot) = latest.slots.get(&token) {
            return Arc::clone(slot);
        }
        if latest.tokens.len() == REMEMBERED
            && let Some(oldest) = latest.tokens.pop_front()
        {
            latest.slots.remove(&oldest);
        }
        latest.tokens.push_back(token.clone());
        Arc::clone(latest.slots.entry(token).or_default())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(
        transactions: &Transactions,
        token: &str,
        reply: Result<&str, &'static str>,
    ) -> Result<String, &'static str> {
        transactions.run_once(Some(token.to_owned()), || reply.map(str::to_owned))
    }

    #[test]
    fn a_transaction_that_is_sent_again_runs_once_unless_it_failed() {
        let transactions = Transactions::default();
        assert_eq!(run(&transactions, "a", Err("full disk")), Err("full disk"));
        assert_eq!(run(&transactions, "a", Ok("first")), Ok("first".to_owned()));
        assert_eq!(run(&transactions, "a", Ok("second")), Ok("first".to_owned()));
        assert_eq!(run(&transactions, "b", Ok("second")), Ok("second".to_owned()));
        assert_eq!(transactions.run_once(None, || Ok::<_, ()>("third".to_owned())), Ok("third".to_owned()));
    }

    #[test]
    fn only_the_latest_transactions_are_remembered() {
        let transactions = Transactions::default();
        for number in 0..=REMEMBERED {
            run(&transactions, &number.to_string(), Ok("first")).unwrap();
        }
        assert_eq!(run(&transactions, "1", Ok("second")), Ok("first".to_owned()));
        assert_eq!(run(&transactions, "0", Ok("second")), Ok("second".to_owned()));
        let latest = lock(&transactions.0);
        assert_eq!((latest.slots.len(), latest.tokens.len()), (REMEMBERED, REMEMBERED));
    }
}
