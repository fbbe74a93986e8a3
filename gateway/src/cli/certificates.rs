//! Certificates of kiosks, and requests for them that wait for an external authority.

use std::io::Write;
use std::path::{Path, PathBuf};

use authority::{Authority, KioskName, Leaf, Serial};
use clap::Subcommand;
use gateway::config::AuthorityKind;
use gateway::enrolment::issued;
use gateway::server;
use gateway::store::Revocation;
use gateway::utc_now;

use super::{CliError, Config, Done, Open, serial, utc, with_store, write_new};

/// The series of the numbers of revocation lists.
const LIST_SERIES: &str = "crl";

#[derive(Subcommand)]
pub enum Certificates {
    /// List the certificates: serial number, kiosk, from when to when it counts, state.
    List {
        #[command(flatten)]
        config: Config,
        /// Of this kiosk alone.
        #[arg(long)]
        kiosk: Option<KioskName>,
    },
    /// Import a certificate that an external authority has issued for a request. The kiosk gets it when it asks again.
    Import {
        #[command(flatten)]
        config: Config,
        /// The certificate, PEM or DER.
        #[arg(long)]
        file: PathBuf,
    },
    /// Revoke one certificate, at all gateways.
    Revoke {
        #[command(flatten)]
        config: Config,
        /// Its serial number in hexadecimal digits.
        #[arg(long, value_parser = serial)]
        serial: Serial,
        /// Why, as RFC 5280 numbers the reasons: 0 unspecified, 1 key compromised, 2 authority compromised, 3 changed
        /// hands, 4 superseded, 5 out of use, 9 privilege withdrawn, 10 attribute authority compromised. After 1, 2 and
        /// 10 nothing that its key has signed counts; they override a reason that was given before.
        #[arg(long, default_value_t = 0, value_parser = reason)]
        reason: u8,
    },
    /// Write the list of revoked certificates (CRL), signed by the embedded authority, for readers elsewhere.
    Crl {
        #[command(flatten)]
        config: Config,
        /// The file, which must not be there yet: DER.
        #[arg(long)]
        out: PathBuf,
    },
}

#[derive(Subcommand)]
pub enum Requests {
    /// List the requests: kiosk, SHA-256 of its key, when it came.
    List {
        #[command(flatten)]
        config: Config,
    },
    /// Write the newest request of a kiosk to a file: PKCS #10, DER.
    Export {
        #[command(flatten)]
        config: Config,
        /// Name of the kiosk.
        #[arg(long)]
        kiosk: KioskName,
        /// The file, which must not be there yet.
        #[arg(long)]
        out: PathBuf,
    },
}

pub fn act(verb: Certificates) -> Done {
    match verb {
        Certificates::List { config, kiosk } => {
            with_store(&config, async |open| list(open, kiosk.as_ref()).await)
        }
        Certificates::Import { config, file } => with_store(&config, async |open| import(open, &file).await),
        Certificates::Revoke {
            config,
            serial,
            reason,
        } => with_store(&config, async |open| revoke(open, &serial, reason).await),
        Certificates::Crl { config, out } => with_store(&config, async |open| crl(open, &out).await),
    }
}

pub fn requests(verb: Requests) -> Done {
    match verb {
        Requests::List { config } => with_store(&config, list_requests),
        Requests::Export { config, kiosk, out } => {
            with_store(&config, async |open| export_request(open, &kiosk, &out).await)
        }
    }
}

async fn list(open: &Open, kiosk: Option<&KioskName>) -> Done {
    let now = utc_now();
    let mut out = std::io::stdout().lock();
    for certificate in open.store.certificates(kiosk.map(KioskName::as_str)).await? {
        let state = match open.store.revocation(&certificate.serial).await? {
            Some(revocation) if revocation.compromised() => {
                format!("revoked {} (compromised)", utc(revocation.revoked_at))
            }
            Some(revocation) => format!("revoked {}", utc(revocation.revoked_at)),
            None if certificate.not_after < now => "expired".to_owned(),
            None => "counts".to_owned(),
        };
        writeln!(
            out,
            "{}\t{}\t{}\t{}\t{state}",
            Serial::from_bytes(&certificate.serial),
            certificate.kiosk_id,
            utc(certificate.not_before),
            utc(certificate.not_after)
        )
        .map_err(|error| CliError::because("the list cannot be written", error))?;
    }
    Ok(())
}

async fn import(open: &Open, file: &Path) -> Done {
    let read = std::fs::read(file);
    let bytes =
        read.map_err(|error| CliError::because(format!("{} cannot be read", file.display()), error))?;
    let der = server::certificate_der(&bytes)
        .ok_or_else(|| CliError::plain(format!("{} holds no certificate", file.display())))?;
    let authority = server::authority_der(&open.config)?;
    let refused = |error| CliError::because(format!("{} was not imported", file.display()), error);
    let leaf = Leaf::check(&der, &authority).map_err(refused)?;
    let name: KioskName = leaf.common_name.parse()?;
    let now = utc_now();
    if !leaf.validity.contains(now) {
        return Err(CliError::plain(format!("{} is not valid now", file.display())));
    }
    if open.store.certificate(leaf.serial.as_bytes()).await?.is_some() {
        return Err(CliError::plain(format!(
            "a certificate {} is there already",
            leaf.serial
        )));
    }
    let certificate = issued(&der).map_err(refused)?;
    let requests = open.store.requests().await?;
    let asked = |kiosk_id: &str, key: &[u8; 32]| kiosk_id == name.as_str() && *key == certificate.key_sha256;
    if !requests
        .iter()
        .any(|request| asked(&request.kiosk_id, &request.key_sha256))
    {
        return Err(CliError::Missing(format!(
            "no request of {name} is for the key of this certificate"
        )));
    }
    if !open.store.add_certificate(&certificate, now).await? {
        return Err(CliError::plain(format!("{name} is shut out")));
    }
    open.ring()?;
    println!("{}\t{name}", leaf.serial);
    Ok(())
}

async fn revoke(open: &Open, serial: &Serial, reason: u8) -> Done {
    let bytes = serial.as_bytes();
    if open.store.certificate(bytes).await?.is_none() {
        return Err(CliError::Missing(format!("there is no certificate {serial}")));
    }
    let now = utc_now();
    let revocation = Revocation {
        serial: bytes.to_vec(),
        reason,
        revoked_at: now,
    };
    open.store.revoke(&revocation, now).await?;
    open.ring()
}

fn reason(text: &str) -> Result<u8, String> {
    match text.parse() {
        Ok(reason @ (0..=5 | 9 | 10)) => Ok(reason),
        _ => Err("not one of 0, 1, 2, 3, 4, 5, 9, 10".to_owned()),
    }
}

async fn crl(open: &Open, out: &Path) -> Done {
    if open.config.authority.kind != AuthorityKind::Embedded {
        return Err(CliError::plain("the external authority makes its own list"));
    }
    let authority: Authority = server::embedded_authority(&open.config)?;
    let number = open.store.next_number(LIST_SERIES).await?;
    let revoked: Vec<authority::Revocation> = open
        .store
        .revocations()
        .await?
        .into_iter()
        .map(|revocation| authority::Revocation {
            serial: Serial::from_bytes(&revocation.serial),
            at: revocation.revoked_at,
            reason: revocation.reason,
        })
        .collect();
    let list = authority
        .revocation_list(&revoked, number, utc_now())
        .map_err(|error| CliError::because("the list cannot be made", error))?;
    write_new(out, &list)
}

async fn list_requests(open: &Open) -> Done {
    let mut out = std::io::stdout().lock();
    for request in open.store.requests().await? {
        let key: String = request
            .key_sha256
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        writeln!(out, "{}\t{key}\t{}", request.kiosk_id, utc(request.requested_at))
            .map_err(|error| CliError::because("the list cannot be written", error))?;
    }
    Ok(())
}

async fn export_request(open: &Open, kiosk: &KioskName, out: &Path) -> Done {
    let requests = open.store.requests().await?;
    let newest = requests
        .into_iter()
        .rev()
        .find(|request| request.kiosk_id == kiosk.as_str())
        .ok_or_else(|| CliError::Missing(format!("no request of {kiosk} waits")))?;
    write_new(out, &newest.der)
}
