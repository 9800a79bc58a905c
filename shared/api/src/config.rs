//! Configuration: read once at the start, from the environment; a wrong value stops the start with a sentence.

use std::{path::PathBuf, time::Duration};

use rollcall_domain::limits::AUDIT_RETENTION_DAYS;

use crate::keyring::KeySource;

/// What an installation decides.
#[derive(Clone, Debug)]
pub struct Config {
    /// The origin under which browsers reach the API: `PUBLIC_ORIGIN`.
    pub public_origin: String,
    /// How long audit records are kept: `AUDIT_RETENTION_DAYS`.
    pub audit_retention: Duration,
    /// Where the master key is: `MASTER_KEY_FILE` or `MASTER_KEY_SECRET_ID`.
    pub key_source: KeySource,
}

impl Config {
    /// Reads the configuration with `variable`, which is the environment's but for tests.
    pub fn read(variable: &impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        Ok(Self {
            public_origin: origin(&required(variable, "PUBLIC_ORIGIN")?)?,
            audit_retention: days(variable("AUDIT_RETENTION_DAYS").as_deref())?,
            key_source: key_source(variable)?,
        })
    }
}

/// A variable that must be set.
pub fn required(variable: &impl Fn(&str) -> Option<String>, name: &str) -> Result<String, String> {
    variable(name).filter(|value| !value.is_empty()).ok_or_else(|| format!("{name} must be set"))
}

fn origin(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match host {
        Some(host) if !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']) => Ok(text.to_owned()),
        Some(_) | None => {
            Err(format!("PUBLIC_ORIGIN must be an origin such as https://console.example.com, and is {text:?}"))
        }
    }
}

fn days(text: Option<&str>) -> Result<Duration, String> {
    let days = match text {
        None | Some("") => AUDIT_RETENTION_DAYS,
        Some(text) => (text.parse().ok().filter(|days| (1..=3_650).contains(days)))
            .ok_or_else(|| format!("AUDIT_RETENTION_DAYS must be a whole number from 1 to 3650, and is {text:?}"))?,
    };
    Ok(Duration::from_secs(u64::from(days) * 24 * 60 * 60))
}

fn key_source(variable: &impl Fn(&str) -> Option<String>) -> Result<KeySource, String> {
    let set = |name| variable(name).filter(|value| !value.is_empty());
    match (set("MASTER_KEY_FILE"), set("MASTER_KEY_SECRET_ID")) {
        (Some(path), None) => Ok(KeySource::File(PathBuf::from(path))),
        (None, Some(id)) => Ok(KeySource::Secret(id)),
        (Some(_), Some(_)) | (None, None) => {
            Err("exactly one of MASTER_KEY_FILE and MASTER_KEY_SECRET_ID must be set".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Config, String> {
        let find = |name: &str| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Config::read(&find)
    }

    #[test]
    fn a_wrong_value_stops_the_start_and_is_named() {
        let good = [("PUBLIC_ORIGIN", "https://console.example.com"), ("MASTER_KEY_FILE", "key.json")];
        assert!(read(&good).is_ok());
        for (name, value) in [
            ("PUBLIC_ORIGIN", ""),
            ("PUBLIC_ORIGIN", "console.example.com"),
            ("PUBLIC_ORIGIN", "https://console.example.com/"),
            ("AUDIT_RETENTION_DAYS", "0"),
            ("AUDIT_RETENTION_DAYS", "a year"),
            ("MASTER_KEY_SECRET_ID", "also"),
        ] {
            let pairs: Vec<_> = [(name, value)].into_iter().chain(good).collect();
            let error = read(&pairs).unwrap_err();
            assert!(error.contains(name), "{error}");
        }
    }
}
