//! Accounts: reads and commits.

use aws_sdk_dynamodb::types::AttributeValue;
use rollcall_domain::{
    Code, Timestamp,
    account::{Account, AccountType},
    account_filter::{AccountFilter, searchable},
    app::App,
    id::AppId,
    limits::{MAX_ADMINS_PER_APP, MAX_SEARCH_TIME},
    text::AccountId,
};
use tokio::time::Instant;

use crate::{
    commit::Commit,
    error::Fault,
    expression::Values,
    item::{Item, from_items, number, string, string_set, timestamp, to_item},
    keys::{self, Key},
    query::{Page, Range},
    table::Store,
    tombstone::{EXISTS, not_found_or},
    write::{FailureCode, Write},
};

/// How many items each request of a search examines, as multiples of the page size. Frequent matches fill the page with
/// the first requests. DynamoDB limits the later ones to 1 MB each, so a search examines about 5 MB at most.
const SEARCH_FACTORS: [usize; 6] = [1, 4, 16, 64, 256, 1024];

/// Older items lack the attribute; they are read and checked in memory.
const HAS_TEXT: &str = "contains(#search, :text) OR attribute_not_exists(#search)";
const HAS_TYPE_AND_TEXT: &str = "#type = :type AND (contains(#search, :text) OR attribute_not_exists(#search))";

impl Store {
    /// An application, unless it is deleted, and one of its accounts, in one read.
    pub async fn app_and_account(
        &self,
        app_id: AppId,
        user_id: &AccountId,
    ) -> Result<(Option<App>, Option<Account>), Fault> {
        let (app, account) = (keys::app(app_id), keys::account(app_id, user_id));
        let items = self.items_by_key([app.clone(), account.clone()]).await?;
        Ok((items.get(&app)?.filter(|app: &App| app.deleting_at.is_none()), items.get(&account)?))
    }

    /// A page of the accounts of an application that match the filter, in bytewise order of their ids, after `after`.
    ///
    /// With an account type or a text, a page that is followed by another may hold fewer accounts than `limit`, or
    /// none.
    pub async fn accounts(
        &self,
        app_id: AppId,
        filter: &AccountFilter,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<Account>, Fault> {
        let searched_until = Instant::now() + MAX_SEARCH_TIME;
        let (mut accounts, mut examined) = (Vec::new(), after.map(str::to_owned));
        let factors: &[usize] = if filter.text.is_some() { &SEARCH_FACTORS } else { &[1] };
        for factor in factors {
            let range = range_of(app_id, filter, (limit + 1) * factor);
            // A search may miss the writes of the last second; it costs half then.
            let range = if filter.text.is_some() { range.eventually_consistent() } else { range };
            let found = self.examine(range, filter, examined.as_deref()).await?;
            accounts.extend(found.items);
            examined = found.next;
            if examined.is_none() || accounts.len() > limit || Instant::now() >= searched_until {
                break;
            }
        }
        let mut page = Page::cut(accounts, limit, |last| last.user_id.to_string());
        // If the filter left no surplus account, the next page starts after the last account that was examined.
        page.next = page.next.or(examined);
        Ok(page)
    }

    /// A page of the accounts of an application that match the filter, in bytewise order of their ids, after `after`:
    /// those among the next `limit`, of which DynamoDB reads at most 1 MB. Every write before the request is seen.
    pub async fn matching_accounts(
        &self,
        app_id: AppId,
        filter: &AccountFilter,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<Account>, Fault> {
        self.examine(range_of(app_id, filter, limit), filter, after).await
    }

    /// The accounts of a range that match the filter, after `after`, and the last one that was examined.
    async fn examine(&self, range: Range, filter: &AccountFilter, after: Option<&str>) -> Result<Page<Account>, Fault> {
        if filter.is_void() {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let mut read: Page<Account> = self.query_flat(range.after(after.map(keys::account_sk))).await?;
        // Older items lack the attribute that the database searches.
        read.items.retain(|account| filter.matches(account));
        Ok(Page { items: read.items, next: read.next.and_then(|sk| sk.strip_prefix(keys::ACCOUNT).map(str::to_owned)) })
    }

    /// Writes accounts in batches, without guards and audit records: for an application that is not in use yet.
    pub async fn load_accounts(&self, app_id: AppId, accounts: &[Account]) -> Result<(), Fault> {
        let items = accounts.iter().map(|account| item_of(app_id, account));
        self.batch_put(items.collect::<Result<Vec<_>, _>>()?).await
    }

    /// The accounts of these ids, in bytewise order. Missing accounts are left out.
    pub async fn accounts_of_ids<'a>(
        &self,
        app_id: AppId,
        ids: impl IntoIterator<Item = &'a AccountId>,
    ) -> Result<Vec<Account>, Fault> {
        let keys: Vec<_> = ids.into_iter().map(|id| keys::account(app_id, id)).collect();
        let mut accounts: Vec<Account> = from_items(self.batch_get(&keys).await?)?;
        accounts.sort_unstable_by(|one, other| one.user_id.cmp(&other.user_id));
        Ok(accounts)
    }
}

/// The account whose key this is, if it is an account's key.
pub fn id_of(key: &Key) -> Option<AccountId> {
    AccountId::parse(key.sk.strip_prefix(keys::ACCOUNT)?).ok()
}

/// The range of the items that a filter leaves to examine.
fn range_of(app_id: AppId, filter: &AccountFilter, limit: usize) -> Range {
    let range = Range::new(keys::app_partition(app_id), limit).prefix(keys::account_sk(&filter.user_id_prefix));
    let account_type = filter.account_type.map(|account_type| (":type", string(account_type.as_str())));
    let text = filter.text.as_ref().map(|text| (":text", string(text.as_str())));
    let values = account_type.into_iter().chain(text).collect();
    match (filter.account_type, &filter.text) {
        (None, None) => range,
        (Some(_), None) => range.filter("#type = :type", values),
        (None, Some(_)) => range.filter(HAS_TEXT, values),
        (Some(_), Some(_)) => range.filter(HAS_TYPE_AND_TEXT, values),
    }
}

/// The item of an account: its fields, and what a search looks through.
fn item_of(app_id: AppId, account: &Account) -> Result<Item, Fault> {
    let mut item = to_item(&keys::account(app_id, &account.user_id), account)?;
    item.insert("search".to_owned(), string(searchable(account)));
    Ok(item)
}

/// Creates an account. A general account writes no item that another account's creation writes.
pub fn create(app_id: AppId, account: &Account, now: Timestamp) -> Result<Commit, Fault> {
    let item = item_of(app_id, account)?;
    let mut commit = Commit::new([Write::put(item).only_if_absent(Code::AccountExists)]);
    if account.account_type == AccountType::Admin {
        commit.extend([add_admin(app_id, &account.user_id, now)]);
    }
    Ok(commit)
}

/// Changes an account. If its type changes, the application's set of admins changes with it.
pub fn change(app_id: AppId, before: &Account, after: &Account, now: Timestamp) -> Result<Commit, Fault> {
    let item = item_of(app_id, after)?;
    let mut commit = Commit::new([Write::put(item).only_if_version(before.version)]);
    match (before.account_type, after.account_type) {
        (AccountType::General, AccountType::Admin) => commit.extend([add_admin(app_id, &after.user_id, now)]),
        (AccountType::Admin, AccountType::General) => {
            let failure = FailureCode::ByItem(|found| not_found_or(found, |_| Code::Conflict));
            commit.extend([remove_admins(app_id, [&after.user_id], now).only_if(EXISTS, Values::new(), failure)]);
        }
        (AccountType::General, AccountType::General) | (AccountType::Admin, AccountType::Admin) => {}
    }
    Ok(commit)
}

/// Deletes accounts, which must all exist. The application must be unlocked and have the admins that were read.
///
/// Its version may differ: renaming the application meanwhile is no reason to keep an account.
pub fn delete(app: &App, user_ids: &[AccountId], now: Timestamp) -> Commit {
    const UNLOCKED: &str = "attribute_not_exists(#deleting_at) AND #deletion_lock.#locked = :unlocked";
    let app_id = app.app_id;
    let admins: Vec<_> = user_ids.iter().filter(|id| app.admins.contains(*id)).collect();
    let write = if admins.is_empty() { Write::check(keys::app(app_id)) } else { remove_admins(app_id, admins, now) };
    let mut values = vec![(":unlocked", AttributeValue::Bool(false))];
    let same_admins = if app.admins.is_empty() {
        "attribute_not_exists(#admins)"
    } else {
        values.push((":before", string_set(&app.admins)));
        "#admins = :before"
    };
    let failure = FailureCode::ByItem(|found| not_found_or(found, locked_or_changed));
    let app = write.only_if(format!("{UNLOCKED} AND {same_admins}"), values, failure);
    let deletions = user_ids.iter().map(|id| Write::delete(keys::account(app_id, id)).only_if_present(Code::NotFound));
    Commit::new([app]).extended(deletions)
}

fn locked_or_changed(app: &Item) -> Code {
    let lock = app.get("deletion_lock").and_then(|lock| lock.as_m().ok());
    let is_unlocked = lock.and_then(|lock| lock.get("locked")) == Some(&AttributeValue::Bool(false));
    if is_unlocked { Code::Conflict } else { Code::AccountDeletionLocked }
}

/// Adds to the application's set of admins, which is limited.
fn add_admin(app_id: AppId, user_id: &AccountId, now: Timestamp) -> Write {
    const HAS_ROOM: &str = "attribute_not_exists(#admins) OR contains(#admins, :id) OR size(#admins) < :max";
    let values = vec![(":admins", string_set([user_id])), (":one", number(1)), (":now", timestamp(now))];
    let limit = vec![(":id", string(user_id.as_str())), (":max", number(MAX_ADMINS_PER_APP))];
    let failure = FailureCode::ByItem(|found| not_found_or(found, |_| Code::AdminLimitReached));
    Write::update(keys::app(app_id), "SET #updated_at = :now ADD #admins :admins, #version :one", values).only_if(
        format!("{EXISTS} AND ({HAS_ROOM})"),
        limit,
        failure,
    )
}

/// Removes from the application's set of admins. The caller adds the condition.
fn remove_admins<'a>(app_id: AppId, user_ids: impl IntoIterator<Item = &'a AccountId>, now: Timestamp) -> Write {
    let values = vec![(":admins", string_set(user_ids)), (":one", number(1)), (":now", timestamp(now))];
    Write::update(keys::app(app_id), "SET #updated_at = :now ADD #version :one DELETE #admins :admins", values)
}
