//! The one page of the console, at every address that is a place in it.

use std::{collections::BTreeSet, sync::LazyLock};

use rollcall_api::config::Config;

use crate::tree::{File, VERSION};

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

/// The page as it is sent: it names its files in the directory of their version, and says what the installation decides,
/// so that nobody types what would be refused.
pub(crate) fn page(config: &Config) -> Option<File> {
    static TEXT: LazyLock<Option<String>> = LazyLock::new(|| {
        let file = File::named("index.html")?;
        let text = std::str::from_utf8(&file.bytes).ok()?;
        let directory = format!("/assets/{}", *VERSION);
        // All modules of the first screen at once: each would otherwise be asked for when the one before has come.
        let preloads =
            first_modules().into_iter().map(|name| format!("<link rel=modulepreload href={{assets}}/{name}>\n"));
        Some(text.replace("<!-- modules -->\n", &preloads.collect::<String>()).replace("{assets}", &directory))
    });
    let text = TEXT
        .as_ref()?
        .replace("{registration}", if config.is_registration_open { "open" } else { "closed" })
        .replace("{password_min_chars}", &config.password.min_chars.to_string())
        .replace("{password_classes}", if config.password.require_classes { "required" } else { "free" });
    Some(File::named("index.html")?.with(text))
}

/// The modules that the first one imports, and those that they import.
fn first_modules() -> BTreeSet<String> {
    let (mut found, mut next) = (BTreeSet::new(), vec!["main.js".to_owned()]);
    while let Some(name) = next.pop() {
        let text = File::named(&name).map(|file| String::from_utf8_lossy(&file.bytes).into_owned()).unwrap_or_default();
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

    #[test]
    fn imports_are_found_where_they_are() {
        let text = "import { a } from \"../a.js\";\nimport b from\"./b.js\";\nawait import(\"./c.js\");";
        assert_eq!(imports("parts/x.js", text), ["a.js", "parts/b.js"]);
    }
}
