//! The console's files: embedded in the binary, addressed by a hash of their content, compressed once.

use std::{
    borrow::Cow,
    collections::HashMap,
    fmt::Write as _,
    io::Write as _,
    sync::{LazyLock, Mutex, PoisonError},
};

use axum::body::Bytes;
use flate2::{Compression, write::GzEncoder};
use rust_embed::{Embed, EmbeddedFile};
use sha2::{Digest, Sha256};

/// A debug build reads the folder at run time instead, so that changes show without compiling.
#[derive(Embed)]
#[folder = "web/"]
struct Web;

/// A hash of all files, which names the directory of their URLs.
///
/// One directory for all files lets modules import each other by relative paths, and no page mixes two versions.
pub(crate) static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut names: Vec<_> = Web::iter().collect();
    names.sort();
    let hash = names.into_iter().fold(Sha256::new(), |hash, name| {
        let file = Web::get(&name).map(|file| file.metadata.sha256_hash()).unwrap_or_default();
        hash.chain_update(name.as_bytes()).chain_update([0]).chain_update(file)
    });
    hex(&hash.finalize()[..8])
});

/// The style sheets in the order of the cascade. Browsers get them as one file.
const STYLES: [&str; 23] = [
    "tokens",
    "fonts",
    "base",
    "buttons",
    "badges",
    "choices",
    "fields",
    "special-fields",
    "dialogs",
    "menus",
    "notices",
    "shell",
    "shell-narrow",
    "table",
    "selection",
    "table-narrow",
    "signed-out",
    "account",
    "team-lists",
    "invitations",
    "roles",
    "people",
    "print",
];

/// A file and how it is sent.
pub(crate) struct File {
    pub(crate) media_type: &'static str,
    pub(crate) bytes: Cow<'static, [u8]>,
    hash: [u8; 32],
    compressible: bool,
}

impl File {
    /// The file of this name, if it exists and its type is known.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let (media_type, compressible) = media_type(name)?;
        if name == "style/all.css" {
            let sheets: Option<Vec<_>> = STYLES.iter().map(|name| text(&format!("style/{name}.css"))).collect();
            let empty = Self { media_type, bytes: Cow::default(), hash: [0; 32], compressible };
            return Some(empty.with(sheets?.concat()));
        }
        let EmbeddedFile { data, metadata, .. } = Web::get(name)?;
        Some(Self { media_type, bytes: data, hash: metadata.sha256_hash(), compressible })
    }

    /// The same file with other content.
    pub(crate) fn with(mut self, text: String) -> Self {
        self.hash = Sha256::digest(&text).into();
        self.bytes = text.into_bytes().into();
        self
    }

    /// The compressed content, or nothing for types that are compressed already.
    pub(crate) fn gzipped(&self) -> Option<Bytes> {
        static GZIPPED: LazyLock<Mutex<HashMap<[u8; 32], Bytes>>> = LazyLock::new(Mutex::default);
        if !self.compressible {
            return None;
        }
        let known = GZIPPED.lock().unwrap_or_else(PoisonError::into_inner).get(&self.hash).cloned();
        known.or_else(|| {
            let gzipped = gzip(&self.bytes)?;
            GZIPPED.lock().unwrap_or_else(PoisonError::into_inner).insert(self.hash, gzipped.clone());
            Some(gzipped)
        })
    }

    /// The entity tag of the content. It is weak, because compressed and plain replies share it.
    pub(crate) fn entity_tag(&self) -> String {
        format!("W/\"{}\"", hex(&self.hash[..8]))
    }
}

/// The text of a file, if it exists.
pub(crate) fn text(name: &str) -> Option<String> {
    String::from_utf8(Web::get(name)?.data.into_owned()).ok()
}

fn gzip(bytes: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// The media type of a file by its extension, and whether compressing it is worthwhile.
fn media_type(name: &str) -> Option<(&'static str, bool)> {
    Some(match name.rsplit_once('.')?.1 {
        "html" => ("text/html; charset=utf-8", true),
        "js" => ("text/javascript; charset=utf-8", true),
        "css" => ("text/css; charset=utf-8", true),
        "svg" => ("image/svg+xml", true),
        "json" => ("application/json", true),
        "woff2" => ("font/woff2", false),
        _ => return None,
    })
}
