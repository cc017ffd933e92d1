//! A short name of a client, by which a person recognizes a device: "Firefox on Linux". It is made of what the client says
//! about itself, so it proves nothing.

/// Only the beginning of a User-Agent is read; those of browsers have about 200 characters.
const READ: usize = 512;
const MAX_PRODUCT: usize = 64;

/// What the agents of browsers contain, and their names. Most claim to be older ones too, so the first match counts.
const BROWSERS: [(&str, &str); 15] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Opera", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("YaBrowser/", "Yandex Browser"),
    ("DuckDuckGo/", "DuckDuckGo"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("Trident/", "Internet Explorer"),
    // Any other, such as a page within an app.
    ("Mozilla/", "Browser"),
];

/// Android says Linux too, and an iPhone says Mac OS X.
const SYSTEMS: [(&str, &str); 8] = [
    ("Windows", "Windows"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "macOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceName(String);

impl DeviceName {
    /// The name for a User-Agent (RFC 9110, 10.1.5): browser and operating system, or the first product of another
    /// client; `None` if it names none.
    pub fn of(user_agent: &str) -> Option<Self> {
        let agent = &user_agent[..user_agent.floor_char_boundary(READ)];
        let program = find(&BROWSERS, agent).or_else(|| product(agent))?;
        Some(Self(match find(&SYSTEMS, agent) {
            Some(system) => format!("{program} on {system}"),
            None => program.to_owned(),
        }))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn find(table: &[(&str, &'static str)], agent: &str) -> Option<&'static str> {
    let mut rows = table.iter();
    let row = rows.find(|(part, _)| agent.contains(part));
    row.map(|(_, name)| *name)
}

/// The name of the first product: a token, so it has no hidden characters.
fn product(agent: &str) -> Option<&str> {
    let agent = agent.trim_start();
    let end = agent.bytes().position(|byte| !is_of_token(byte));
    let token = &agent[..end.unwrap_or(agent.len()).min(MAX_PRODUCT)];
    (!token.is_empty()).then_some(token)
}

/// RFC 9110, 5.6.2.
fn is_of_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(agent: &str) -> Option<String> {
        DeviceName::of(agent).map(|name| name.0)
    }

    #[test]
    fn a_browser_is_named_with_its_system() {
        for (agent, expected) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
                "Firefox on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
                "Chrome on Windows",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 OPR/124.0.0.0",
                "Opera on Linux",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15; SM-S931B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36",
                "Samsung Internet on Android",
            ),
            (
                "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
                "Chrome on ChromeOS",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15",
                "Safari on macOS",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/145.0 Mobile/15E148 Safari/605.1.15",
                "Firefox on iPad",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/142.0.0.0 Mobile/15E148 Safari/604.1",
                "Chrome on iPhone",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
                "Browser on iPhone",
            ),
            ("Mozilla/5.0", "Browser"),
        ] {
            assert_eq!(name(agent).as_deref(), Some(expected), "{agent}");
        }
    }

    #[test]
    fn another_client_is_named_by_its_product() {
        for (agent, expected) in [
            ("curl/8.14.1", "curl"),
            ("okhttp", "okhttp"),
            ("ShopApp/3.1 (iPhone; iOS 18.7)", "ShopApp on iPhone"),
            ("  two words", "two"),
            ("Gerät/1.0", "Ger"),
            ("a\u{202E}b", "a"),
            ("<script>", ""),
            ("(a comment)", ""),
            ("\u{200B}", ""),
            (" ", ""),
            ("", ""),
        ] {
            let expected = (!expected.is_empty()).then_some(expected);
            assert_eq!(name(agent).as_deref(), expected, "{agent:?}");
        }
    }

    #[test]
    fn a_long_agent_has_a_short_name() {
        let long = "a".repeat(100_000);
        assert_eq!(name(&long), Some("a".repeat(64)));
        assert_eq!(name(&format!("{long} Firefox/1.0")), Some("a".repeat(64)));
        let many = "curl/1.0 ".repeat(10_000);
        assert_eq!(name(&many).as_deref(), Some("curl"));
        // A character of several bytes at the end of what is read.
        for length in READ - 3..=READ {
            let agent = format!("curl/{}", "x".repeat(length - 5)) + "ö😀";
            assert_eq!(name(&agent).as_deref(), Some("curl"));
        }
    }
}
