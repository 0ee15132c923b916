//! The built page, held in memory: what is not in it cannot be asked for.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// No page of ours is larger; a folder that is was not meant.
const SIZE_LIMIT_BYTES: u64 = 64 * 1024 * 1024;

/// A file of the page.
#[derive(Debug)]
pub struct Asset {
    pub kind: &'static str,
    pub bytes: Vec<u8>,
}

/// See the module documentation.
#[derive(Debug, Default)]
pub struct Page {
    /// By the path they are asked for with, from its `/` on.
    assets: BTreeMap<String, Asset>,
}

impl Page {
    /// The page in `folder`; without one, what was built into the program;
    /// else the `dist/` beside the program, or in the working directory. An
    /// empty page if there is none at all: see [`Page::MISSING`].
    ///
    /// # Errors
    /// If `folder` was given and holds no page.
    pub fn find(folder: Option<&Path>) -> io::Result<Page> {
        if let Some(folder) = folder {
            let page = Page::read(folder)?;
            return if page.is_there() {
                Ok(page)
            } else {
                let problem = format!("{} holds no index.html", folder.display());
                Err(io::Error::new(io::ErrorKind::NotFound, problem))
            };
        }
        let built_in = built_in();
        if built_in.is_there() {
            return Ok(built_in);
        }
        let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join("dist")));
        let candidates = beside.into_iter().chain([PathBuf::from("dist")]);
        let found = candidates
            .filter(|folder| folder.join("index.html").is_file())
            .find_map(|f| Page::read(&f).ok());
        Ok(found.unwrap_or_default())
    }

    fn read(folder: &Path) -> io::Result<Page> {
        let mut page = Page::default();
        let mut left = SIZE_LIMIT_BYTES;
        page.read_folder(folder, "", &mut left)?;
        Ok(page)
    }

    fn read_folder(&mut self, folder: &Path, prefix: &str, left: &mut u64) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{prefix}/{name}");
            // No links out of the folder.
            let kind = entry.file_type()?;
            if kind.is_dir() {
                self.read_folder(&entry.path(), &path, left)?;
            } else if kind.is_file() {
                let size = entry.metadata()?.len();
                *left = left.checked_sub(size).ok_or_else(|| {
                    let problem = format!("{} is too large for a page", folder.display());
                    io::Error::new(io::ErrorKind::InvalidInput, problem)
                })?;
                self.put(path, fs::read(entry.path())?);
            }
        }
        Ok(())
    }

    fn put(&mut self, path: String, bytes: Vec<u8>) {
        let kind = kind_of(&path);
        self.assets.insert(path, Asset { kind, bytes });
    }

    #[must_use]
    pub fn is_there(&self) -> bool {
        self.assets.contains_key("/index.html")
    }

    #[must_use]
    pub fn asset(&self, path: &str) -> Option<&Asset> {
        self.assets.get(if path == "/" { "/index.html" } else { path })
    }

    /// Instead of a page that was not built.
    pub const MISSING: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
        <title>onechef: the page is not built</title>\
        <h1>The page is not built</h1>\
        <p>This program is the server; the page that draws it is built apart. In the project's \
        folder, <code>cargo xtask test --only page</code> builds it into <code>dist/</code>. Then \
        start the server there, or with <code>--page FOLDER</code>, or build it with \
        <code>--features page</code>, which puts the page into the program.</p>\
        <p>The stream is there all the same: <a href=\"events\">events</a>, and \
        <a href=\"metrics\">metrics</a>.</p>";

    /// A document with `nonce` on each of its scripts, so that no other script
    /// runs in it.
    #[must_use]
    pub fn with_nonce(document: &[u8], nonce: &str) -> Vec<u8> {
        let text = String::from_utf8_lossy(document);
        text.replace("<script", &format!("<script nonce=\"{nonce}\"")).into_bytes()
    }
}

fn kind_of(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("txt") => "text/plain; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("wasm") => "application/wasm",
        _ => "application/octet-stream",
    }
}

#[cfg(not(feature = "page"))]
fn built_in() -> Page {
    Page::default()
}

#[cfg(feature = "page")]
fn built_in() -> Page {
    static DIST: include_dir::Dir<'_> = include_dir::include_dir!("$CARGO_MANIFEST_DIR/dist");
    fn put(page: &mut Page, folder: &include_dir::Dir<'_>) {
        for file in folder.files() {
            page.put(format!("/{}", file.path().display()), file.contents().to_vec());
        }
        folder.dirs().for_each(|inner| put(page, inner));
    }
    let mut page = Page::default();
    put(&mut page, &DIST);
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_script_of_a_document_gets_the_nonce() {
        let document = b"<script>a</script><script type=\"module\">b</script>";
        let served = Page::with_nonce(document, "n");
        assert_eq!(
            String::from_utf8_lossy(&served),
            "<script nonce=\"n\">a</script><script nonce=\"n\" type=\"module\">b</script>"
        );
    }

    /// Protects: only what the page is made of can be had.
    #[test]
    fn nothing_outside_the_page_can_be_asked_for() {
        let mut page = Page::default();
        page.put("/index.html".into(), b"page".to_vec());
        assert_eq!(page.asset("/").map(|asset| asset.bytes.as_slice()), Some(&b"page"[..]));
        for path in
            ["/../Cargo.toml", "/./index.html", "//index.html", "/etc/passwd", "", "/%2e%2e/x"]
        {
            assert!(page.asset(path).is_none(), "{path}");
        }
    }
}
