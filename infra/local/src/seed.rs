//! Demo data: one application with plausible accounts, the same ones every time.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use rollcall_api::{Authority, Context, Plan};
use rollcall_domain::{
    Fields,
    account::{Account, NewAccount},
    app::NewApp,
    id::AppId,
    text::AppName,
};
use serde_json::json;

/// Accounts per batch write.
const BATCH: usize = 500;

/// First names as they are written, and the form used in ids.
const NAMES: [(&str, &str); 24] = [
    ("민아", "mina"),
    ("서준", "seojun"),
    ("하은", "haeun"),
    ("지호", "jiho"),
    ("小明", "xiaoming"),
    ("丽华", "lihua"),
    ("伟", "wei"),
    ("桜", "sakura"),
    ("Ava", "ava"),
    ("Noah", "noah"),
    ("Lucía", "lucia"),
    ("João", "joao"),
    ("Zoë", "zoe"),
    ("Søren", "soren"),
    ("Łukasz", "lukasz"),
    ("Anaïs", "anais"),
    ("Олена", "olena"),
    ("Дмитро", "dmytro"),
    ("ليلى", "layla"),
    ("يوسف", "yusuf"),
    ("Aditi", "aditi"),
    ("Arjun", "arjun"),
    ("Thảo", "thao"),
    ("Ngozi", "ngozi"),
];

const SURNAMES: [(&str, &str); 16] = [
    ("박", "park"),
    ("김", "kim"),
    ("이", "lee"),
    ("王", "wang"),
    ("陈", "chen"),
    ("田中", "tanaka"),
    ("Novak", "novak"),
    ("García", "garcia"),
    ("Silva", "silva"),
    ("Müller", "muller"),
    ("Nielsen", "nielsen"),
    ("Шевченко", "shevchenko"),
    ("حداد", "haddad"),
    ("Rao", "rao"),
    ("Nguyễn", "nguyen"),
    ("Okafor", "okafor"),
];

const PLACES: [&str; 8] = ["Busan", "서울", "上海", "Lisboa", "København", "Львів", "Chennai", "Lagos"];
const LINES: [&str; 6] =
    ["On deck until six", "항해 중 ⛵", "今天休息", "Back on Monday", "Writing, not calling", "Night shift 🌙"];

/// Admins of the demo application: enough to see the tally, with room for more.
const ADMINS: usize = 7;

/// Creates the demo application with this many accounts, unless there are applications already.
pub async fn seed(context: &Context, accounts: usize) -> Result<(), String> {
    let failed = |error: &dyn std::fmt::Display| format!("cannot write the demo data: {error}");
    if !context.store.apps(None, 1).await.map_err(|fault| failed(&fault))?.items.is_empty() {
        println!("There are applications already; no demo data is added.");
        return Ok(());
    }
    let name = AppName::parse("Harbor Chat").map_err(|invalid| failed(&invalid.detail))?;
    let app_id = AppId::new(context.uuid().map_err(|problem| failed(&problem))?);
    let mut app = NewApp { name, team_id: None }.create(app_id, context.now());
    let progress = ProgressBar::new(accounts as u64);
    progress.set_style(
        ProgressStyle::with_template("Demo accounts {bar:40} {pos}/{len} {eta}").map_err(|error| failed(&error))?,
    );
    let mut batch = Vec::with_capacity(BATCH);
    for index in 0..accounts {
        let account = account(index, context).map_err(|refusal| failed(&refusal))?;
        if index < ADMINS {
            app.admins.insert(account.user_id.clone());
        }
        batch.push(account);
        if batch.len() == BATCH || index + 1 == accounts {
            context.store.load_accounts(app_id, &batch).await.map_err(|fault| failed(&fault))?;
            progress.inc(batch.len() as u64);
            batch.clear();
        }
    }
    // Created last, so that an interrupted start leaves no visible application with missing accounts.
    let writes = rollcall_store::app::create(&app).map_err(|fault| failed(&fault))?;
    context.commit(Plan::new(Authority::System, writes)).await.map_err(|problem| failed(&problem))?;
    progress.finish();
    Ok(())
}

/// The account with this index, spread over names, places and the past months.
fn account(index: usize, context: &Context) -> Result<Account, rollcall_domain::Refusal> {
    // The steps are coprime to the lengths of the lists, so that every name meets every surname.
    let (given, given_id) = NAMES[index * 7 % NAMES.len()];
    let (surname, surname_id) = SURNAMES[(index / NAMES.len() + index * 5) % SURNAMES.len()];
    let mut body = json!({
        "user_id": format!("{given_id}.{surname_id}{}", index + 1),
        "type": if index < ADMINS { "admin" } else { "general" },
        "gender": (["unknown", "female", "male"][index % 3]),
        "level": index % 60,
    });
    // Optional fields are set on some accounts only.
    let sometimes = [
        ("nickname", 10, json!(format!("{given} {surname}"))),
        ("location", 3, json!(PLACES[index % PLACES.len()])),
        ("whats_up", 4, json!(LINES[index % LINES.len()])),
        ("birth_date", 2, json!(format!("{}-{:02}-{:02}", 1960 + index % 45, 1 + index % 12, 1 + index % 28))),
    ];
    for (field, one_in, value) in sometimes {
        if index % one_in != 1 {
            body[field] = value;
        }
    }
    let age = Duration::from_secs(60 * 37 * (index as u64 % 10_000));
    let now = context.now() - age;
    Ok(Fields::of(body).parse(|fields| NewAccount::read(fields, now.date()))?.create(now))
}
