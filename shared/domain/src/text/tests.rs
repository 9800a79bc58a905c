//! The rules of texts, at their boundaries and for arbitrary texts.

use proptest::prelude::*;

use super::*;
use ViolationCode::{BadFormat, NotAllowed, TooLong, TooShort};

fn code<T>(read: Result<T, Invalid>) -> Option<ViolationCode> {
    read.err().map(|invalid| invalid.code)
}

#[test]
fn an_account_id_takes_every_permitted_symbol_and_nothing_else() {
    let symbols = "!$&'()*+,;=:@._~-";
    assert_eq!(AccountId::parse(symbols).unwrap().as_str(), symbols);
    assert_eq!(code(AccountId::parse(&"a".repeat(32))), None);
    assert_eq!(code(AccountId::parse(&"a".repeat(33))), Some(TooLong));
    assert_eq!(code(AccountId::parse("")), Some(TooShort));
    for bad in [".", "..", "a/b", "a%2Fb", "a b", "é", "a\0", "a#b", "a?b", "a\"b", "[a]"] {
        assert_eq!(code(AccountId::parse(bad)), Some(BadFormat), "{bad}");
    }
    assert_eq!(code(AccountId::parse("...")), None);
}

#[test]
fn a_profile_text_is_measured_in_bytes() {
    assert_eq!(code(Nickname::parse(&"é".repeat(250))), None);
    assert_eq!(code(Nickname::parse(&("é".repeat(250) + "a"))), Some(TooLong));
    assert_eq!(code(Nickname::parse("a\nb")), Some(BadFormat));
    assert_eq!(code(WhatsUp::parse("a\nb")), None);
    assert_eq!(code(WhatsUp::parse("a\rb")), Some(BadFormat));
    assert_eq!(code(WhatsUp::parse("a\u{85}b")), Some(BadFormat));
}

#[test]
fn a_photo_url_is_absolute_and_of_the_web() {
    for good in ["http://a", "https://img.example.com/p?q=1#f", "HTTPS://EXAMPLE.COM/", "https://예시.kr/사진.png"]
    {
        assert_eq!(code(PhotoUrl::parse(good)), None, "{good}");
    }
    for bad in [
        "img.png",
        "//a/b",
        "javascript:alert(1)",
        "ftp://a/b",
        "https:a",
        "https://",
        "http://a b",
        "http:\\\\a",
        "http:///a",
        "https://[::1",
    ] {
        assert_eq!(code(PhotoUrl::parse(bad)), Some(BadFormat), "{bad}");
    }
}

#[test]
fn a_name_is_trimmed_before_it_is_measured() {
    assert_eq!(AppName::parse("  Harbor Chat ").unwrap().as_str(), "Harbor Chat");
    assert_eq!(code(AppName::parse("   ")), Some(TooShort));
    assert_eq!(code(AppName::parse(&"선".repeat(65))), Some(TooLong));
    assert_eq!(code(AppName::parse("\u{2800}")), Some(TooShort));
    assert_eq!(code(AppName::parse("a\u{7f}b")), Some(BadFormat));
}

#[test]
fn a_teams_name_is_one_name_in_any_case_width_and_composition() {
    let key = |text| TeamName::parse(text).unwrap().key();
    assert_eq!(key("Équipe Ä"), key("e\u{301}QUIPE a\u{308}"));
    assert_eq!((key("Straße"), key("οδοσ")), (key("STRASSE"), key("ΟΔΟΣ")));
    assert_eq!(key("Northwind 1"), key("ＮＯＲＴＨＷＩＮＤ\u{a0}①"));
    assert_ne!(key("Northwind 1"), key("Northwind 2"));
}

/// Such a name would not fit into the key of the table's item.
#[test]
fn a_teams_name_is_measured_in_its_compared_form_too() {
    assert_eq!(code(TeamName::parse(&"\u{fdfa}".repeat(64))), Some(TooLong));
    for longest in ["ΐ", "ﬃ", "𐐀", "ẞ"] {
        assert_eq!(code(TeamName::parse(&longest.repeat(64))), None, "{longest}");
    }
}

#[test]
fn a_name_shows_all_its_characters() {
    for hidden in ["\u{200b}", "\u{2060}", "\u{3164}", "\u{ad}", "\u{feff}", "\u{fe0f}", "\u{200e}", "\u{202e}"] {
        for name in [hidden.to_owned(), format!("North{hidden}wind"), format!("Northwind{hidden}")] {
            assert_eq!(code(AppName::parse(&name)), Some(BadFormat), "{name:?}");
            assert_eq!(code(TeamName::parse(&name)), Some(BadFormat), "{name:?}");
            assert_eq!(code(RoleName::parse(&name)), Some(BadFormat), "{name:?}");
            assert_eq!(code(Note::parse(&name)), Some(BadFormat), "{name:?}");
            assert_eq!(code(Username::parse(&format!("Mina{name}"))), Some(BadFormat), "{name:?}");
            // What people write about themselves is passed on as they wrote it.
            assert_eq!(Nickname::parse(&name).unwrap().as_str(), name);
        }
    }
    let invalid = AppName::parse("North\u{200b}wind").unwrap_err();
    assert_eq!(invalid.detail, "takes no U+200B, which nobody can see");
}

#[test]
fn a_name_is_more_than_accents_and_blanks() {
    for name in ["\u{301}", "\u{94d}\u{200d}", "\u{e000}", "\u{fffe}", "North\u{2800}wind"] {
        assert_eq!(code(AppName::parse(name)), Some(BadFormat), "{name:?}");
        assert_eq!(code(TeamName::parse(name)), Some(BadFormat), "{name:?}");
        assert_eq!(code(RoleName::parse(name)), Some(BadFormat), "{name:?}");
    }
    assert_eq!(code(Username::parse("\u{301}\u{301}\u{301}")), Some(BadFormat));
}

#[test]
fn a_custom_role_takes_no_name_of_a_preset() {
    for taken in ["Admin", " admin ", "ＡＤＭＩＮ", "Member manager", "MEMBER\u{a0}MANAGER", "senior_developer"] {
        assert_eq!(code(RoleName::parse(taken)), Some(NotAllowed), "{taken}");
    }
    for free in ["Admins", "Release manager", "관리자"] {
        assert_eq!(code(RoleName::parse(free)), None, "{free}");
    }
}

#[test]
fn a_username_takes_the_letters_of_any_script() {
    for good in ["王小明", "한지수", "Mina Park", "Inès Moreau", "علی\u{200c}رضا", "ශ්\u{200d}රී", "राम १२", "O.Hara-42"]
    {
        assert_eq!(Username::parse(good).unwrap().as_str(), good);
    }
    for bad in
        ["Mina  Park", "Mina\tPark", "Mina\u{a0}Park", "Mina’s", "Mina 🦀", "Mi\u{200d}na", "min\u{3164}a", "①②③"]
    {
        assert_eq!(code(Username::parse(bad)), Some(BadFormat), "{bad:?}");
    }
    assert_eq!(code(Username::parse("ab")), Some(TooShort));
    assert_eq!(code(Username::parse(" ab ")), Some(TooShort));
    assert_eq!(code(Username::parse(&format!(" {}\u{3000}", "選".repeat(64)))), None);
    assert_eq!(code(Username::parse(&"選".repeat(65))), Some(TooLong));
}

#[test]
fn a_username_is_stored_trimmed_and_composed() {
    assert_eq!(Username::parse("  Ine\u{300}s Moreau\n").unwrap().as_str(), "In\u{e8}s Moreau");
    assert_eq!(Username::parse("\u{1112}\u{1161}\u{11ab}지수").unwrap().as_str(), "한지수");
    // The composed form is measured: two characters.
    assert_eq!(code(Username::parse("e\u{301}e\u{301}")), Some(TooShort));
}

#[test]
fn a_login_takes_ascii_only() {
    for bad in ["王小明", "mina park", " mina", "ｍｉｎａ"] {
        assert_eq!(code(Login::parse(bad)), Some(BadFormat), "{bad}");
    }
    assert_eq!(Login::parse("Mina@Example").unwrap().key(), "mina@example");
}

/// One character that shows nothing.
const HIDDEN: &str =
    "[\u{ad}\u{200b}-\u{200f}\u{202a}-\u{202e}\u{2060}-\u{2069}\u{3164}\u{ffa0}\u{fe00}-\u{fe0f}\u{feff}]";

/// Texts of what names are made of, and should not be made of.
fn texts() -> impl Strategy<Value = String> {
    let odd = concat!(
        "[a1 @ß한\u{1112}\u{1161}e\u{301}٣می\u{94d}क❤👩①ﬁ\u{fdfa}",
        "\u{200b}-\u{200f}\u{202e}\u{fe0f}\u{3164}\u{2800}]{0,70}"
    );
    prop_oneof![odd, "\\PC{0,70}", ".{0,70}"]
}

proptest! {
    #[test]
    fn a_parsed_name_is_its_own_name(text in texts()) {
        if let Ok(name) = TeamName::parse(&text) {
            prop_assert_eq!(TeamName::parse(name.as_str()), Ok(name.clone()));
            prop_assert!((1..=64).contains(&name.as_str().chars().count()));
            prop_assert!(!name.key().is_empty() && name.key().len() <= 1_024);
            prop_assert_eq!(comparison_key(&name.key()), name.key());
        }
    }

    #[test]
    fn a_parsed_username_is_its_own_username(text in texts()) {
        if let Ok(username) = Username::parse(&text) {
            prop_assert_eq!(Username::parse(username.as_str()), Ok(username.clone()));
            prop_assert!(unicode_normalization::is_nfc(username.as_str()));
            prop_assert!((3..=64).contains(&username.as_str().chars().count()));
            prop_assert!(!username.as_str().contains("  ") && username.as_str().trim() == username.as_str());
            prop_assert!(!username.as_str().chars().any(char::is_control));
        }
    }

    #[test]
    fn a_hidden_character_makes_no_second_team(text in "[a-zA-Z0-9가-힣 ]{1,20}", at in 0..20_usize, hidden in HIDDEN) {
        if let Ok(name) = TeamName::parse(&text) {
            let mut twin: Vec<char> = name.as_str().chars().collect();
            twin.splice(at.min(twin.len())..at.min(twin.len()), hidden.chars());
            let twin: String = twin.into_iter().collect();
            prop_assert!(TeamName::parse(&twin).is_err());
            prop_assert_eq!(comparison_key(&twin), name.key());
        }
    }
}
