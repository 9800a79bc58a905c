//! Configuration, read from the environment once at the start. A wrong value stops the start with a sentence that names
//! the variable, its rule and its value.

use std::{ops::RangeInclusive, time::Duration};

use rollcall_domain::{
    limits::{
        ADMIN_SESSION, AUDIT_RETENTION_DAYS, MEMBER_SESSION, MIN_PASSWORD_CHARS, PASSWORD_MIN_LENGTH_RANGE,
        SessionLifetime,
    },
    password,
    session::Lifetimes,
    webhook_url::Loopback,
};

use url::Url;

use crate::{edge::EdgeSecret, gateway::GatewayOrigin, key_source::KeySource};

/// The settings of an installation.
#[derive(Clone, Debug)]
pub struct Config {
    /// The origin under which browsers reach the API: `PUBLIC_ORIGIN`. Without it, that is the gateway's own domain.
    pub public_origin: Option<String>,
    /// What proves that a request comes from the network in front of the gateway: `EDGE_SECRET`.
    pub edge_secret: Option<EdgeSecret>,
    /// The origin to which browsers upload files, if it is not the public one: `UPLOAD_ORIGIN`.
    pub upload_origin: Option<String>,
    /// How long audit records are kept: `AUDIT_RETENTION_DAYS`.
    pub audit_retention: Duration,
    /// Which passwords may be chosen: `PASSWORD_MIN_LENGTH`, `PASSWORD_REQUIRE_CLASSES`.
    pub password: password::PasswordRule,
    /// Whether people may register themselves: `REGISTRATION`.
    pub is_registration_open: bool,
    /// Whether `bootstrap` may reset the password of a super admin: `BREAK_GLASS`.
    pub is_break_glass_allowed: bool,
    /// How long sessions live: `MEMBER_SESSION_…` and `ADMIN_SESSION_…`.
    pub sessions: Lifetimes,
    /// Whether webhooks may lead to this machine: `WEBHOOK_LOOPBACK`.
    pub webhook_loopback: Loopback,
    /// Where the master key is: `MASTER_KEY_FILE` or `MASTER_KEY_SECRET_ID`.
    pub key_source: KeySource,
}

impl Config {
    /// Reads the configuration. `variable` looks a variable up: by [`environment`], except in tests.
    pub fn read(variable: &impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        Ok(Self {
            public_origin: variable("PUBLIC_ORIGIN").map(|text| origin(&text)).transpose()?,
            edge_secret: variable("EDGE_SECRET").map(EdgeSecret::parse).transpose()?,
            upload_origin: variable("UPLOAD_ORIGIN").map(|text| origin_of("UPLOAD_ORIGIN", &text)).transpose()?,
            audit_retention: days(variable)?,
            password: password_rule(variable)?,
            is_registration_open: switch(variable, "REGISTRATION", ("on", "off"), true)?,
            is_break_glass_allowed: switch(variable, "BREAK_GLASS", ("on", "off"), true)?,
            sessions: Lifetimes {
                member: lifetime(variable, "MEMBER_SESSION", MEMBER_SESSION)?,
                admin: lifetime(variable, "ADMIN_SESSION", ADMIN_SESSION)?,
            },
            webhook_loopback: loopback(variable)?,
            key_source: KeySource::read(variable)?,
        })
    }
}

impl Config {
    /// The origin of the console for a request that came through the gateway, if one is known.
    pub(crate) fn origin<'a>(&'a self, of_gateway: Option<&'a GatewayOrigin>) -> Option<&'a str> {
        self.public_origin.as_deref().or(of_gateway.map(|origin| origin.0.as_str()))
    }
}

/// Reads a variable that must be set.
pub fn required(variable: &impl Fn(&str) -> Option<String>, name: &str) -> Result<String, String> {
    variable(name).ok_or_else(|| format!("{name} must be set"))
}

/// The value of an environment variable. An empty one counts as not set, as in a file of settings that leaves it out.
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The public origin in the form in which browsers send it: host in lower case and as ASCII, no default port.
pub fn origin(text: &str) -> Result<String, String> {
    origin_of("PUBLIC_ORIGIN", text)
}

fn origin_of(name: &str, text: &str) -> Result<String, String> {
    // A URL may also have a path, a query or a user. An origin has none of them.
    let has_host_only = text.split_once("://").is_some_and(|(_, host)| !host.contains(['/', '\\', '?', '#', '@']));
    // The parser skips these.
    let has_blanks = text.contains(|c: char| c.is_whitespace() || c.is_control());
    let url =
        Url::parse(text).ok().filter(|url| has_host_only && !has_blanks && matches!(url.scheme(), "http" | "https"));
    let rule = || format!("{name} must be an origin such as https://console.example.com, but is {text:?}");
    url.map(|url| url.origin().ascii_serialization()).ok_or_else(rule)
}

fn password_rule(variable: &impl Fn(&str) -> Option<String>) -> Result<password::PasswordRule, String> {
    let bounds = PASSWORD_MIN_LENGTH_RANGE;
    let least = number(variable, "PASSWORD_MIN_LENGTH", *bounds.start() as u64..=*bounds.end() as u64)?;
    let require_classes = switch(variable, "PASSWORD_REQUIRE_CLASSES", ("true", "false"), false)?;
    let min_chars = least.map_or(MIN_PASSWORD_CHARS, |least| usize::try_from(least).unwrap_or(MIN_PASSWORD_CHARS));
    Ok(password::PasswordRule { min_chars, require_classes, ..password::PasswordRule::default() })
}

/// The idle time and the age of one kind of session, in whole minutes. No guidance asks for more than a day. Less than
/// two minutes would end sessions between two writes of `last_seen_at`, which happen at most once a minute.
fn lifetime(
    variable: &impl Fn(&str) -> Option<String>,
    prefix: &str,
    default: SessionLifetime,
) -> Result<SessionLifetime, String> {
    let minutes = |name: String, default| {
        Ok::<_, String>(number(variable, &name, 2..=24 * 60)?.map_or(default, Duration::from_mins))
    };
    let idle = minutes(format!("{prefix}_IDLE_MINUTES"), default.idle)?;
    let age = minutes(format!("{prefix}_AGE_MINUTES"), default.age)?;
    Ok(SessionLifetime { idle, age })
}

fn days(variable: &impl Fn(&str) -> Option<String>) -> Result<Duration, String> {
    let days = number(variable, "AUDIT_RETENTION_DAYS", 1..=3_650)?.unwrap_or(AUDIT_RETENTION_DAYS.into());
    Ok(Duration::from_hours(days * 24))
}

/// Reads a whole number within bounds, if the variable is set.
fn number(
    variable: &impl Fn(&str) -> Option<String>,
    name: &str,
    bounds: RangeInclusive<u64>,
) -> Result<Option<u64>, String> {
    let Some(text) = variable(name) else { return Ok(None) };
    let number = text.parse().ok().filter(|number| bounds.contains(number));
    let rule = || format!("{name} must be a whole number from {} to {}, but is {text:?}", bounds.start(), bounds.end());
    number.ok_or_else(rule).map(Some)
}

/// Reads one of two words.
fn switch(
    variable: &impl Fn(&str) -> Option<String>,
    name: &str,
    (yes, no): (&str, &str),
    default: bool,
) -> Result<bool, String> {
    match variable(name).as_deref() {
        None => Ok(default),
        Some(word) if word == yes => Ok(true),
        Some(word) if word == no => Ok(false),
        Some(other) => Err(format!("{name} must be {yes} or {no}, but is {other:?}")),
    }
}

fn loopback(variable: &impl Fn(&str) -> Option<String>) -> Result<Loopback, String> {
    let is_allowed = switch(variable, "WEBHOOK_LOOPBACK", ("on", "off"), false)?;
    Ok(if is_allowed { Loopback::Allowed } else { Loopback::Refused })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Config, String> {
        let find = |name: &str| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Config::read(&find)
    }

    #[test]
    fn an_origin_is_written_as_browsers_send_it() {
        for (text, canonical) in [
            ("https://console.example.com", "https://console.example.com"),
            ("https://Console.Example.com:443", "https://console.example.com"),
            ("HTTP://localhost:80", "http://localhost"),
            ("http://localhost:5173", "http://localhost:5173"),
            ("https://example.com:0443", "https://example.com"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
            ("http://[::1]:80", "http://[::1]"),
            ("http://[0:0:0:0:0:0:0:1]:3000", "http://[::1]:3000"),
        ] {
            assert_eq!(origin(text).as_deref(), Ok(canonical));
        }
        for bad in [
            "https://",
            "https:console.example.com",
            "https:///console.example.com",
            "https://a.example/",
            "https://a.example\\",
            "https://user@a.example",
            "https://a.example?",
            "https://a.example#",
            " https://a.example",
            "https://a.example\n",
            "https://a b.example",
            "https://a.example:99999",
            "ftp://a.example",
            "a.example",
        ] {
            assert!(origin(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_wrong_value_is_refused_with_the_name_of_its_variable() {
        let good = [("PUBLIC_ORIGIN", "https://console.example.com"), ("MASTER_KEY_FILE", "key.json")];
        assert!(read(&good).is_ok());
        for (name, value) in [
            ("PUBLIC_ORIGIN", "console.example.com"),
            ("PUBLIC_ORIGIN", "https://console.example.com/"),
            ("EDGE_SECRET", "too short"),
            ("UPLOAD_ORIGIN", "bucket.s3.amazonaws.com"),
            ("AUDIT_RETENTION_DAYS", "0"),
            ("AUDIT_RETENTION_DAYS", "a year"),
            ("PASSWORD_MIN_LENGTH", "7"),
            ("PASSWORD_MIN_LENGTH", "65"),
            ("PASSWORD_REQUIRE_CLASSES", "yes"),
            ("REGISTRATION", "closed"),
            ("BREAK_GLASS", "no"),
            ("WEBHOOK_LOOPBACK", "yes"),
            ("MEMBER_SESSION_IDLE_MINUTES", "1"),
            ("ADMIN_SESSION_AGE_MINUTES", "1441"),
            ("MASTER_KEY_SECRET_ID", "also"),
        ] {
            let pairs: Vec<_> = [(name, value)].into_iter().chain(good).collect();
            let error = read(&pairs).unwrap_err();
            assert!(error.contains(name), "{error}");
        }
    }
}
