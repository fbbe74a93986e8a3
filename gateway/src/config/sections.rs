//! The tables of the gateway's configuration, with their defaults.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::idec::breaker;
use crate::idec::hosted::Hosted;
use crate::idec::quality::QualityGate;
pub use crate::idec::tariff::Tariff;

/// How lines of the log look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for programs.
    Json,
}

/// Which of several gateways this one is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Instance {
    /// Its name, which no other gateway on the same store may have: it names the gateway's audit log.
    pub name: String,
}

impl Default for Instance {
    fn default() -> Self {
        Self {
            name: "gateway".into(),
        }
    }
}

/// Keys of the WebSocket endpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// Certificate of the gateway, PEM; behind it those that lead to the authority, if there are any.
    pub certificate: PathBuf,
    /// Its private key, PKCS#8 PEM.
    pub key: PathBuf,
    /// Certificate of the authority that issues the kiosks' certificates, PEM. One with a key on P-256.
    pub authority: PathBuf,
}

/// Who issues the certificates of kiosks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AuthorityKind {
    /// The gateway itself, with a key beside its other ones.
    #[default]
    Embedded,
    /// Somebody else. Requests wait for the operator, who imports the certificates.
    External,
}

/// The authority, and the rules of enrolment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Authority {
    /// Who issues.
    pub kind: AuthorityKind,
    /// The private key of `tls.authority`, PKCS#8 PEM; for the embedded authority. Where the file is missing the
    /// gateway serves kiosks all the same, but enrols and renews none.
    pub key: PathBuf,
    /// How long a certificate of a kiosk is valid. It is renewed from two thirds of that on.
    pub certificate_days: u32,
    /// The list of revoked certificates of an external authority, PEM or DER. Read again as it changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revocations: Option<PathBuf>,
    /// How long a one-time code can be used.
    pub code_hours: u32,
    /// How many times one address may try to enrol in a minute.
    pub enrolments_per_minute: u32,
}

impl Default for Authority {
    fn default() -> Self {
        Self {
            kind: AuthorityKind::Embedded,
            key: "ca.key".into(),
            certificate_days: 90,
            revocations: None,
            code_hours: 24,
            enrolments_per_minute: 60,
        }
    }
}

/// A private key and its certificate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyAndCertificate {
    /// The certificate, PEM.
    pub certificate: PathBuf,
    /// The private key, PKCS#8 PEM.
    pub key: PathBuf,
}

/// Which database keeps the documents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreKind {
    /// A file of this gateway alone.
    #[default]
    Sqlite,
    /// A PostgreSQL server, which several gateways may share.
    Postgres,
}

/// The encrypted store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreFiles {
    /// Which database.
    #[serde(default)]
    pub kind: StoreKind,
    /// The database, for SQLite.
    #[serde(default = "default_file")]
    pub file: PathBuf,
    /// A file with the key of documents and answers: 64 hexadecimal digits. All gateways on one PostgreSQL have the
    /// same one.
    pub key: PathBuf,
    /// The server, for PostgreSQL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postgres: Option<Postgres>,
}

fn default_file() -> PathBuf {
    "gateway.db".into()
}

/// Where a PostgreSQL server is, and as whom it is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Postgres {
    /// Host name or address, or the folder of the server's socket.
    pub host: String,
    /// Its port.
    #[serde(default = "default_port")]
    pub port: u16,
    /// The database, which must be there.
    pub database: String,
    /// The role.
    pub user: String,
    /// A file with the password; none where the server asks for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// Certificate of the authority that issued the server's certificate, PEM: the connection is encrypted, and no
    /// other server is believed. Without it the connection is in the clear, which is refused unless the server is on
    /// this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<PathBuf>,
    /// How many connections are kept open.
    #[serde(default = "default_connections")]
    pub connections: u16,
}

fn default_port() -> u16 {
    5432
}

fn default_connections() -> u16 {
    8
}

impl Postgres {
    /// Whether the server is on this machine: nobody else sees what passes.
    pub fn is_local(&self) -> bool {
        let address = self.host.parse::<std::net::IpAddr>();
        self.host.starts_with('/')
            || self.host == "localhost"
            || address.is_ok_and(|address| address.is_loopback())
    }
}

/// The identification centre, and how it is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Idec {
    /// Base address, `https://…`; what is posted under it stands in `docs/idec.md`.
    pub url: String,
    /// Certificate of the authority that issued the centre's certificate, PEM; no other is trusted.
    pub authority: PathBuf,
    /// How long one request may take.
    #[serde(default = "default_deadline_ms")]
    pub deadline_ms: u64,
    /// From which score on a comparison is a match, 0 to 1. Where the policy in a document asks for more, that
    /// counts.
    #[serde(default = "default_comparison_min")]
    pub comparison_min: f32,
    /// The pause after a first failure; it doubles with every further one.
    #[serde(default = "default_retry_min_ms")]
    pub retry_min_ms: u64,
    /// The longest pause, unless the centre asks for a longer one.
    #[serde(default = "default_retry_max_ms")]
    pub retry_max_ms: u64,
    /// How many documents are asked about at once.
    #[serde(default = "default_parallel")]
    pub parallel: u16,
    /// From which score of a match on the centre is told to add the picture to the NBAS, 0 to 1, where the person has
    /// consented to that.
    #[serde(default = "default_comparison_min")]
    pub nbas_enrolment_min: f32,
    /// When the centre is left alone for a while.
    #[serde(default)]
    pub breaker: Breaker,
    /// What a picture must be like to be sent.
    #[serde(default)]
    pub quality: QualityGate,
    /// Pages of the centre.
    #[serde(default)]
    pub hosted: Hosted,
    /// What comparisons cost.
    #[serde(default)]
    pub tariff: Tariff,
}

/// When the centre is left alone for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Breaker {
    /// After how many failures in a row.
    pub failures: u32,
    /// For how long, unless the centre asks for longer.
    pub open_ms: u64,
}

impl Default for Breaker {
    fn default() -> Self {
        Self {
            failures: 5,
            open_ms: 10_000,
        }
    }
}

impl From<&Breaker> for breaker::Settings {
    fn from(breaker: &Breaker) -> Self {
        Self {
            failures: breaker.failures,
            pause: Duration::from_millis(breaker.open_ms),
        }
    }
}

impl Idec {
    /// How long one request may take.
    pub fn deadline(&self) -> Duration {
        Duration::from_millis(self.deadline_ms)
    }
}

fn default_deadline_ms() -> u64 {
    10_000
}

fn default_comparison_min() -> f32 {
    0.95
}

fn default_retry_min_ms() -> u64 {
    1_000
}

fn default_retry_max_ms() -> u64 {
    300_000
}

fn default_parallel() -> u16 {
    4
}

/// How much of everything there may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// How many connections are served at once.
    pub connections_max: u32,
    /// How many of them may be in the middle of their TLS handshake; the others wait.
    pub handshakes_max: u32,
    /// How many documents a kiosk may have under way before it has their receipts.
    pub window_documents: u16,
    /// How many bytes of documents; one that is larger goes alone.
    pub window_bytes: u32,
    /// From which difference on the clock of a kiosk is called wrong. It is served all the same.
    pub clock_skew_max_s: u32,
    /// How long the gateway says that it is not ready before it stops to accept, so that a balancer sends no more.
    pub stop_delay_ms: u64,
    /// How long connections may take to end when the gateway stops.
    pub stop_limit_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 20_000,
            handshakes_max: 256,
            window_documents: 16,
            window_bytes: 16 * 1024 * 1024,
            clock_skew_max_s: 300,
            stop_delay_ms: 0,
            stop_limit_ms: 10_000,
        }
    }
}

/// What operators ask the gateway: health, readiness, metrics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ops {
    /// Address of the plain HTTP endpoint; port 0 takes a free one. Not one that strangers reach: it is neither
    /// encrypted nor protected, though it says nothing personal.
    pub listen: SocketAddr,
}

/// The key of packages that kiosks without a line give to a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Packages {
    /// A file with the secret key that opens them, as `alaqan-gateway init` makes it.
    pub key: PathBuf,
}
