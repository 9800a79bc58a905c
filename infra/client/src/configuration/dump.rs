//! What exists as a file.

use serde::de::DeserializeOwned;

use super::{
    difference::ambiguous,
    file::{ConfigurationFile, Entries, TeamEntry, unplaced},
    installation::Installation,
    object::Kind,
};
use crate::failure::Failure;

/// What the file begins with.
const HEADER: &str = "# Written by `rollcall dump`. `rollcall plan FILE` shows what has changed since.\n";

/// The text of the file, in the order of names.
pub(super) fn text(installation: &Installation) -> Result<String, Failure> {
    let names_of_several: Vec<_> = installation.objects.values().filter(|objects| objects.len() > 1).collect();
    if !names_of_several.is_empty() {
        let lines = names_of_several.into_iter().map(|objects| format!("\n{}", ambiguous(objects)));
        let lines: String = lines.collect();
        return Err(Failure::refused(format!("a file tells objects apart by their names{lines}")));
    }
    let yaml = file(installation).and_then(|file| file.to_yaml().map_err(|error| error.to_string()));
    Ok(format!("{HEADER}{}", yaml.map_err(|error| Failure::refused(format!("cannot write the file: {error}")))?))
}

fn file(installation: &Installation) -> Result<ConfigurationFile, String> {
    let teams = installation.list(Kind::Team, None).map(|team| {
        let name = team.object.name.name.as_str();
        Ok(unplaced(TeamEntry {
            name: name.to_owned(),
            roles: entries(installation, Kind::Role, Some(name))?,
            members: entries(installation, Kind::Member, Some(name))?,
            service_accounts: entries(installation, Kind::ServiceAccount, Some(name))?,
            applications: entries(installation, Kind::App, Some(name))?,
            webhooks: entries(installation, Kind::Webhook, Some(name))?,
        }))
    });
    Ok(ConfigurationFile {
        teams: Some(teams.collect::<Result<_, String>>()?),
        applications: entries(installation, Kind::App, None)?,
        service_accounts: entries(installation, Kind::ServiceAccount, None)?,
        webhooks: entries(installation, Kind::Webhook, None)?,
    })
}

fn entries<T: DeserializeOwned>(
    installation: &Installation,
    kind: Kind,
    team: Option<&str>,
) -> Result<Entries<T>, String> {
    let entries = installation.list(kind, team).map(|existing| existing.object.entry().map(unplaced));
    entries.collect::<Result<_, _>>().map(Some).map_err(|error| error.to_string())
}
