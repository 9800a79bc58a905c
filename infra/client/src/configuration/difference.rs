//! The difference between a file and an installation: the steps that make them equal, or why there are none.

use std::collections::BTreeSet;

use super::{
    contents::{Contents, Wanted},
    file::Moment,
    installation::{Existing, Installation},
    object::{Key, Kind, List, Object, ObjectName, PRESETS, folded},
    problem::Problem,
    step::{Action, Step},
};

/// Compares. With `prune`, what a list of the file leaves out is deleted.
pub(super) fn steps(contents: &Contents, installation: &Installation, prune: bool) -> Result<Vec<Step>, Vec<Problem>> {
    let names = contents.objects.iter().map(|wanted| wanted.object.name.key()).collect();
    let comparison = Comparison { contents, names, installation, prune };
    let (mut steps, mut problems) = (Vec::new(), Vec::new());
    for wanted in &contents.objects {
        match comparison.compare(wanted) {
            Ok(found) => steps.extend(found),
            Err(text) => problems.push(Problem::at(wanted.place, format!("{}: {text}", wanted.object.name))),
        }
    }
    steps.extend(comparison.left_out().map(Step::delete));
    if !problems.is_empty() {
        return Err(problems);
    }
    // Whoever is deleted leaves their teams.
    let deleted: BTreeSet<_> = (steps.iter().filter(|step| step.action == Action::Delete))
        .filter(|step| step.name.kind == Kind::ServiceAccount)
        .map(|step| folded(&step.name.name))
        .collect();
    steps.retain(|step| {
        let is_removal = step.action == Action::Delete && step.name.kind == Kind::Member;
        !(is_removal && deleted.contains(&folded(&step.name.name)))
    });
    steps.sort_by_key(Step::phase);
    Ok(steps)
}

struct Comparison<'a> {
    contents: &'a Contents,
    /// The names of its objects.
    names: BTreeSet<Key>,
    installation: &'a Installation,
    prune: bool,
}

impl Comparison<'_> {
    fn compare(&self, wanted: &Wanted) -> Result<Vec<Step>, String> {
        let object = &wanted.object;
        if matches!(object.name.kind, Kind::Member | Kind::ServiceAccount) && object.name.team.is_some() {
            self.check_role(object)?;
        }
        match self.installation.find(&object.name) {
            // Whoever has left is no difference: a file may keep memberships that have ended.
            [] if self.has_ended(object) => Ok(Vec::new()),
            [] => self.check_login(object).map(|()| vec![Step::create(object)]),
            [existing] => check_unchangeable(&existing.object, object).map(|()| Step::updates(existing, object)),
            several => Err(ambiguous(several)),
        }
    }

    /// Checks that a role exists, or will, and is the only one of its name.
    fn check_role(&self, object: &Object) -> Result<(), String> {
        let role = ObjectName::new(Kind::Role, object.name.team.as_deref(), object.text("role"));
        if PRESETS.contains(&role.name.as_str()) || self.names.contains(&role.key()) {
            return Ok(());
        }
        let presets = PRESETS.join(", ");
        match self.installation.find(&role) {
            [] => Err(format!("there is no {role}; name one of {presets}, or a role below `roles`")),
            [_] if self.is_listed(&role.key().list) => Err(format!(
                "--prune deletes the {role}, which `roles` leaves out; name it there, or give another role"
            )),
            [_] => Ok(()),
            several => Err(ambiguous(several)),
        }
    }

    /// Checks that a login can be made a member or a service account of what the file says.
    fn check_login(&self, object: &Object) -> Result<(), String> {
        let ObjectName { kind, name: login, .. } = &object.name;
        if !matches!(kind, Kind::Member | Kind::ServiceAccount) {
            return Ok(());
        }
        // A member of the file may be an account of the platform that the same file creates.
        let is_created = self.names.contains(&ObjectName::new(Kind::ServiceAccount, None, login).key());
        match (kind, self.installation.users.get(&folded(login))) {
            (Kind::ServiceAccount, Some(user)) => Err(format!(
                "the login belongs to another user, of the type {}; choose another, or name the user where they are",
                user.user_type
            )),
            (Kind::Member, None) if !is_created => {
                Err("there is no user with this login; create them first, or correct it".to_owned())
            }
            (Kind::Member, Some(user)) if user.is_admin() => {
                Err(format!("the user is a {}, who joins no team; remove them", user.user_type))
            }
            (Kind::Member, Some(user)) if user.home_team_id.is_some() => Err(
                "the user is a service account that belongs to a team; name it below `service_accounts` of that team"
                    .to_owned(),
            ),
            (_, _) => Ok(()),
        }
    }

    fn has_ended(&self, object: &Object) -> bool {
        let end = Moment::try_from(object.text("expires_at").to_owned());
        end.is_ok_and(|end| end.0 <= self.installation.now)
    }

    /// Whether what the file leaves out of a list is deleted.
    fn is_listed(&self, list: &List) -> bool {
        self.prune && self.contents.lists.contains(list)
    }

    /// What is to be deleted.
    fn left_out(&self) -> impl Iterator<Item = &Existing> {
        let is_left_out = |key: &Key| self.is_listed(&key.list) && !self.names.contains(key);
        self.installation.objects.iter().filter(move |(key, _)| is_left_out(key)).flat_map(|(_, objects)| objects)
    }
}

fn check_unchangeable(before: &Object, wanted: &Object) -> Result<(), String> {
    let (from, to) = (before.text("type"), wanted.text("type"));
    if from == to {
        return Ok(());
    }
    Err(format!("its type is {from}, and a service account keeps its type; write {from}, or delete it first"))
}

/// Why objects of one name cannot be told apart.
pub(super) fn ambiguous(objects: &[Existing]) -> String {
    let ids: Vec<&str> = objects.iter().map(|existing| existing.identity.id.as_str()).collect();
    let name = objects.first().map(|existing| existing.object.name.to_string()).unwrap_or_default();
    format!(
        "the installation has {} objects that are the {name} ({}); rename or delete all but one",
        ids.len(),
        ids.join(", ")
    )
}

#[cfg(test)]
mod tests;
