//! The name of a browser and its operating system. A mail contains these words of ours and nothing else of a
//! `User-Agent`: its sender chooses it freely, and a part like `Gecko/20100101` looks like a code.
//!
//! The parsers in the registry bring hundreds of rules for versions and devices. Browsers have frozen their
//! `User-Agent`, so the few parts below tell them apart.

/// The first part that the `User-Agent` contains names the browser: most contain those of others, too.
const BROWSERS: [(&str, &str); 9] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Whale/", "Whale"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "iOS"),
    ("iPad", "iPadOS"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

/// What is known of the program that sent a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Browser {
    pub(crate) name: Option<&'static str>,
    pub(crate) system: Option<&'static str>,
}

impl Browser {
    pub(crate) fn of(user_agent: &str) -> Self {
        let first = |names: &[(&str, &'static str)]| {
            names.iter().find(|(part, _)| user_agent.contains(part)).map(|(_, name)| *name)
        };
        Self { name: first(&BROWSERS), system: first(&SYSTEMS) }
    }

    /// What is known in words; `both` puts a browser and its system together.
    pub(crate) fn describe(self, both: impl Fn(&str, &str) -> String) -> Option<String> {
        match self.name.zip(self.system) {
            Some((name, system)) => Some(both(name, system)),
            None => self.name.or(self.system).map(str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_and_systems_are_told_apart() {
        for (user_agent, name, system) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox", "Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 \
                 Safari/537.36 Edg/140.0.0.0",
                "Edge",
                "Windows",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 Version/26.0 Safari/605.1.15",
                "Safari",
                "macOS",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 CriOS/140.0.0.0 Mobile/15E148 Safari/604.1",
                "Chrome",
                "iOS",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 \
                 Chrome/130.0.0.0 Mobile Safari/537.36",
                "Samsung Internet",
                "Android",
            ),
        ] {
            assert_eq!(Browser::of(user_agent), Browser { name: Some(name), system: Some(system) }, "{user_agent}");
        }
    }

    #[test]
    fn a_program_that_is_no_known_browser_has_no_name() {
        for user_agent in ["", "curl/8.15.0", "20100101", "\r\nBcc: everybody@example.com"] {
            assert_eq!(Browser::of(user_agent), Browser { name: None, system: None }, "{user_agent}");
        }
    }
}
