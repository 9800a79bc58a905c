//! The links in the pages lead to something, and the files and tests that they name exist.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use super::{file, text};

/// All Markdown pages.
fn pages() -> Vec<PathBuf> {
    let folders = ["", ".github", ".github/ISSUE_TEMPLATE", "infra", "shared/decisions"];
    let entries = folders.iter().flat_map(|folder| std::fs::read_dir(file(folder)).unwrap());
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}

#[test]
fn links_lead_to_files_and_headings_that_exist() {
    let mut followed = 0;
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            if link.contains("://") {
                continue;
            }
            let (target, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if target.is_empty() { page.clone() } else { page.parent().unwrap().join(target) };
            assert!(target.exists(), "{}: {link} leads nowhere", page.display());
            assert!(heading.is_empty() || anchors(&target).contains(heading), "{}: no heading {link}", page.display());
            followed += 1;
        }
    }
    assert!(followed > 30, "only {followed} links were found");
}

/// The anchors of a page's headings, as GitHub forms them.
fn anchors(page: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(page).unwrap();
    let headings = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let kept = |heading: &str| {
        heading.to_lowercase().replace(|letter: char| !(letter.is_alphanumeric() || "-_ ".contains(letter)), "")
    };
    headings.map(|heading| kept(heading).replace(' ', "-")).collect()
}

/// The texts in backticks, outside of code blocks.
fn names(page: &str) -> Vec<&str> {
    page.split("```").step_by(2).flat_map(|prose| prose.split('`').skip(1).step_by(2)).collect()
}

#[test]
fn the_guide_names_files_that_exist() {
    let page = text(".github/CONTRIBUTING.md");
    let folders = ["shared/", "functions/", "infra/", "tests/", ".config/"];
    let paths = names(&page).into_iter().filter(|name| folders.iter().any(|folder| name.starts_with(folder)));
    let mut checked = 0;
    for path in paths.filter(|path| !path.contains(['*', '<', ' '])) {
        assert!(file(path).exists(), ".github/CONTRIBUTING.md names {path}, which does not exist");
        checked += 1;
    }
    assert!(checked > 30, "only {checked} paths were found");
}

/// A name that ends with `…` is the beginning of a test's name.
#[test]
fn the_guide_names_tests_that_exist() {
    let code = sources(&file("tests/it/src")) + &sources(&file("shared"));
    let page = text(".github/CONTRIBUTING.md");
    let is_test = |name: &&str| name.matches('_').count() > 2 && name.starts_with(char::is_lowercase);
    let mut checked = 0;
    for name in names(&page).into_iter().filter(is_test).filter(|name| !name.contains(['/', ' '])) {
        let function = name.strip_suffix('…').map_or_else(|| format!("fn {name}("), |start| format!("fn {start}"));
        assert!(code.contains(&function), ".github/CONTRIBUTING.md names the test {name}, which does not exist");
        checked += 1;
    }
    assert!(checked > 10, "only {checked} tests were found");
}

/// The text of all Rust files in a folder.
fn sources(folder: &Path) -> String {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| match path.extension().and_then(|extension| extension.to_str()) {
            _ if path.is_dir() => sources(&path),
            Some("rs") => std::fs::read_to_string(&path).unwrap(),
            _ => String::new(),
        })
        .collect()
}
