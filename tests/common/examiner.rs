//! An examiner, who works by the API of the gateway over real TLS.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use gateway::review::examiners;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::{Value, json};
use verification::Sensitive;

use super::Institution;

const NUMBER: &str = "07";
const SECRET: &str = "a secret of the stories";

/// The tables of `gateway.toml` that let the examiner in.
pub fn settings() -> String {
    let code = examiners::hash(&Sensitive::new(SECRET.to_owned())).unwrap();
    format!(
        "[review]\nlisten = \"127.0.0.1:0\"\ncertificate = \"gateway.pem\"\nkey = \"gateway.key\"\n\
         [[examiners]]\nnumber = {NUMBER:?}\nname = \"staff-7\"\ncode = {:?}\n",
        code.expose()
    )
}

/// Somebody who has logged in.
pub struct Examiner {
    address: SocketAddr,
    tls: Arc<rustls::ClientConfig>,
    /// Cookie and token of the session.
    session: Option<(String, String)>,
}

impl Examiner {
    /// Logs in at the gateway of this institution, which must run.
    pub fn of(institution: &Institution) -> Self {
        let pem = std::fs::read(institution.folder.path().join("ca.pem")).unwrap();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(&pem).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut examiner = Self {
            address: institution.review_address().unwrap(),
            tls: Arc::new(tls),
            session: None,
        };
        let login = json!({ "number": NUMBER, "secret": SECRET });
        let (head, body) = examiner.exchange("POST", "/v1/login", Some(&login));
        assert_eq!(status(&head), 200, "{head}");
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        let (_, cookie) = lines
            .find(|(name, _)| name.eq_ignore_ascii_case("set-cookie"))
            .unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let token = json_of(&body)["token"].as_str().unwrap().to_owned();
        examiner.session = Some((cookie, token));
        examiner
    }

    /// The id of the one entry of the queue.
    pub fn only_review(&self) -> String {
        let (status, listed) = self.asks("GET", "/v1/reviews", None);
        assert_eq!(status, 200);
        let [review] = &listed["reviews"].as_array().unwrap()[..] else {
            panic!("one entry: {listed}")
        };
        review["document_id"].as_str().unwrap().to_owned()
    }

    /// Asks for this; gives the status, and the body where there is one.
    pub fn asks(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let (head, body) = self.exchange(method, path, body.as_ref());
        (status(&head), json_of(&body))
    }

    fn exchange(&self, method: &str, path: &str, body: Option<&Value>) -> (String, Vec<u8>) {
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let tls = rustls::ClientConnection::new(Arc::clone(&self.tls), name).unwrap();
        let mut stream = rustls::StreamOwned::new(tls, TcpStream::connect(self.address).unwrap());
        let bytes = body.map_or_else(Vec::new, |body| serde_json::to_vec(body).unwrap());
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\nConnection: close\r\n",
            self.address,
            bytes.len()
        );
        if body.is_some() {
            request += "Content-Type: application/json\r\n";
        }
        if let Some((cookie, token)) = &self.session {
            request += &format!("Cookie: {cookie}\r\nX-Alaqan-Token: {token}\r\n");
        }
        stream.write_all(format!("{request}\r\n").as_bytes()).unwrap();
        stream.write_all(&bytes).unwrap();
        let mut answer = Vec::new();
        // The end of the connection may come without a farewell of TLS.
        let _ = stream.read_to_end(&mut answer);
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(answer[..end].to_vec()).unwrap();
        (head, answer[end + 4..].to_vec())
    }
}

fn status(head: &str) -> u16 {
    head.split(' ').nth(1).unwrap().parse().unwrap()
}

fn json_of(body: &[u8]) -> Value {
    if body.is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(body).unwrap()
}
