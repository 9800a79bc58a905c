//! Takes the steps of a plan, one request after another.

use std::collections::BTreeMap;

use reqwest::Response;
use serde_json::{Map, Value, json};

use super::{
    installation::Installation,
    object::{Key, Kind, ObjectName, PRESETS},
    secrets::Secrets,
    step::{Action, Step},
};
use crate::{failure::Failure, output::print_text, server::Server};

/// How a run that stopped midway is continued.
const GO_ON: &str = "What is done stays. The same command goes on with the rest.";

/// The ids of teams and roles, which other objects name in requests.
#[derive(Debug)]
struct Ids(BTreeMap<Key, String>);

/// Takes the steps in their order and prints each that is done. Stops at the first that is refused.
pub(super) async fn take(
    server: &Server<'_>,
    installation: &Installation,
    steps: &[Step],
    secrets: &mut Secrets,
) -> Result<(), Failure> {
    let mut ids = Ids::of(installation);
    for (done, step) in steps.iter().enumerate() {
        let (done, failure) = match send(server, step, &ids).await {
            Err(failure) => (done, explained(failure)),
            Ok(reply) => match keep(step, reply, &mut ids, secrets).await {
                Ok(()) => continue,
                Err(failure) => (done + 1, failure),
            },
        };
        let done = format!("Stopped at: {}\nDone: {done} of {} steps. {GO_ON}", step.title(), steps.len());
        return Err(failure.advise(&done));
    }
    Ok(())
}

/// Why a step may not be done, as far as the failure does not say it itself.
fn explained(failure: Failure) -> Failure {
    if failure.is_problem("version_conflict") {
        failure.advise("It was changed after the plan was made. Look at the new plan before you apply it.")
    } else if failure.is_no_server() || failure.is_problem("unavailable") {
        failure.advise("Whether this step was done is not known.")
    } else {
        failure
    }
}

/// What to say to somebody who interrupts the steps.
pub(super) fn how_to_go_on(failure: Failure) -> Failure {
    if failure.is_interruption() {
        failure.advise(&format!("The step after the last one that was printed may be done as well. {GO_ON}"))
    } else {
        failure
    }
}

async fn send(server: &Server<'_>, step: &Step, ids: &Ids) -> Result<Response, Failure> {
    server.send_values(step.operation, values(step, ids)?).await
}

/// Prints that a step is done, and keeps what its reply shows once.
async fn keep(step: &Step, reply: Response, ids: &mut Ids, secrets: &mut Secrets) -> Result<(), Failure> {
    print_text(&format!("done: {}", step.title()))?;
    if step.action != Action::Create {
        return Ok(());
    }
    let reply: Value = reply.json().await.map_err(Failure::connection)?;
    if let Some(id) = reply[step.name.kind.id_field()].as_str() {
        ids.0.insert(step.name.key(), id.to_owned());
    }
    match reply["secret"].as_str() {
        Some(secret) => secrets.write(&step.name, secret),
        None => Ok(()),
    }
}

/// The values of the step's request. Each goes where the API document has a field of its name.
fn values(step: &Step, ids: &Ids) -> Result<Map<String, Value>, Failure> {
    let Step { name: ObjectName { kind, team, name }, .. } = step;
    let mut values = Map::new();
    if let Some(team) = team {
        values.insert("team_id".to_owned(), ids.get(&ObjectName::new(Kind::Team, None, team))?);
    }
    match &step.target {
        None => drop(values.insert(kind.name_field().to_owned(), json!(name))),
        Some(target) => values.extend([
            (kind.id_field().to_owned(), json!(target.id)),
            ("If-Match".to_owned(), json!(format!("\"{}\"", target.version))),
        ]),
    }
    for (field, change) in &step.changes {
        if field == "role" {
            let role = change.to.as_str().unwrap_or_default();
            values.insert("role_id".to_owned(), ids.role(team.as_deref(), role)?);
        } else {
            values.insert(field.clone(), change.to.clone());
        }
    }
    if *kind == Kind::ServiceAccount && step.operation == "create_member" {
        let mut user = Map::from_iter([("type".to_owned(), json!("service"))]);
        user.extend(["login", "username"].iter().filter_map(|field| values.remove_entry(*field)));
        values.insert("new_user".to_owned(), Value::Object(user));
    }
    Ok(values)
}

impl Ids {
    fn of(installation: &Installation) -> Self {
        let named = installation.objects.iter().filter(|(key, _)| matches!(key.list.0, Kind::Team | Kind::Role));
        let ids = named.filter_map(|(key, objects)| Some((key.clone(), objects.first()?.identity.id.clone())));
        Self(ids.collect())
    }

    fn get(&self, name: &ObjectName) -> Result<Value, Failure> {
        let id = self.0.get(&name.key()).map(|id| json!(id));
        id.ok_or_else(|| Failure::refused(format!("the {name} has no id")))
    }

    fn role(&self, team: Option<&str>, role: &str) -> Result<Value, Failure> {
        if PRESETS.contains(&role) { Ok(json!(role)) } else { self.get(&ObjectName::new(Kind::Role, team, role)) }
    }
}
