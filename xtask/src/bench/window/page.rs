//! The built page for another browser: `ui/dist` over HTTP, with a stand-in for the shell that shows one view.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::XtaskError;

/// What stands in the page before its own first script.
const BEFORE: &str = r#"<script type="module""#;
/// The request of a browser is far shorter.
const REQUEST_BYTES_MAX: u64 = 16 * 1024;

/// Serves the page until the process ends.
pub fn serve(dist: &Path, view: &serde_json::Value) -> Result<SocketAddr, XtaskError> {
    let index = dist.join("index.html");
    let page = std::fs::read_to_string(&index).map_err(XtaskError::file(&index, "read"))?;
    let page = with_shell(&page).ok_or_else(|| XtaskError::Form {
        path: index,
        message: "it has no script before which the stand-in of the shell could stand".into(),
    })?;
    let site = Arc::new(Site {
        dist: dist.to_owned(),
        page,
        shell: shell(view),
    });
    let failed = |source| XtaskError::Start {
        program: "the server of the page".into(),
        source,
    };
    let listener = TcpListener::bind("127.0.0.1:0").map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let site = Arc::clone(&site);
            // A browser asks for several files at once. One that goes away in the middle needs no answer.
            std::thread::spawn(move || answer(&stream, &site));
        }
    });
    Ok(address)
}

struct Site {
    dist: PathBuf,
    page: String,
    shell: String,
}

/// The page with the stand-in before its own scripts.
fn with_shell(page: &str) -> Option<String> {
    let (head, rest) = page.split_once(BEFORE)?;
    Some(format!("{head}<script src=\"shell.js\"></script>{BEFORE}{rest}"))
}

/// Answers a subscription at once with the view and a screen of which nothing is known, and does nothing else: a shell that costs
/// nothing.
fn shell(view: &serde_json::Value) -> String {
    format!(
        "const view = {view};\n\
         window.__TAURI__ = {{ core: {{\n\
         Channel: class {{ set onmessage(handle) {{ this.handle = handle; }} }},\n\
         async invoke(command, given) {{\n\
         if (command !== 'subscribe') return;\n\
         given.views.handle(view);\n\
         return {{ px_per_mm: 96 / 25.4, bottom_edge_mm: null }};\n\
         }},\n\
         }} }};\n"
    )
}

fn answer(stream: &TcpStream, site: &Site) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.take(REQUEST_BYTES_MAX)).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    // The rest is read, so that the browser is not cut off while it still writes.
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let mut stream = stream;
    let found = path(&first).and_then(|path| site.file(path));
    let Some((kind, bytes)) = found else {
        return stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    };
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nCache-Control: max-age=3600\r\n\
         Connection: close\r\n\r\n",
        bytes.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(&bytes)
}

/// The path of a request, relative and without tricks.
fn path(first_line: &str) -> Option<&str> {
    let path = first_line.strip_prefix("GET /")?.split([' ', '?']).next()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    (path.chars().all(plain) && !path.contains("..") && !path.starts_with('/')).then_some(path)
}

impl Site {
    fn file(&self, path: &str) -> Option<(&'static str, Vec<u8>)> {
        match path {
            "" | "index.html" => Some(("text/html; charset=utf-8", self.page.clone().into_bytes())),
            "shell.js" => Some(("text/javascript", self.shell.clone().into_bytes())),
            path => Some((kind(path), std::fs::read(self.dist.join(path)).ok()?)),
        }
    }
}

fn kind(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript",
        "css" => "text/css",
        // Otherwise the browser refuses to compile it while it loads.
        "wasm" => "application/wasm",
        "woff2" => "font/woff2",
        "svg" => "image/svg+xml",
        "json" => "application/json",
        "png" => "image/png",
        "webp" => "image/webp",
        "opus" | "ogg" => "audio/ogg",
        "mp3" => "audio/mpeg",
        "wav" => "audio/wav",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_the_page_are_asked_for() {
        let check = |line: &str, expect: Option<&str>| assert_eq!(path(line), expect, "{line}");
        check("GET / HTTP/1.1", Some(""));
        check("GET /fonts/inter.woff2?v=1 HTTP/1.1", Some("fonts/inter.woff2"));
        check("GET /../etc/passwd HTTP/1.1", None);
        check("GET //etc/passwd HTTP/1.1", None);
        check("GET /%2e%2e/x HTTP/1.1", None);
        check("POST / HTTP/1.1", None);
        check("", None);
    }

    #[test]
    fn the_shell_stands_before_the_scripts_of_the_page() {
        let page = r#"<head><script type="module" src="boot.js"></script></head>"#;
        let page = with_shell(page).unwrap();
        assert!(page.find("shell.js").unwrap() < page.find("boot.js").unwrap());
        assert!(with_shell("<p>").is_none());
    }

    #[test]
    fn the_built_page_has_a_place_for_the_shell() {
        let page = include_str!("../../../../ui/static/index.html");
        assert!(with_shell(page).is_some());
    }

    #[test]
    fn a_view_is_served_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("index.html"), format!("{BEFORE}></script>")).unwrap();
        let view = serde_json::json!({ "screen": { "kind": "welcome" } });
        let address = serve(folder.path(), &view).unwrap();
        let ask = |path: &str| {
            let mut stream = TcpStream::connect(address).unwrap();
            write!(stream, "GET /{path} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        };
        assert!(ask("").contains("shell.js"));
        assert!(ask("shell.js").contains(&view.to_string()));
        assert!(ask("absent.js").starts_with("HTTP/1.1 404"));
    }
}
