//! How far a member who is not `admin` may go in giving roles: never so far that a chain of second accounts ends with a
//! manager who may do more than the first one.

use std::collections::BTreeSet;

use crate::permission::{Permission, Preset};

/// A set of permissions as one bit each. The number of sets is small, so a test searches all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct PermissionBits(u16);

impl PermissionBits {
    fn of<'a>(permissions: impl IntoIterator<Item = &'a Permission>) -> Self {
        Self(permissions.into_iter().fold(0, |bits, permission| bits | 1 << *permission as u16))
    }

    const fn is_within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// Whether a role with these permissions gives roles to others, or edits roles that others hold.
    fn manages(self) -> bool {
        let managing = Self::of(&[Permission::MembersManage, Permission::RolesManage]);
        self.0 & managing.0 != 0
    }

    /// Whether a holder of `self` may give a role with the permissions `given`: their own permissions or fewer, or
    /// those of one preset besides, as long as neither the role nor the preset manages.
    ///
    /// Whoever manages could otherwise give a second account what they lack, and be given the rest by it.
    fn may_give(self, given: Self) -> bool {
        let reaches = |preset: &Preset| {
            let preset = Self::of(&preset.permissions());
            !preset.manages() && given.is_within(Self(self.0 | preset.0))
        };
        given.is_within(self) || (!given.manages() && Preset::ALL.iter().any(reaches))
    }
}

/// Whether the bound allows a holder of the permissions `own` to give a role with the permissions `given`.
pub(crate) fn may_give(own: &BTreeSet<Permission>, given: &BTreeSet<Permission>) -> bool {
    PermissionBits::of(own).may_give(PermissionBits::of(given))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETS: u16 = 1 << Permission::ALL.len();

    fn all_sets() -> impl Iterator<Item = PermissionBits> {
        (0..SETS).map(PermissionBits)
    }

    /// What each set may give, as one bit per given set.
    type Row = Vec<u64>;

    fn row(own: PermissionBits) -> Row {
        let mut row = vec![0; usize::from(SETS) / 64];
        for given in all_sets().filter(|given| own.may_give(*given)) {
            row[usize::from(given.0) / 64] |= 1 << (given.0 % 64);
        }
        row
    }

    fn sets_of(row: &Row) -> impl Iterator<Item = PermissionBits> {
        all_sets().filter(|set| row[usize::from(set.0) / 64] >> (set.0 % 64) & 1 == 1)
    }

    fn beyond(row: &Row, bound: &Row) -> Option<PermissionBits> {
        sets_of(row).find(|set| bound[usize::from(set.0) / 64] >> (set.0 % 64) & 1 == 0)
    }

    /// In the order of the table of permissions, the first one on the right; written out so that it does not repeat the
    /// code.
    const MANAGING: u16 = 0b000_0000_1100;
    const SENIOR_DEVELOPER: u16 = 0b011_1111_0001;
    const OPERATOR: u16 = 0b010_0110_0001;
    const REVIEWER: u16 = 0b100_0010_0001;

    /// Every account that manages gives roles (existing custom roles are assumed to have any set) or edits roles that
    /// second accounts hold; both have this bound, and nothing else moves a permission. So if no second step leads
    /// beyond what a first one allows, no chain of any length does.
    #[test]
    fn no_chain_of_second_accounts_and_role_edits_leads_beyond_what_one_grant_allows() {
        let rows: Vec<Row> = all_sets().map(row).collect();
        for own in all_sets().filter(|set| set.manages()) {
            let direct = &rows[usize::from(own.0)];
            for second in sets_of(direct).filter(|set| set.manages()) {
                assert!(second.is_within(own), "{own:?} makes the manager {second:?}");
                let gained = beyond(&rows[usize::from(second.0)], direct);
                assert!(gained.is_none(), "{own:?} makes {second:?}, who gives {gained:?}");
            }
        }
    }

    #[test]
    fn a_grant_adds_at_most_one_preset_that_does_not_manage() {
        for own in all_sets() {
            for given in all_sets() {
                let added = given.0 & !own.0;
                let is_of_one_preset = [SENIOR_DEVELOPER, OPERATOR, REVIEWER].iter().any(|preset| added & !preset == 0);
                let allowed = added == 0 || (given.0 & MANAGING == 0 && is_of_one_preset);
                assert_eq!(own.may_give(given), allowed, "{own:?} gives {given:?}");
            }
        }
    }

    #[test]
    fn a_member_manager_gives_no_manager_more_than_they_have() {
        use Permission::{AccountsDelete, AuditRead, MembersManage, TeamRead};
        let manager = Preset::MemberManager.permissions();
        assert!(may_give(&manager, &manager) && may_give(&manager, &Preset::SeniorDeveloper.permissions()));
        assert!(!may_give(&manager, &BTreeSet::from([TeamRead, MembersManage, AccountsDelete])));
        assert!(!may_give(&manager, &BTreeSet::from([AccountsDelete, AuditRead])));
        assert!(!may_give(&BTreeSet::from([TeamRead, MembersManage]), &manager));
    }
}
