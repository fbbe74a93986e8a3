//! Kiosks and what is trusted of them, in SQLite.

use std::sync::PoisonError;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};
use verification::audit::{AuditHead, LogId};
use verification::time::UtcMs;

use super::documents::see_head;
use super::writer::Work;
use super::{SqliteStore, unsigned};
use crate::store::rules::{self, CodeRow, code_event, hex};
use crate::store::{
    CertificateRequest, Change, CodeCheck, ConnectionId, Greeting, HeadCheck, IssuedCertificate, Kiosk,
    KnownCode, LastGreeting, NewCode, Redeemed, Revocation, SeenHead, StoreError, Trust,
};

const KIOSK: &str = "SELECT kiosk_id, known_since, blocked_at, blocked_reason, greeted_at, skew_ms, software,
    software_sha256, gateway FROM kiosk";

const CERTIFICATE: &str =
    "SELECT serial, kiosk_id, not_before, not_after, fingerprint, key_sha256, der FROM certificate";

#[async_trait]
impl Trust for SqliteStore {
    async fn add_kiosk(&self, kiosk_id: &str, now: UtcMs) -> Result<(), StoreError> {
        let kiosk_id = kiosk_id.to_owned();
        self.write(move |work| add_kiosk(work, &kiosk_id, now)).await
    }

    async fn block_kiosk(
        &self,
        kiosk_id: &str,
        reason: Option<&str>,
        now: UtcMs,
    ) -> Result<bool, StoreError> {
        let (kiosk_id, reason) = (kiosk_id.to_owned(), reason.map(str::to_owned));
        self.write(move |work| {
            let rows = work.execute(
                "UPDATE kiosk SET blocked_at = ?2, blocked_reason = ?3 WHERE kiosk_id = ?1",
                params![kiosk_id, reason.as_ref().map(|_| now.0), reason],
            )?;
            if rows == 1 {
                let event = if reason.is_some() {
                    "kiosk-blocked"
                } else {
                    "kiosk-unblocked"
                };
                work.note(&format!("{event} {kiosk_id}"), None, now)?;
                work.changed(Change::TrustChanged);
            }
            Ok(rows == 1)
        })
        .await
    }

    async fn kiosk(&self, kiosk_id: &str) -> Result<Option<Kiosk>, StoreError> {
        let kiosk_id = kiosk_id.to_owned();
        self.read(move |connection| {
            connection
                .prepare_cached(&format!("{KIOSK} WHERE kiosk_id = ?1"))?
                .query_row(params![kiosk_id], kiosk)
                .optional()
        })
        .await
    }

    async fn kiosks(&self) -> Result<Vec<Kiosk>, StoreError> {
        self.read(|connection| {
            connection
                .prepare_cached(&format!("{KIOSK} ORDER BY kiosk_id"))?
                .query_map([], kiosk)?
                .collect()
        })
        .await
    }

    async fn greeted(&self, greeting: &Greeting, now: UtcMs) -> Result<HeadCheck, StoreError> {
        let greeting = greeting.clone();
        self.write(move |work| greeted(work, &greeting, now)).await
    }

    async fn heads(&self, kiosk_id: &str) -> Result<Vec<SeenHead>, StoreError> {
        let kiosk_id = kiosk_id.to_owned();
        self.read(move |connection| {
            connection
                .prepare_cached(
                    "SELECT log, number, hash, first_seen_at, seen_at FROM kiosk_log WHERE kiosk_id = ?1
                     ORDER BY first_seen_at, log",
                )?
                .query_map(params![kiosk_id], seen_head)?
                .collect()
        })
        .await
    }

    async fn head(&self, kiosk_id: &str, log: LogId) -> Result<Option<SeenHead>, StoreError> {
        let kiosk_id = kiosk_id.to_owned();
        self.read(move |connection| {
            connection
                .prepare_cached(
                    "SELECT log, number, hash, first_seen_at, seen_at FROM kiosk_log WHERE kiosk_id = ?1 AND log = ?2",
                )?
                .query_row(params![kiosk_id, log.0], seen_head)
                .optional()
        })
        .await
    }

    async fn arrive(&self, kiosk_id: &str, connection: ConnectionId, _now: UtcMs) -> Result<(), StoreError> {
        self.connected
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(kiosk_id.to_owned(), connection);
        let kiosk_id = kiosk_id.to_owned();
        // Nobody may be listening.
        let _ = self.changes.send(Change::Arrived { kiosk_id, connection });
        Ok(())
    }

    async fn leave(&self, kiosk_id: &str, connection: ConnectionId) -> Result<(), StoreError> {
        let mut connected = self.connected.lock().unwrap_or_else(PoisonError::into_inner);
        if connected.get(kiosk_id) == Some(&connection) {
            connected.remove(kiosk_id);
        }
        Ok(())
    }

    async fn connected(&self, kiosk_ids: &[String]) -> Result<Vec<(String, ConnectionId)>, StoreError> {
        let connected = self.connected.lock().unwrap_or_else(PoisonError::into_inner);
        let one = |kiosk_id: &String| Some((kiosk_id.clone(), *connected.get(kiosk_id)?));
        Ok(kiosk_ids.iter().filter_map(one).collect())
    }

    async fn add_code(&self, code: &NewCode, now: UtcMs) -> Result<(), StoreError> {
        let code = code.clone();
        self.write(move |work| {
            work.execute(
                "INSERT INTO code (kiosk_id, code_sha256, expires_at, attempts_left) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (kiosk_id) DO UPDATE SET code_sha256 = excluded.code_sha256,
                     expires_at = excluded.expires_at, attempts_left = excluded.attempts_left, used_by = NULL",
                params![code.kiosk_id, code.code_sha256, code.expires_at.0, code.attempts_max],
            )?;
            work.note(&format!("code-made {}", code.kiosk_id), None, now)?;
            Ok(())
        })
        .await
    }

    async fn codes(&self) -> Result<Vec<KnownCode>, StoreError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT kiosk_id, expires_at, attempts_left, used_by IS NOT NULL FROM code ORDER BY kiosk_id",
                )?
                .query_map([], |row| {
                    Ok(KnownCode {
                        kiosk_id: row.get(0)?,
                        expires_at: UtcMs(row.get(1)?),
                        attempts_left: row.get(2)?,
                        used: row.get(3)?,
                    })
                })?
                .collect()
        })
        .await
    }

    async fn check_code(
        &self,
        kiosk_id: &str,
        code_sha256: &[u8; 32],
        key_sha256: &[u8; 32],
        now: UtcMs,
    ) -> Result<CodeCheck, StoreError> {
        let (kiosk_id, code, key) = (kiosk_id.to_owned(), *code_sha256, *key_sha256);
        self.write(move |work| {
            let check = check_code(work, &kiosk_id, &code, &key, now)?;
            if check != CodeCheck::Good {
                work.note(&format!("{} {kiosk_id}", code_event(&check)), None, now)?;
            }
            Ok(check)
        })
        .await
    }

    async fn redeem_code(
        &self,
        kiosk_id: &str,
        code_sha256: &[u8; 32],
        key_sha256: &[u8; 32],
        redeemed: &Redeemed,
        now: UtcMs,
    ) -> Result<CodeCheck, StoreError> {
        let (kiosk_id, code, key) = (kiosk_id.to_owned(), *code_sha256, *key_sha256);
        let redeemed = redeemed.clone();
        self.write(move |work| {
            let check = check_code(work, &kiosk_id, &code, &key, now)?;
            work.note(&format!("{} {kiosk_id}", code_event(&check)), None, now)?;
            if check == CodeCheck::Good {
                work.execute(
                    "UPDATE code SET used_by = ?2 WHERE kiosk_id = ?1",
                    params![kiosk_id, key],
                )?;
                add_kiosk(work, &kiosk_id, now)?;
                match &redeemed {
                    Redeemed::Certificate(certificate) => add_certificate(work, certificate, now)?,
                    Redeemed::Request(request) => add_request(work, request)?,
                }
            }
            Ok(check)
        })
        .await
    }

    async fn add_certificate(&self, certificate: &IssuedCertificate, now: UtcMs) -> Result<(), StoreError> {
        let certificate = certificate.clone();
        self.write(move |work| add_certificate(work, &certificate, now))
            .await
    }

    async fn certificates(&self, kiosk_id: Option<&str>) -> Result<Vec<IssuedCertificate>, StoreError> {
        let kiosk_id = kiosk_id.map(str::to_owned);
        self.read(move |connection| match kiosk_id {
            Some(kiosk_id) => certificates(connection, "WHERE kiosk_id = ?1", params![kiosk_id]),
            None => certificates(connection, "", []),
        })
        .await
    }

    async fn certificate(&self, serial: &[u8]) -> Result<Option<IssuedCertificate>, StoreError> {
        let serial = serial.to_vec();
        self.read(move |connection| {
            let mut found = certificates(connection, "WHERE serial = ?1", params![serial])?;
            Ok(found.pop())
        })
        .await
    }

    async fn add_request(&self, request: &CertificateRequest) -> Result<(), StoreError> {
        let request = request.clone();
        self.write(move |work| add_request(work, &request)).await
    }

    async fn requests(&self) -> Result<Vec<CertificateRequest>, StoreError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT kiosk_id, key_sha256, der, requested_at FROM request ORDER BY number",
                )?
                .query_map([], |row| {
                    Ok(CertificateRequest {
                        kiosk_id: row.get(0)?,
                        key_sha256: row.get(1)?,
                        der: row.get(2)?,
                        requested_at: UtcMs(row.get(3)?),
                    })
                })?
                .collect()
        })
        .await
    }

    async fn revoke(&self, revocation: &Revocation, now: UtcMs) -> Result<bool, StoreError> {
        let revocation = revocation.clone();
        self.write(move |work| {
            let rows = work.execute(
                "INSERT INTO revocation (serial, reason, revoked_at) VALUES (?1, ?2, ?3)
                 ON CONFLICT (serial) DO NOTHING",
                params![revocation.serial, revocation.reason, revocation.revoked_at.0],
            )?;
            if rows == 1 {
                let event = format!(
                    "certificate-revoked {} reason={}",
                    hex(&revocation.serial),
                    revocation.reason
                );
                work.note(&event, None, now)?;
                work.changed(Change::TrustChanged);
            }
            Ok(rows == 1)
        })
        .await
    }

    async fn revocation(&self, serial: &[u8]) -> Result<Option<Revocation>, StoreError> {
        let serial = serial.to_vec();
        self.read(move |connection| {
            connection
                .prepare_cached("SELECT serial, reason, revoked_at FROM revocation WHERE serial = ?1")?
                .query_row(params![serial], revocation)
                .optional()
        })
        .await
    }

    async fn revocations(&self) -> Result<Vec<Revocation>, StoreError> {
        self.read(|connection| {
            connection
                .prepare_cached("SELECT serial, reason, revoked_at FROM revocation ORDER BY number")?
                .query_map([], revocation)?
                .collect()
        })
        .await
    }

    async fn next_number(&self, series: &str) -> Result<u64, StoreError> {
        let series = series.to_owned();
        self.write(move |work| {
            work.connection
                .prepare_cached(
                    "INSERT INTO series (name, number) VALUES (?1, 1)
                     ON CONFLICT (name) DO UPDATE SET number = number + 1 RETURNING number",
                )?
                .query_row(params![series], |row| row.get(0))
                .map(unsigned)
        })
        .await
    }
}

fn add_kiosk(work: &Work<'_>, kiosk_id: &str, now: UtcMs) -> rusqlite::Result<()> {
    let rows = work.execute(
        "INSERT INTO kiosk (kiosk_id, known_since) VALUES (?1, ?2) ON CONFLICT (kiosk_id) DO NOTHING",
        params![kiosk_id, now.0],
    )?;
    if rows == 1 {
        work.note(&format!("kiosk-added {kiosk_id}"), None, now)?;
    }
    Ok(())
}

fn add_certificate(work: &Work<'_>, certificate: &IssuedCertificate, now: UtcMs) -> rusqlite::Result<()> {
    let kiosk_id = &certificate.kiosk_id;
    work.execute(
        "INSERT INTO certificate (serial, kiosk_id, not_before, not_after, fingerprint, key_sha256, der)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            certificate.serial,
            kiosk_id,
            certificate.not_before.0,
            certificate.not_after.0,
            certificate.fingerprint,
            certificate.key_sha256,
            certificate.der
        ],
    )?;
    work.execute(
        "DELETE FROM request WHERE kiosk_id = ?1 AND key_sha256 = ?2",
        params![kiosk_id, certificate.key_sha256],
    )?;
    let event = format!("certificate-issued {} {kiosk_id}", hex(&certificate.serial));
    work.note(&event, None, now)?;
    work.changed(Change::Certified {
        kiosk_id: kiosk_id.clone(),
    });
    Ok(())
}

fn add_request(work: &Work<'_>, request: &CertificateRequest) -> rusqlite::Result<()> {
    work.execute(
        "INSERT INTO request (kiosk_id, key_sha256, der, requested_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (kiosk_id, key_sha256) DO UPDATE SET der = excluded.der",
        params![
            request.kiosk_id,
            request.key_sha256,
            request.der,
            request.requested_at.0
        ],
    )?;
    let event = format!("certificate-requested {}", request.kiosk_id);
    work.note(&event, None, request.requested_at)?;
    Ok(())
}

fn check_code(
    work: &Work<'_>,
    kiosk_id: &str,
    code_sha256: &[u8; 32],
    key_sha256: &[u8; 32],
    now: UtcMs,
) -> rusqlite::Result<CodeCheck> {
    let row = work
        .connection
        .prepare_cached(
            "SELECT code_sha256, expires_at, attempts_left, used_by FROM code WHERE kiosk_id = ?1",
        )?
        .query_row(params![kiosk_id], |row| {
            Ok(CodeRow {
                code_sha256: row.get(0)?,
                expires_at: UtcMs(row.get(1)?),
                attempts_left: row.get(2)?,
                used_by: row.get(3)?,
            })
        })
        .optional()?;
    let check = rules::check_code(row.as_ref(), code_sha256, key_sha256, now);
    if let CodeCheck::Wrong { left } = check {
        work.execute(
            "UPDATE code SET attempts_left = ?2 WHERE kiosk_id = ?1",
            params![kiosk_id, left],
        )?;
    }
    Ok(check)
}

fn greeted(work: &Work<'_>, greeting: &Greeting, now: UtcMs) -> rusqlite::Result<HeadCheck> {
    let kiosk_id = &greeting.kiosk_id;
    let check = see_head(work, kiosk_id, greeting.audit, now)?;
    match check {
        HeadCheck::Regressed { .. } => {
            work.note(
                &format!("kiosk-log-regressed {kiosk_id} {}", greeting.audit.log),
                None,
                now,
            )?;
        }
        HeadCheck::Fork => {
            work.note(
                &format!("kiosk-log-forked {kiosk_id} {}", greeting.audit.log),
                None,
                now,
            )?;
        }
        HeadCheck::First | HeadCheck::NewLog | HeadCheck::Fits => {
            work.execute(
                "UPDATE kiosk SET greeted_at = ?2, skew_ms = ?3, software = ?4, software_sha256 = ?5, gateway = ?6
                 WHERE kiosk_id = ?1",
                params![
                    kiosk_id,
                    now.0,
                    greeting.at.0.saturating_sub(now.0),
                    greeting.software,
                    greeting.software_sha256,
                    work.gateway()
                ],
            )?;
            work.note(
                &format!(
                    "kiosk-greeted {kiosk_id} software-sha256={}",
                    hex(&greeting.software_sha256)
                ),
                None,
                now,
            )?;
        }
    }
    Ok(check)
}

fn certificates(
    connection: &Connection,
    condition: &str,
    params: impl rusqlite::Params,
) -> rusqlite::Result<Vec<IssuedCertificate>> {
    connection
        .prepare_cached(&format!("{CERTIFICATE} {condition} ORDER BY number DESC"))?
        .query_map(params, |row| {
            Ok(IssuedCertificate {
                serial: row.get(0)?,
                kiosk_id: row.get(1)?,
                not_before: UtcMs(row.get(2)?),
                not_after: UtcMs(row.get(3)?),
                fingerprint: row.get(4)?,
                key_sha256: row.get(5)?,
                der: row.get(6)?,
            })
        })?
        .collect()
}

fn kiosk(row: &Row<'_>) -> rusqlite::Result<Kiosk> {
    let blocked_at: Option<i64> = row.get(2)?;
    let greeted_at: Option<i64> = row.get(4)?;
    Ok(Kiosk {
        kiosk_id: row.get(0)?,
        known_since: UtcMs(row.get(1)?),
        blocked: match blocked_at {
            Some(at) => Some((UtcMs(at), row.get(3)?)),
            None => None,
        },
        last_greeting: match greeted_at {
            Some(at) => Some(LastGreeting {
                at: UtcMs(at),
                skew_ms: row.get(5)?,
                software: row.get(6)?,
                software_sha256: row.get(7)?,
                gateway: row.get(8)?,
            }),
            None => None,
        },
    })
}

fn seen_head(row: &Row<'_>) -> rusqlite::Result<SeenHead> {
    Ok(SeenHead {
        head: AuditHead {
            log: LogId(row.get(0)?),
            number: unsigned(row.get(1)?),
            hash: row.get(2)?,
        },
        first_seen_at: UtcMs(row.get(3)?),
        seen_at: UtcMs(row.get(4)?),
    })
}

fn revocation(row: &Row<'_>) -> rusqlite::Result<Revocation> {
    Ok(Revocation {
        serial: row.get(0)?,
        reason: row.get(1)?,
        revoked_at: UtcMs(row.get(2)?),
    })
}
