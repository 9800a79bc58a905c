//! The one page of the console, at every address that is a place in it.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{LazyLock, Mutex, PoisonError},
};

use rollcall_api::config::Config;

use crate::{
    matches,
    tree::{self, File, VERSION},
};

/// What the page may load: its own files, and photos and two-factor pictures as images. No text becomes markup or code,
/// where browsers know trusted types.
pub(crate) const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; \
    img-src 'self' data: https:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";

/// First segments that are never places of the console, though a browser may ask for them.
const NOT_PLACES: [&str; 5] = ["v1", "healthz", "mailbox", "_local", "assets"];

/// Whether a path is a place in the console. An account's id may hold a dot, so only the first segment may be a file's.
pub(crate) fn is_place(path: &str) -> bool {
    let mut segments = path.split('/').skip(1);
    let first = segments.next().unwrap_or_default();
    !NOT_PLACES.contains(&first) && !first.contains('.')
}

/// The page as it is sent to a place: it names its files in the directory of their version, with all modules that the
/// place needs, and says what the installation decides, so that nobody types what would be refused.
pub(crate) fn page(config: &Config, path: &str) -> Option<File> {
    let text = template(screen_at(path))?
        .replace("{registration}", if config.is_registration_open { "open" } else { "closed" })
        .replace("{password_min_chars}", &config.password.min_chars.to_string())
        .replace("{password_classes}", if config.password.require_classes { "required" } else { "free" });
    Some(File::named("index.html")?.with(text))
}

/// The page for one screen, or for no known one, put together once.
fn template(screen: Option<&str>) -> Option<String> {
    static KNOWN: LazyLock<Mutex<HashMap<Option<String>, String>>> = LazyLock::new(Mutex::default);
    let screen = screen.map(str::to_owned);
    let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner).get(&screen).cloned();
    known.or_else(|| {
        // All at once: each module would otherwise be asked for when the one that imports it has come.
        let modules = modules(["main.js".to_owned()].into_iter().chain(screen.clone()));
        let preloads = modules.into_iter().map(|name| format!("<link rel=modulepreload href={{assets}}/{name}>\n"));
        let directory = format!("/assets/{}", *VERSION);
        let text = tree::text("index.html")?.replace("<!-- modules -->\n", &preloads.collect::<String>());
        let text = text.replace("{assets}", &directory);
        KNOWN.lock().unwrap_or_else(PoisonError::into_inner).insert(screen, text.clone());
        Some(text)
    })
}

/// The module of the screen at a path, as `console.js` says it: a pattern such as `/apps/:app`, then an import, in a line.
fn screen_at(path: &str) -> Option<&'static str> {
    static SCREENS: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
        let text = tree::text("console.js").unwrap_or_default();
        text.lines().filter_map(screen).map(|(pattern, module)| (pattern.to_owned(), module.to_owned())).collect()
    });
    SCREENS.iter().find(|(pattern, _)| matches(pattern, path)).map(|(_, module)| module.as_str())
}

fn screen(line: &str) -> Option<(&str, &str)> {
    let (_, import) = line.split_once("import(\"./")?;
    line.split('"').nth(1).zip(import.split('"').next())
}

/// These modules, those that they import, and so on.
fn modules(roots: impl Iterator<Item = String>) -> BTreeSet<String> {
    let (mut found, mut next) = (BTreeSet::new(), roots.collect::<Vec<_>>());
    while let Some(name) = next.pop() {
        let text = tree::text(&name).unwrap_or_default();
        if found.insert(name.clone()) {
            next.extend(imports(&name, &text));
        }
    }
    found
}

/// The modules that a module imports statically.
pub(crate) fn imports(name: &str, text: &str) -> Vec<String> {
    let directory = name.rsplit_once('/').map_or("", |(directory, _)| directory);
    let specifiers =
        text.split("from").skip(1).filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next());
    specifiers.filter(|specifier| specifier.starts_with('.')).map(|specifier| joined(directory, specifier)).collect()
}

fn joined(directory: &str, specifier: &str) -> String {
    let mut path: Vec<_> = directory.split('/').filter(|segment| !segment.is_empty()).collect();
    for segment in specifier.split('/') {
        match segment {
            "." => {}
            ".." => drop(path.pop()),
            segment => path.push(segment),
        }
    }
    path.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("/", true)]
    #[case("/apps/0/accounts/mina.park", true)]
    #[case("/sign-in", true)]
    #[case("/favicon.ico", false)]
    #[case("/v1/apps", false)]
    #[case("/healthz", false)]
    #[case("/mailbox", false)]
    #[case("/_local/mails", false)]
    fn a_path_is_a_place_or_not(#[case] path: &str, #[case] expected: bool) {
        assert_eq!(is_place(path), expected);
    }

    #[rstest]
    #[case("/sign-in", Some("screens/sign-in.js"))]
    #[case("/apps/0/accounts/mina.park", Some("screens/accounts.js"))]
    #[case("/teams/0/roles/1", Some("screens/team.js"))]
    #[case("/", None)]
    #[case("/nowhere", None)]
    fn a_place_has_its_screen(#[case] path: &str, #[case] expected: Option<&str>) {
        assert_eq!(screen_at(path), expected);
    }

    #[test]
    fn imports_are_found_where_they_are() {
        let text = "import { a } from \"../a.js\";\nimport b from\"./b.js\";\nawait import(\"./c.js\");";
        assert_eq!(imports("parts/x.js", text), ["a.js", "parts/b.js"]);
    }
}
