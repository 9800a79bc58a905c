//! What a file names, checked as far as that needs no server.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;
use serde_saphyr::Spanned;

use super::{
    file::ConfigurationFile,
    object::{Key, Kind, List, Object, PRESETS, folded},
    problem::{Place, Problem},
};
use crate::document::ApiDocument;

/// The objects of a file, in the order in which they are made.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) objects: Vec<Wanted>,
    /// The lists that the file has, even if they are empty.
    pub(super) lists: BTreeSet<List>,
}

/// An object of the file.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) object: Object,
    pub(super) place: Place,
}

impl Contents {
    /// Reads and checks the text of a file.
    pub(super) fn read(text: &str, document: &ApiDocument) -> Result<Self, Vec<Problem>> {
        let contents = Self::of(&ConfigurationFile::parse(text).map_err(|problem| vec![problem])?);
        let mut problems: Vec<Problem> =
            contents.objects.iter().flat_map(|wanted| wanted.violations(document)).collect();
        problems.extend(contents.duplicates());
        if problems.is_empty() { Ok(contents) } else { Err(problems) }
    }

    /// Accounts of the platform come first, since teams can have them as members.
    fn of(file: &ConfigurationFile) -> Self {
        let mut contents = Self::default();
        contents.add(Kind::ServiceAccount, None, file.service_accounts.as_ref());
        if file.teams.is_some() {
            contents.lists.insert((Kind::Team, None));
        }
        for team in file.teams.iter().flatten() {
            let (place, name) = (team.referenced.into(), team.value.name.as_str());
            contents.objects.push(Wanted { object: Object::named(Kind::Team, None, name), place });
            contents.add(Kind::Role, Some(name), team.value.roles.as_ref());
            contents.add(Kind::ServiceAccount, Some(name), team.value.service_accounts.as_ref());
            contents.add(Kind::Member, Some(name), team.value.members.as_ref());
            contents.add(Kind::App, Some(name), team.value.applications.as_ref());
            contents.add(Kind::Webhook, Some(name), team.value.webhooks.as_ref());
        }
        contents.add(Kind::App, None, file.applications.as_ref());
        contents.add(Kind::Webhook, None, file.webhooks.as_ref());
        contents
    }

    fn add<T: Serialize>(&mut self, kind: Kind, team: Option<&str>, entries: Option<&Vec<Spanned<T>>>) {
        let Some(entries) = entries else { return };
        self.lists.insert((kind, team.map(folded)));
        self.objects.extend(
            entries
                .iter()
                .map(|entry| Wanted { object: Object::of(kind, team, &entry.value), place: entry.referenced.into() }),
        );
    }

    /// Names that stand twice. A login is unique among all service accounts, and in a team among all its members.
    fn duplicates(&self) -> Vec<Problem> {
        let mut seen: BTreeMap<Key, Place> = BTreeMap::new();
        let mut problems = Vec::new();
        for Wanted { object, place } in &self.objects {
            let mut names = vec![object.name.clone()];
            if object.name.kind == Kind::ServiceAccount && object.name.team.is_some() {
                names.extend(
                    [(Kind::ServiceAccount, None), (Kind::Member, object.name.team.as_deref())]
                        .map(|(kind, team)| Object::named(kind, team, &object.name.name).name),
                );
            }
            let first = names.iter().filter_map(|name| seen.get(&name.key()).copied()).min();
            match first {
                Some(first) => problems.push(Problem::at(
                    *place,
                    format!("{} stands already at {first}; remove one of the two", object.name),
                )),
                None => seen.extend(names.iter().map(|name| (name.key(), *place))),
            }
        }
        problems
    }
}

impl Wanted {
    /// What the API document says against the texts of the object.
    fn violations(&self, document: &ApiDocument) -> Vec<Problem> {
        let Object { name, fields } = &self.object;
        let mut problems = Vec::new();
        let mut report = |text: String| problems.push(Problem::at(self.place, format!("{name}: {text}")));
        let mut check = |field: &str, text: &str| {
            if let Err(rule) = check_text(document, name.kind, field, text) {
                report(format!("{field} {text:?} {rule}"));
            }
        };
        check(name.kind.name_field(), &name.name);
        for (field, value) in fields {
            match value {
                Value::Array(texts) => texts.iter().filter_map(Value::as_str).for_each(|text| check(field, text)),
                value => value.as_str().into_iter().for_each(|text| check(field, text)),
            }
        }
        if name.kind == Kind::Role && PRESETS.contains(&name.name.as_str()) {
            report("this is a preset role, which every team has; remove it".to_owned());
        }
        if fields.get("permissions").is_some_and(|list| list.as_array().is_some_and(Vec::is_empty)) {
            report("a role needs a permission".to_owned());
        }
        problems
    }
}

fn check_text(document: &ApiDocument, kind: Kind, field: &str, text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("is empty; write a text or remove the field".to_owned());
    }
    if text.trim() != text {
        return Err("begins or ends with a blank, which the server would remove; remove it".to_owned());
    }
    let schema = match (kind, field) {
        (Kind::Team, "name") => "TeamName",
        (Kind::Role, "name") => "RoleName",
        (Kind::App, "name") => "AppName",
        (_, "login") => "Login",
        (_, "username") => "Username",
        (_, "url") => "WebhookUrl",
        (_, "description") => "Note",
        (_, "permissions") => "Permission",
        (_, "types") => "Action",
        // Roles are compared with those that exist; ends and types were parsed.
        (_, _) => return Ok(()),
    };
    document.check_text(schema, text)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The document that the binary contains.
    pub(in crate::configuration) fn document() -> ApiDocument {
        ApiDocument::parse(include_str!("../../../../functions/console/openapi.json"))
    }

    /// The problems of a text, as they are printed.
    fn problems(text: &str) -> Vec<String> {
        let mut problems = Contents::read(text, &document()).expect_err(text);
        problems.sort();
        problems
            .iter()
            .map(|Problem { place, text }| place.map_or(text.clone(), |place| format!("{place} {text}")))
            .collect()
    }

    #[test]
    fn each_mistake_of_form_is_reported_with_its_place() {
        for (text, place, expected) in [
            ("teams:\n  - name: A\n    rols: []\n", "3:5", "rols"),
            ("teams:\n  - nam: A\n", "2:5", "nam"),
            ("teams:\n  - roles: []\n", "2:5", "name"),
            ("temas: []\n", "1:1", "temas"),
            ("teams: A\n", "1:8", "sequence"),
            ("teams:\n  - name: [A]\n", "2:11", "string"),
            ("teams:\n  - name: null\n", "2:11", "null"),
            ("teams: []\nteams: []\n", "2:1", "teams"),
            ("teams: []\n---\nteams: []\n", "3:1", "document"),
            ("teams:\n  - name: A\n   roles: []\n", "3:4", "block"),
            ("teams:\n  - name: A\n    members:\n      - {login: mina, role: admin, expires_at: soon}\n", "4:", "soon"),
            ("service_accounts:\n  - {login: ci.bot, username: Bot, type: robot}\n", "2:", "robot"),
            ("webhooks:\n  - {url: https://a.example, secret: whsec_x}\n", "2:", "secret"),
        ] {
            let [problem] = problems(text).try_into().expect(text);
            assert!(problem.starts_with(place) && problem.contains(expected), "{text}: {problem}");
        }
        for empty in ["", "# nothing\n", "null"] {
            assert_eq!(problems(empty), ["there is nothing in it"]);
        }
    }

    #[test]
    fn every_wrong_text_is_reported_at_once() {
        let found = problems(
            "teams:
  - name: ' A'
    roles:
      - name: developer
        permissions: []
      - name: Support
        permissions: [team.read, team.reed]
    webhooks:
      - url: https://a.example
        types: [member.added]
        description: ''
    members:
      - {login: ab, role: admin}
",
        );
        for (place, expected) in [
            ("2:5", "blank"),
            ("4:9", "preset"),
            ("4:9", "needs a permission"),
            ("6:9", "\"team.reed\" is none of accounts"),
            ("9:9", "\"member.added\" is none of"),
            ("9:9", "description \"\" is empty"),
            ("13:9", "at least 3"),
        ] {
            assert!(
                found.iter().any(|line| line.starts_with(place) && line.contains(expected)),
                "{expected}: {found:?}"
            );
        }
        assert_eq!(found.len(), 7, "{found:?}");
    }

    #[test]
    fn a_name_that_stands_twice_is_reported_with_both_places() {
        let team = |name: &str, lists: &[&str]| format!("  - name: {name}\n    {}\n", lists.join("\n    "));
        let teams = |teams: &[String]| format!("teams:\n{}", teams.concat());
        let (bot, mina) = ("{login: bot, username: Bot, role: admin}", "{login: mina, role: admin}");
        let (accounts, members) = (format!("service_accounts: [{bot}]"), format!("members: [{mina}]"));
        let two_spellings = format!("members: [{mina}, {}]", mina.replace("mina", "MINA"));
        let both_kinds = accounts.replace("bot,", "mina,");
        let of_platform = "service_accounts: [{login: bot, username: Bot, type: service}]\n".to_owned();
        for text in [
            teams(&[team("Harbor", &[]), team("harbor", &[])]),
            teams(&[team("A", &[&two_spellings])]),
            teams(&[team("A", &[&both_kinds, &members])]),
            teams(&[team("A", &[&accounts]), team("B", &[&accounts])]),
            of_platform + &teams(&[team("A", &[&accounts])]),
            "applications: [{name: Chat}, {name: Chat}]".to_owned(),
            "webhooks: [{url: https://a.example}, {url: https://a.example}]".to_owned(),
        ] {
            let [problem] = problems(&text).try_into().expect(&text);
            assert!(problem.contains("stands already at"), "{problem}");
        }
        let apps = "applications: [{name: Chat}, {name: chat}]";
        let apart = teams(&[team("A", &[&members, apps]), team("B", &[&members, apps])]);
        assert!(Contents::read(&apart, &document()).is_ok());
    }
}
