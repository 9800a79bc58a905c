//! The console's one HTML page, which is served at every path of the console.

use std::sync::LazyLock;

use rollcall_api::config::Config;
use serde::Deserialize;

use crate::{
    matches,
    tree::{self, File, VERSION},
};

/// What the page may load: its own files, and photos and two-factor pictures as images. It may send files to where they
/// are uploaded. Where browsers support trusted types, no text can become markup or code.
pub(crate) fn policy(config: &Config) -> String {
    let uploads = config.upload_origin.as_deref().map(|origin| format!(" {origin}")).unwrap_or_default();
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data: https:; \
         connect-src 'self'{uploads}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'"
    )
}

/// First segments of paths that never belong to the console, though a browser may request them.
const NOT_CONSOLE: [&str; 5] = ["v1", "healthz", "mailbox", "_local", "assets"];

/// Whether a path belongs to the console. Only a first segment with a dot names a file: an account's id may hold one.
pub(crate) fn is_console_path(path: &str) -> bool {
    let mut segments = path.split('/').skip(1);
    let first = segments.next().unwrap_or_default();
    !NOT_CONSOLE.contains(&first) && !first.contains('.')
}

/// The page for a path. It names its files under the directory of their version, preloads the modules of the path's
/// screen, and passes on the settings that the console needs to check what is typed.
pub(crate) fn page(config: &Config, path: &str) -> Option<File> {
    let directory = format!("/assets/{}", *VERSION);
    let preloads: Vec<_> =
        preloaded_modules(path).map(|module| format!("<link rel=modulepreload href={directory}/{module}>\n")).collect();
    let text = tree::text("index.html")?
        .replace("<!-- modules -->\n", &preloads.concat())
        .replace("{assets}", &directory)
        .replace("{registration}", if config.is_registration_open { "open" } else { "closed" })
        .replace("{password_min_chars}", &config.password.min_chars.to_string())
        .replace("{password_classes}", if config.password.require_classes { "required" } else { "free" });
    Some(File::named("index.html")?.with(text))
}

/// Which modules the page preloads. Without the list, a browser would request a module only after it has received the
/// one that imports it.
#[derive(Deserialize)]
struct Preload {
    /// The modules that every screen needs.
    start: Vec<String>,
    screens: Vec<Screen>,
}

#[derive(Deserialize)]
struct Screen {
    /// A path whose parameters are `:named`.
    pattern: String,
    /// The modules that this screen needs in addition.
    modules: Vec<String>,
}

/// Generated from the modules of the console: `npm run preload` in `tests/console` writes the file.
static PRELOAD: LazyLock<Preload> =
    LazyLock::new(|| serde_json::from_str(include_str!("../preload.json")).expect("the generated file is tested"));

fn preloaded_modules(path: &str) -> impl Iterator<Item = &'static str> {
    let screen = PRELOAD.screens.iter().find(|screen| matches(&screen.pattern, path));
    let own = screen.into_iter().flat_map(|screen| &screen.modules);
    PRELOAD.start.iter().chain(own).map(String::as_str)
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
    fn the_first_segment_decides_whether_a_path_belongs_to_the_console(#[case] path: &str, #[case] expected: bool) {
        assert_eq!(is_console_path(path), expected);
    }

    #[rstest]
    #[case("/sign-in", Some("screens/sign-in.js"))]
    #[case("/apps/0/accounts/mina.park", Some("screens/accounts.js"))]
    #[case("/teams/0/roles/1", Some("screens/team.js"))]
    #[case("/", None)]
    #[case("/nowhere", None)]
    fn a_path_preloads_the_modules_of_its_screen(#[case] path: &str, #[case] expected: Option<&str>) {
        let own: Vec<_> = preloaded_modules(path).skip(PRELOAD.start.len()).collect();
        match expected {
            Some(screen) => assert!(own.contains(&screen), "{own:?}"),
            None => assert!(own.is_empty(), "{own:?}"),
        }
    }

    #[test]
    fn every_preloaded_module_exists() {
        let own = PRELOAD.screens.iter().flat_map(|screen| &screen.modules);
        for module in PRELOAD.start.iter().chain(own) {
            assert!(tree::text(module).is_some(), "{module}");
        }
    }
}
