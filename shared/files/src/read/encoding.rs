//! The encoding of a text.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, GB18030, GBK, ISO_8859_8, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1255};
use rollcall_domain::{Invalid, ViolationCode, fields::FromField};
use serde_json::Value;

/// An encoding, by its WHATWG label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextEncoding(pub(crate) &'static Encoding);

impl TextEncoding {
    /// The WHATWG name in lower case.
    pub fn name(self) -> String {
        self.0.name().to_ascii_lowercase()
    }
}

impl FromField for TextEncoding {
    fn from_field(value: &Value) -> Result<Self, Invalid> {
        // Without replacement: the label of a dangerous encoding stands for one that decodes nothing.
        let known = Encoding::for_label_no_replacement(String::from_field(value)?.as_bytes());
        let rule = "must be the WHATWG label of an encoding, such as utf-8, euc-kr or windows-1252";
        known.map(Self).ok_or_else(|| Invalid::new(ViolationCode::NotAllowed, rule))
    }
}

/// The encoding of a text, and whether its bytes leave no doubt. `is_cut` if more would follow.
pub(crate) fn detect(bytes: &[u8], is_cut: bool) -> (TextEncoding, bool) {
    let is_utf_8 = is_utf_8(bytes, is_cut);
    let certain = Encoding::for_bom(bytes).map(|(encoding, _)| encoding).or_else(|| utf_16(bytes, is_utf_8));
    if let Some(encoding) = certain.or_else(|| is_utf_8.then_some(UTF_8)) {
        return (TextEncoding(encoding), true);
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, !is_cut);
    let guessed = detector.guess(None, Utf8Detection::Deny);
    let wider = [
        // GB 18030 contains GBK.
        (GBK, GB18030),
        // Hebrew letters from left to right have the same bytes, and are not in files of this century.
        (ISO_8859_8, WINDOWS_1255),
    ];
    let encoding = wider.iter().find(|(narrow, _)| *narrow == guessed).map_or(guessed, |(_, wide)| wide);
    (TextEncoding(encoding), false)
}

/// UTF-16 without a mark: separators and line ends have a zero byte, always at the same side, and so has each character
/// of ASCII.
fn utf_16(bytes: &[u8], is_utf_8: bool) -> Option<&'static Encoding> {
    let zeros = |start: usize| bytes.iter().skip(start).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let least = if is_utf_8 { bytes.len() / 4 } else { bytes.len() / 50 };
    match (even, odd) {
        // Stray zero bytes in another encoding.
        (even, odd) if even + odd < least.max(2) => None,
        (even, odd) if odd > 4 * even => Some(UTF_16LE),
        (even, odd) if even > 4 * odd => Some(UTF_16BE),
        _ => None,
    }
}

/// Whether a text is UTF-8. A few faults among many characters do not make it a text in another encoding, in which it
/// would be readable but wrong.
fn is_utf_8(bytes: &[u8], is_cut: bool) -> bool {
    let (mut characters, mut faults) = (0, 0_usize);
    for chunk in bytes.utf8_chunks() {
        characters += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        faults += usize::from(!chunk.invalid().is_empty());
    }
    // The last character may be cut with the text.
    faults.saturating_sub(usize::from(is_cut)) * 4 <= characters
}
