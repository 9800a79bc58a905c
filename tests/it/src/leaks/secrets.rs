//! Secrets in every form in which they could be stored or logged, and the search for them.

use super::*;

/// A text or byte string that must not be stored or logged.
#[derive(Debug)]
pub(super) struct Secret {
    /// A description for the failure message.
    pub(super) name: String,
    /// The texts in which it could appear.
    forms: BTreeSet<String>,
    /// The bytes, to be found in decoded texts.
    bytes: Vec<u8>,
}

impl Secret {
    /// A secret that users type.
    pub(super) fn typed(name: &str, text: &str) -> Self {
        let mut secret = Self::of_bytes(name, text.as_bytes());
        secret.forms.extend([text.to_owned(), text.to_uppercase(), text.to_lowercase()]);
        secret
    }

    /// A secret of bytes, in any encoding and at any offset in a longer encoded text.
    pub(super) fn of_bytes(name: &str, bytes: &[u8]) -> Self {
        let hex = HEXLOWER.encode(bytes);
        let mut forms = BTreeSet::from([hex.to_uppercase(), hex]);
        for (encoding, bits) in [(BASE64_NOPAD, 6), (BASE64URL_NOPAD, 6), (BASE32_NOPAD, 5)] {
            for before in 0..5 {
                let inner = inner(&encoding, bits, before, bytes);
                if bits == 5 {
                    forms.insert(inner.to_lowercase());
                }
                forms.insert(inner);
            }
        }
        Self { name: name.to_owned(), forms, bytes: bytes.to_vec() }
    }

    /// The overlapping parts of a long secret. Each of them would be a leak.
    pub(super) fn parts(name: &str, bytes: &[u8]) -> Vec<Self> {
        let part = |start: usize| Self::of_bytes(&format!("{name}, from byte {start}"), &bytes[start..start + 12]);
        (0..=bytes.len() - 12).step_by(4).map(part).collect()
    }
}

/// Searches for all secrets at once, because a log has megabytes.
pub(super) struct Search<'a> {
    /// The forms and their secrets, by the first three bytes.
    needles: HashMap<[u8; 3], Vec<(&'a [u8], &'a Secret)>>,
    /// Which three bytes start any form, indexed by [`place`].
    starts: Vec<bool>,
}

impl<'a> Search<'a> {
    pub(super) fn of(known: &'a [Secret]) -> Self {
        let mut search = Self { needles: HashMap::new(), starts: vec![false; 1 << 24] };
        for secret in known {
            for form in secret.forms.iter().map(String::as_bytes).chain([&secret.bytes[..]]) {
                let start = form[..3].try_into().unwrap();
                search.starts[place(start)] = true;
                search.needles.entry(start).or_default().push((form, secret));
            }
        }
        search
    }

    /// The first secret found. Eight digits count only if no letter or digit is beside them, because longer numbers
    /// contain them by chance.
    pub(super) fn found_in(&self, bytes: &[u8]) -> Option<&'a Secret> {
        let is_at = |at: usize, form: &[u8]| {
            let end = at + form.len();
            let neighbours = bytes[..at].last().into_iter().chain(bytes.get(end));
            let is_code = form.len() == 8 && form.iter().all(u8::is_ascii_digit);
            bytes[at..].starts_with(form) && !(is_code && neighbours.into_iter().any(u8::is_ascii_alphanumeric))
        };
        (0..bytes.len().saturating_sub(2)).find_map(|at| {
            let start = [bytes[at], bytes[at + 1], bytes[at + 2]];
            if !self.starts[place(start)] {
                return None;
            }
            self.needles[&start].iter().find(|(form, _)| is_at(at, form)).map(|(_, secret)| *secret)
        })
    }
}

pub(super) fn place([one, two, three]: [u8; 3]) -> usize {
    usize::from(one) << 16 | usize::from(two) << 8 | usize::from(three)
}

/// The characters of the encoding that depend only on `bytes`, if `before` bytes precede them.
pub(super) fn inner(encoding: &Encoding, bits: usize, before: usize, bytes: &[u8]) -> String {
    let text = encoding.encode(&[&vec![0; before], bytes].concat());
    let start = (before * 8).div_ceil(bits);
    let end = (before + bytes.len()) * 8 / bits;
    text[start..end].to_owned()
}

/// Collects all texts and byte strings of a value, with what they decode to.
pub(super) fn unpacked(value: &Value, texts: &mut String, bytes: &mut Vec<Vec<u8>>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                texts.push_str(name);
                texts.push('\n');
                unpacked(value, texts, bytes);
            }
        }
        Value::Array(values) => {
            let octets = values.iter().map(|value| value.as_u64().and_then(|byte| u8::try_from(byte).ok()));
            bytes.extend(octets.collect::<Option<Vec<_>>>());
            for value in values {
                unpacked(value, texts, bytes);
            }
        }
        Value::String(text) => {
            texts.push_str(text);
            texts.push('\n');
            let parts = text.split(|c: char| !(c.is_ascii_alphanumeric() || "+/-_".contains(c)));
            for part in parts.chain([text.as_str()]) {
                let decoded = [HEXLOWER, BASE64_NOPAD, BASE64URL_NOPAD, BASE32_NOPAD];
                bytes.extend(decoded.iter().filter_map(|encoding| encoding.decode(part.as_bytes()).ok()));
            }
        }
        Value::Number(number) => {
            texts.push_str(&number.to_string());
            texts.push('\n');
        }
        Value::Null | Value::Bool(_) => {}
    }
}

/// The search would find a leaked secret.
#[test]
fn a_secret_is_found_in_every_encoding() {
    let bytes: Vec<u8> = (100..132).collect();
    let mut secrets = Secret::parts("a token", &bytes);
    secrets.push(Secret::of_bytes("the whole", &bytes));
    for secret in secrets.chunks(1) {
        let search = Search::of(secret);
        for before in 0..7 {
            let longer = [vec![255; before], bytes.clone(), vec![7; 3]].concat();
            assert!(search.found_in(&longer).is_some());
            for encoding in [HEXLOWER, BASE64_NOPAD, BASE64URL_NOPAD, BASE32_NOPAD] {
                let text = encoding.encode(&longer);
                assert!(search.found_in(text.as_bytes()).is_some(), "{text}");
                let (mut texts, mut decoded) = (String::new(), Vec::new());
                unpacked(&json!({"a": [{"b": text}]}), &mut texts, &mut decoded);
                assert!(decoded.contains(&longer) && texts.contains(&text));
            }
        }
    }
    let typed = [Secret::typed("a code", "01234567"), Secret::typed("a word", "ABC-def 12")];
    let search = Search::of(&typed);
    for (text, is_found) in [
        ("{\"code\":\"01234567\"}", true),
        ("01234567", true),
        ("x01234567", false),
        ("012345678", false),
        ("…abc-def 12…", true),
        ("", false),
    ] {
        assert_eq!(search.found_in(text.as_bytes()).is_some(), is_found, "{text}");
    }
    let (mut texts, mut decoded) = (String::new(), Vec::new());
    unpacked(&json!([1, 2, 255]), &mut texts, &mut decoded);
    assert_eq!(decoded, [vec![1, 2, 255]]);
}
