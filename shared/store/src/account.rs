//! Accounts: reads and commits.

use aws_sdk_dynamodb::types::AttributeValue;
use rollcall_domain::{
    Code, Timestamp,
    account::{Account, AccountType},
    app::App,
    id::AppId,
    limits::MAX_ADMINS_PER_APP,
    text::AccountId,
};

use crate::{
    commit::{Commit, Meaning, Values, Write},
    error::Fault,
    item::{Item, from_item, number, string, string_set, to_item},
    keys::{self, Key},
    query::{Order, Page, Range},
    table::Store,
    tombstone::{LIVING, unless_gone},
};

impl Store {
    /// An application that is not being deleted, and the account of this id in it, in one read.
    pub async fn app_and_account(
        &self,
        app_id: AppId,
        user_id: &AccountId,
    ) -> Result<(Option<App>, Option<Account>), Fault> {
        let (mut app, mut account) = (None, None);
        for item in self.batch_get(&[keys::app(app_id), keys::account(app_id, user_id)]).await? {
            if item.get("sk") == Some(&string("APP")) {
                app = Some(from_item(item)?);
            } else {
                account = Some(from_item(item)?);
            }
        }
        Ok((app.filter(|app: &App| app.deleting_at.is_none()), account))
    }

    /// The accounts of an application whose ids start with `prefix`, in bytewise order, after `after`.
    ///
    /// With a type, a page may be short and still be followed by another; without, it is followed exactly when `next`
    /// says so.
    pub async fn accounts(
        &self,
        app_id: AppId,
        prefix: &str,
        account_type: Option<AccountType>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<Account>, Fault> {
        let wanted = account_type.map(|wanted| ("#type = :type", Values::from([(":type", string(wanted.as_str()))])));
        let range = Range {
            pk: keys::app_partition(app_id),
            prefix: format!("{}{prefix}", keys::ACCOUNT),
            after: after.map(|after| format!("{}{after}", keys::ACCOUNT)),
            order: Order::Rising,
            // One more than the page tells whether anything follows.
            limit: limit + 1,
            filter: wanted,
        };
        let page = self.query(range).await?;
        let scanned_all = page.next.is_none();
        let mut accounts = page.items.into_iter().map(from_item).collect::<Result<Vec<Account>, _>>()?;
        let next = if accounts.len() > limit {
            accounts.truncate(limit);
            accounts.last().map(|account| account.user_id.to_string())
        } else if scanned_all {
            None
        } else {
            page.next.and_then(|sk| sk.strip_prefix(keys::ACCOUNT).map(str::to_owned))
        };
        Ok(Page { items: accounts, next })
    }

    /// Writes accounts as they are, in batches, with neither guard nor audit record: for an application nobody sees yet.
    pub async fn load_accounts(&self, app_id: AppId, accounts: &[Account]) -> Result<(), Fault> {
        let items = accounts.iter().map(|account| to_item(&keys::account(app_id, &account.user_id), account));
        self.batch_put(items.collect::<Result<Vec<_>, _>>()?).await
    }

    /// The accounts of these ids, in bytewise order; what is missing is left out.
    pub async fn accounts_of_ids<'a>(
        &self,
        app_id: AppId,
        ids: impl IntoIterator<Item = &'a AccountId>,
    ) -> Result<Vec<Account>, Fault> {
        let keys: Vec<_> = ids.into_iter().map(|id| keys::account(app_id, id)).collect();
        let items = self.batch_get(&keys).await?;
        let mut accounts = items.into_iter().map(from_item).collect::<Result<Vec<Account>, _>>()?;
        accounts.sort_unstable_by(|one, other| one.user_id.cmp(&other.user_id));
        Ok(accounts)
    }
}

/// A new account. A general one touches nothing that another account's creation touches.
pub fn create(app_id: AppId, account: &Account, now: Timestamp) -> Result<Commit, Fault> {
    let item = to_item(&keys::account(app_id, &account.user_id), account)?;
    let mut commit = Commit::new([Write::put(item).only_if_absent(Code::AccountExists)]);
    if account.account_type == AccountType::Admin {
        commit.extend([join_admins(app_id, &account.user_id, now)]);
    }
    Ok(commit)
}

/// The step from one state of an account to the next; its type's change goes into the application's set of admins.
pub fn change(app_id: AppId, before: &Account, after: &Account, now: Timestamp) -> Result<Commit, Fault> {
    let item = to_item(&keys::account(app_id, &after.user_id), after)?;
    let mut commit = Commit::new([Write::put(item).only_if_version(before.version)]);
    match (before.account_type, after.account_type) {
        (AccountType::General, AccountType::Admin) => commit.extend([join_admins(app_id, &after.user_id, now)]),
        (AccountType::Admin, AccountType::General) => {
            let living = Meaning::ByItem(|found| unless_gone(found, |_| Code::Conflict));
            commit.extend([leave_admins(app_id, [&after.user_id], now).only_if(LIVING, Vec::new(), living)]);
        }
        (AccountType::General, AccountType::General) | (AccountType::Admin, AccountType::Admin) => {}
    }
    Ok(commit)
}

/// The deletion of accounts that exist, while the application lives, is unlocked and has the admins that were read.
///
/// Not its version: a rename in between is no reason to keep an account.
pub fn delete(app: &App, user_ids: &[AccountId], now: Timestamp) -> Commit {
    const WITH_ADMINS: &str =
        "attribute_not_exists(#deleting_at) AND #deletion_lock.#locked = :open AND #admins = :before";
    const WITHOUT: &str =
        "attribute_not_exists(#deleting_at) AND #deletion_lock.#locked = :open AND attribute_not_exists(#admins)";
    let app_id = app.app_id;
    let leaving: Vec<_> = user_ids.iter().filter(|id| app.admins.contains(*id)).collect();
    let write = if leaving.is_empty() { Write::check(keys::app(app_id)) } else { leave_admins(app_id, leaving, now) };
    let mut values = vec![(":open", AttributeValue::Bool(false))];
    let mut guard = WITHOUT;
    if !app.admins.is_empty() {
        guard = WITH_ADMINS;
        values.push((":before", string_set(app.admins.iter().map(ToString::to_string))));
    }
    let app = write.only_if(guard, values, Meaning::ByItem(|found| unless_gone(found, unless_locked)));
    let deletions = user_ids.iter().map(|id| Write::delete(keys::account(app_id, id)).only_if_present(Code::NotFound));
    Commit::new([app]).extended(deletions)
}

/// Why the guard of a deletion failed for an application that lives.
fn unless_locked(found: &Item) -> Code {
    let lock = found.get("deletion_lock").and_then(|lock| lock.as_m().ok());
    let is_open = lock.and_then(|lock| lock.get("locked")) == Some(&AttributeValue::Bool(false));
    if is_open { Code::Conflict } else { Code::AccountDeletionLocked }
}

/// Which account a key names, if it names one.
pub fn id_of(key: &Key) -> Option<AccountId> {
    AccountId::parse(key.sk.strip_prefix(keys::ACCOUNT)?).ok()
}

fn join_admins(app_id: AppId, user_id: &AccountId, now: Timestamp) -> Write {
    const ROOM: &str = "attribute_exists(#pk) AND attribute_not_exists(#deleting_at) AND \
        (attribute_not_exists(#admins) OR contains(#admins, :id) OR size(#admins) < :most)";
    let values =
        vec![(":admins", string_set([user_id.to_string()])), (":one", number(1)), (":now", string(now.to_string()))];
    let guarded = vec![(":id", string(user_id.as_str())), (":most", number(MAX_ADMINS_PER_APP))];
    let meaning = Meaning::ByItem(|found| unless_gone(found, |_| Code::AdminLimitReached));
    Write::update(keys::app(app_id), "SET #updated_at = :now ADD #admins :admins, #version :one", values)
        .only_if(ROOM, guarded, meaning)
}

/// Unguarded: what else must hold is the caller's.
fn leave_admins<'a>(app_id: AppId, user_ids: impl IntoIterator<Item = &'a AccountId>, now: Timestamp) -> Write {
    let values = vec![
        (":admins", string_set(user_ids.into_iter().map(ToString::to_string))),
        (":one", number(1)),
        (":now", string(now.to_string())),
    ];
    Write::update(keys::app(app_id), "SET #updated_at = :now ADD #version :one DELETE #admins :admins", values)
}
