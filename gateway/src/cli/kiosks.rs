//! Kiosks: make known, list, shut out.

use std::io::Write;

use authority::KioskName;
use clap::Subcommand;
use gateway::invitation::invite;
use gateway::store::KnownCode;
use gateway::utc_now;

use super::{CliError, Config, Done, Open, utc, with_store};

/// RFC 5280: the key is in other hands, or may be.
const KEY_COMPROMISE: u8 = 1;

/// RFC 5280: the holder does not do any more what the certificate was for.
const CESSATION_OF_OPERATION: u8 = 5;

#[derive(Subcommand)]
pub enum Kiosks {
    /// Make a kiosk known and print a one-time code with which it enrols. A former code of it is void. A kiosk that
    /// was shut out is let in again; its old certificates stay revoked.
    Add {
        #[command(flatten)]
        config: Config,
        /// Name of the kiosk: letters, digits, `.`, `_` and `-`.
        #[arg(long)]
        kiosk: KioskName,
    },
    /// List the kiosks: name, state, when it came last, its clock's difference in ms, its software.
    List {
        #[command(flatten)]
        config: Config,
    },
    /// List the one-time codes: kiosk, state, until when it counts. What the codes are, nobody can tell any
    /// more.
    Codes {
        #[command(flatten)]
        config: Config,
    },
    /// Shut a kiosk out at once, at all gateways, revoke all of its certificates, and void its code. May be repeated, also
    /// to say that its key is compromised after all.
    Revoke {
        #[command(flatten)]
        config: Config,
        /// Name of the kiosk.
        #[arg(long)]
        kiosk: KioskName,
        /// Why, for the registry and the audit log. Nothing personal.
        #[arg(long, default_value = "revoked by the operator")]
        reason: String,
        /// Its key is in other hands, or may be: nothing that it has signed and that is not stored yet counts any more,
        /// whatever time it bears.
        #[arg(long)]
        compromised: bool,
    },
}

pub fn act(verb: Kiosks) -> Done {
    match verb {
        Kiosks::Add { config, kiosk } => with_store(&config, async |open| add(open, &kiosk).await),
        Kiosks::List { config } => with_store(&config, list),
        Kiosks::Codes { config } => with_store(&config, codes),
        Kiosks::Revoke {
            config,
            kiosk,
            reason,
            compromised,
        } => with_store(&config, async |open| {
            revoke(open, &kiosk, &reason, compromised).await
        }),
    }
}

async fn add(open: &Open, kiosk: &KioskName) -> Done {
    let invitation = invite(&open.config, &*open.store, kiosk, utc_now())
        .await
        .map_err(|error| CliError::because("no kiosk can be invited", error))?;
    open.ring()?;
    println!("kiosk:     {kiosk}");
    println!("code:      {}", invitation.code.expose());
    println!("valid to:  {}", utc(invitation.expires_at));
    println!("authority: {}", invitation.authority);
    Ok(())
}

async fn list(open: &Open) -> Done {
    let mut out = std::io::stdout().lock();
    for kiosk in open.store.kiosks().await? {
        let state = match &kiosk.blocked {
            Some((at, reason)) => format!("shut out {}: {reason}", utc(*at)),
            None if open.store.certificates(Some(&kiosk.kiosk_id)).await?.is_empty() => {
                "not enrolled".to_owned()
            }
            None => "enrolled".to_owned(),
        };
        let came = kiosk.last_greeting.map_or_else(
            || "never\t-\t-".to_owned(),
            |greeting| {
                format!(
                    "{}\t{}\t{}",
                    utc(greeting.at),
                    greeting.skew_ms,
                    greeting.software
                )
            },
        );
        writeln!(out, "{}\t{state}\t{came}", kiosk.kiosk_id)
            .map_err(|error| CliError::because("the list cannot be written", error))?;
    }
    Ok(())
}

async fn codes(open: &Open) -> Done {
    let now = utc_now();
    let mut out = std::io::stdout().lock();
    for code in open.store.codes().await? {
        let state = match code {
            KnownCode { used: true, .. } => "used",
            KnownCode { expires_at, .. } if expires_at <= now => "expired",
            KnownCode { .. } => "open",
        };
        writeln!(out, "{}\t{state}\t{}", code.kiosk_id, utc(code.expires_at))
            .map_err(|error| CliError::because("the list cannot be written", error))?;
    }
    Ok(())
}

async fn revoke(open: &Open, kiosk: &KioskName, why: &str, compromised: bool) -> Done {
    let reason = if compromised {
        KEY_COMPROMISE
    } else {
        CESSATION_OF_OPERATION
    };
    if !open
        .store
        .shut_out(kiosk.as_str(), why, reason, utc_now())
        .await?
    {
        return Err(CliError::Missing(format!("there is no kiosk {kiosk}")));
    }
    open.ring()
}
