//! The documentation agrees with the code and the template: the README's configuration, the tables of the reference, the example
//! requests, and the links and names in the pages.

mod examples;
mod links;
mod reference;
mod template;

use std::path::PathBuf;

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(file(name)).unwrap()
}

#[test]
fn the_readme_explains_every_variable() {
    let readme = text("README.md");
    for name in [
        "TABLE_NAME",
        "PUBLIC_ORIGIN",
        "MASTER_KEY_FILE",
        "MASTER_KEY_SECRET_ID",
        "AUDIT_RETENTION_DAYS",
        "REGISTRATION",
        "PASSWORD_MIN_LENGTH",
        "PASSWORD_REQUIRE_CLASSES",
        "MEMBER_SESSION_IDLE_MINUTES",
        "MEMBER_SESSION_AGE_MINUTES",
        "ADMIN_SESSION_IDLE_MINUTES",
        "ADMIN_SESSION_AGE_MINUTES",
        "TLS_ROOTS",
        "MAIL_FROM",
        "SMTP_URL",
    ] {
        assert!(readme.contains(&format!("`{name}`")), "README.md does not explain {name}");
    }
}
