//! The behaviour of `DynamoDB` that the store relies on, tested without routes.
//!
//! `STORE_ENDPOINT` selects another implementation than the embedded one.

mod teams;

use aws_smithy_types::error::display::DisplayErrorContext;
use futures_util::future::join_all;
use rollcall::{Data, TABLE};
use rollcall_api::clock::Clock;
use rollcall_domain::{
    Code, Fields, Timestamp,
    account::{Account, AccountType, NewAccount},
    account_filter::AccountFilter,
    app::{App, DeletionLock, NewApp},
    id::{AppId, UserId},
    search::SearchText,
    text::AppName,
};
use rollcall_store::{CommitError, Connection, Store, Writer, account, app};
use serde_json::json;

struct Table {
    store: Store,
    clock: Clock,
    _data: Data,
}

impl Table {
    fn writer(&self) -> Writer {
        Writer::new(self.store.clone())
    }

    async fn new() -> Self {
        let data = Data::temporary().unwrap();
        let connection = match std::env::var("STORE_ENDPOINT") {
            Ok(endpoint) => Connection::read(&|name: &str| match name {
                "AWS_REGION" => Some("us-east-1".to_owned()),
                "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("test".to_owned()),
                "AWS_ENDPOINT_URL_DYNAMODB" => Some(endpoint.clone()),
                _ => None,
            })
            .unwrap(),
            Err(_) => data.in_process(),
        };
        rollcall::create_if_missing(&connection).await.unwrap();
        Self { store: Store::new(&connection, TABLE.to_owned()), clock: Clock::system(), _data: data }
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn app(&self) -> App {
        let new = NewApp { name: AppName::parse("App").unwrap(), team_id: None };
        let app = new.create(AppId::new(self.clock.uuid().unwrap()), self.now());
        self.writer().commit(app::create(&app).unwrap()).await.unwrap();
        app
    }

    fn account(&self, user_id: &str, account_type: &str) -> Account {
        let body =
            json!({"user_id": user_id, "type": account_type, "nickname": "닉네임 🌊", "level": 4_294_967_295_u32});
        Fields::of(body).parse(|fields| NewAccount::read(fields, self.now().date())).unwrap().create(self.now())
    }

    async fn create(&self, app_id: AppId, account: &Account) -> Result<(), Code> {
        refused(self.writer().commit(account::create(app_id, account, self.now()).unwrap()).await)
    }
}

fn refused(result: Result<(), CommitError>) -> Result<(), Code> {
    result.map_err(|error| match error {
        CommitError::Refused(refused) => refused.code(),
        CommitError::Fault(fault) => panic!("{}", DisplayErrorContext(&fault)),
    })
}

#[tokio::test]
async fn items_are_read_back_as_written() {
    let table = Table::new().await;
    let app = table.app().await;
    let account = table.account("a!$&'()*+,;=:@._~-", "general");
    table.create(app.app_id, &account).await.unwrap();
    let page = table.store.accounts(app.app_id, &AccountFilter::default(), None, 10).await.unwrap();
    assert_eq!((page.items, page.next), (vec![account.clone()], None));
    let read = table.store.app_and_account(app.app_id, &account.user_id).await.unwrap();
    assert_eq!(read, (Some(app), Some(account)));
}

#[tokio::test(flavor = "multi_thread")]
async fn exactly_one_of_parallel_creations_of_one_id_succeeds() {
    let table = Table::new().await;
    let app = table.app().await;
    for account_type in ["general", "admin"] {
        let account = table.account(account_type, account_type);
        let results = join_all((0..16).map(|_| table.create(app.app_id, &account))).await;
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
        assert!(results.iter().filter_map(|result| result.as_ref().err()).all(|code| *code == Code::AccountExists));
    }
    assert_eq!(table.store.app(app.app_id).await.unwrap().unwrap().admins.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn exactly_ten_of_parallel_new_admins_succeed() {
    let table = Table::new().await;
    let app = table.app().await;
    let accounts: Vec<_> = (0..20).map(|number| table.account(&format!("a{number}"), "admin")).collect();
    let results = join_all(accounts.iter().map(|account| table.create(app.app_id, account))).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 10);
    assert!(results.iter().filter_map(|result| result.as_ref().err()).all(|code| *code == Code::AdminLimitReached));
    let stored = table.store.accounts(app.app_id, &AccountFilter::default(), None, 100).await.unwrap().items;
    let admins = table.store.app(app.app_id).await.unwrap().unwrap().admins;
    assert_eq!(admins, stored.into_iter().map(|account| account.user_id).collect());
}

#[tokio::test]
async fn a_failed_guard_returns_the_code_for_the_item_found() {
    let table = Table::new().await;
    let app = table.app().await;
    let tombstone = app.clone().deleted(table.now());
    table.writer().commit(app::change(&app, &tombstone).unwrap()).await.unwrap();
    assert_eq!(table.create(app.app_id, &table.account("a", "admin")).await, Err(Code::NotFound));
    let unknown_app = AppId::new(table.clock.uuid().unwrap());
    assert_eq!(table.create(unknown_app, &table.account("a", "admin")).await, Err(Code::NotFound));
    assert_eq!(refused(table.writer().commit(app::change(&app, &tombstone).unwrap()).await), Err(Code::Conflict));
}

#[tokio::test]
async fn a_deletion_is_atomic_and_reports_missing_accounts() {
    let table = Table::new().await;
    let app = table.app().await;
    let lock = DeletionLock { locked: false, ..app.deletion_lock.clone() };
    let open = App { deletion_lock: lock, version: app.version + 1, ..app.clone() };
    table.writer().commit(app::change(&app, &open).unwrap()).await.unwrap();
    let (existing, missing) = (table.account("here", "admin"), table.account("gone", "general"));
    table.create(app.app_id, &existing).await.unwrap();
    let app = table.store.app(app.app_id).await.unwrap().unwrap();
    let both = [existing.user_id.clone(), missing.user_id.clone()];
    let Err(CommitError::Refused(refused)) = table.writer().commit(account::delete(&app, &both, table.now())).await
    else {
        panic!("a missing account was deleted");
    };
    let missing_ids: Vec<_> = refused.keys(Code::NotFound).filter_map(account::id_of).collect();
    assert_eq!(missing_ids, [missing.user_id]);
    assert_eq!(table.store.app(app.app_id).await.unwrap().unwrap(), app);
    table.writer().commit(account::delete(&app, &both[..1], table.now())).await.unwrap();
    let stored = table.store.app(app.app_id).await.unwrap().unwrap();
    assert_eq!((stored.version, stored.admins), (app.version + 1, app.without_admins(&both[..1]).admins));
}

/// The application was locked after it was read. It is tested with and without admins.
#[tokio::test]
async fn a_deletion_checks_the_current_lock() {
    for account_type in ["general", "admin"] {
        let table = Table::new().await;
        let locked = table.app().await;
        let account = table.account("kept", account_type);
        table.create(locked.app_id, &account).await.unwrap();
        let read = table.store.app(locked.app_id).await.unwrap().unwrap();
        let lock = DeletionLock { locked: false, ..read.deletion_lock.clone() };
        let read_as_open = App { deletion_lock: lock, ..read };
        let deletion = account::delete(&read_as_open, std::slice::from_ref(&account.user_id), table.now());
        assert_eq!(refused(table.writer().commit(deletion).await), Err(Code::AccountDeletionLocked));
        let kept = table.store.app_and_account(locked.app_id, &account.user_id).await.unwrap().1;
        assert_eq!(kept, Some(account));
    }
}

#[tokio::test]
async fn pages_are_in_bytewise_order() {
    let table = Table::new().await;
    let app = table.app().await;
    let accounts: Vec<_> = (0..230).map(|number| table.account(&format!("a{number}"), "general")).collect();
    table.store.load_accounts(app.app_id, &accounts).await.unwrap();
    table.create(app.app_id, &table.account("boss", "admin")).await.unwrap();
    for (account_type, text) in [(None, None), (Some(AccountType::General), None), (None, Some("A")), (None, Some("1"))]
    {
        let text = text.map(|text| SearchText::parse(text).unwrap());
        let filter = AccountFilter { account_type, user_id_prefix: "a".to_owned(), text };
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = table.store.accounts(app.app_id, &filter, after.as_deref(), 40).await.unwrap();
            seen.extend(page.items.into_iter().map(|account| account.user_id.to_string()));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let mut expected: Vec<_> = (accounts.iter())
            .filter(|account| filter.matches(account))
            .map(|account| account.user_id.to_string())
            .collect();
        expected.sort_unstable();
        assert_eq!(seen, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_runs_gets_the_lease() {
    let table = Table::new().await;
    let hours = join_all(["one", "two", "three"].map(|run| table.store.begin_cleanup(run, table.now()))).await;
    let won: Vec<_> = hours.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(won.len(), 1);
    for run in ["one", "two", "three"] {
        table.store.end_cleanup(run, won[0]).await.unwrap();
    }
    assert!(table.store.begin_cleanup("one", table.now()).await.unwrap().is_some());
    table.store.end_cleanup("one", won[0]).await.unwrap();
}

#[tokio::test]
async fn the_index_lists_applications_after_a_position() {
    let table = Table::new().await;
    let first = table.app().await;
    let second = table.app().await;
    let page = table.store.apps(Some(first.app_id), 100).await.unwrap();
    assert!(page.items.contains(&second) && !page.items.contains(&first));
    assert!(table.store.user(UserId::new(table.clock.uuid().unwrap())).await.unwrap().is_none());
}
