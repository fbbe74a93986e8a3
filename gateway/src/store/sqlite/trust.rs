//! Kiosks and what is trusted of them, in SQLite.

use std::sync::PoisonError;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};
use verification::audit::{AuditHead, LogId};
use verification::time::UtcMs;

use super::documents::see_head;
use super::writer::Work;
use super::{SqliteStore, unsigned};
use crate::store::rules::{self, CodeRow, STRONGER, hex};
use crate::store::{
    CertificateRequest, Change, CodeCheck, ConnectionId, Greeting, HeadCheck, IssuedCertificate, Kiosk,
    KnownCode, LastGreeting, NewCode, Redeemed, Registered, Revocation, SeenHead, StoreError, Trust,
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

    async fn shut_out(&self, kiosk_id: &str, why: &str, reason: u8, now: UtcMs) -> Result<bool, StoreError> {
        let (kiosk_id, why) = (kiosk_id.to_owned(), why.to_owned());
        self.write(move |work| {
            let rows = work.execute(
                "UPDATE kiosk SET blocked_at = coalesce(blocked_at, ?2), blocked_reason = ?3 WHERE kiosk_id = ?1",
                params![kiosk_id, now.0, why],
            )?;
            if rows == 0 {
                return Ok(false);
            }
            work.note(&format!("kiosk-blocked {kiosk_id}"), None, now)?;
            work.execute("DELETE FROM code WHERE kiosk_id = ?1", params![kiosk_id])?;
            work.execute("DELETE FROM request WHERE kiosk_id = ?1", params![kiosk_id])?;
            for certificate in certificates(work.connection, "WHERE kiosk_id = ?1", params![kiosk_id])? {
                let revocation = Revocation {
                    serial: certificate.serial,
                    reason,
                    revoked_at: now,
                };
                revoke(work, &revocation, now)?;
            }
            work.changed(Change::TrustChanged);
            Ok(true)
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
                "INSERT INTO code (kiosk_id, code_sha256, expires_at) VALUES (?1, ?2, ?3)
                 ON CONFLICT (kiosk_id) DO UPDATE SET code_sha256 = excluded.code_sha256,
                     expires_at = excluded.expires_at, used_by = NULL",
                params![code.kiosk_id, code.code_sha256, code.expires_at.0],
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
                    "SELECT kiosk_id, expires_at, used_by IS NOT NULL FROM code ORDER BY kiosk_id",
                )?
                .query_map([], |row| {
                    Ok(KnownCode {
                        kiosk_id: row.get(0)?,
                        expires_at: UtcMs(row.get(1)?),
                        used: row.get(2)?,
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
        self.read(move |connection| check_code(connection, &kiosk_id, &code, &key, now))
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
            let check = check_code(work.connection, &kiosk_id, &code, &key, now)?;
            if check == CodeCheck::Good {
                work.note(&format!("code-redeemed {kiosk_id}"), None, now)?;
                work.execute(
                    "UPDATE code SET used_by = ?2 WHERE kiosk_id = ?1",
                    params![kiosk_id, key],
                )?;
                add_kiosk(work, &kiosk_id, now)?;
                add_redeemed(work, &redeemed, now)?;
            }
            Ok(check)
        })
        .await
    }

    async fn add_certificate(&self, certificate: &IssuedCertificate, now: UtcMs) -> Result<bool, StoreError> {
        let certificate = certificate.clone();
        self.write(move |work| {
            let allowed = !is_blocked(work.connection, &certificate.kiosk_id)?;
            if allowed {
                add_certificate(work, &certificate, now)?;
            }
            Ok(allowed)
        })
        .await
    }

    async fn renew(
        &self,
        kiosk_id: &str,
        shown: &[u8],
        renewed: &Redeemed,
        now: UtcMs,
    ) -> Result<bool, StoreError> {
        let (kiosk_id, shown, renewed) = (kiosk_id.to_owned(), shown.to_vec(), renewed.clone());
        self.write(move |work| {
            let allowed = registered(work.connection, &shown)?.is_some_and(|registered| {
                registered.kiosk_id == kiosk_id
                    && registered.blocked_since.is_none()
                    && registered.revocation.is_none()
            });
            if allowed {
                add_redeemed(work, &renewed, now)?;
            }
            Ok(allowed)
        })
        .await
    }

    async fn registered(&self, serial: &[u8]) -> Result<Option<Registered>, StoreError> {
        let serial = serial.to_vec();
        self.read(move |connection| registered(connection, &serial)).await
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

    async fn revoke_all(&self, revocations: &[Revocation], now: UtcMs) -> Result<u64, StoreError> {
        let revocations = revocations.to_vec();
        self.write(move |work| {
            let mut changed = 0;
            for revocation in &revocations {
                changed += u64::from(revoke(work, revocation, now)?);
            }
            Ok(changed)
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

fn is_blocked(connection: &Connection, kiosk_id: &str) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT blocked_at IS NOT NULL FROM kiosk WHERE kiosk_id = ?1")?
        .query_row(params![kiosk_id], |row| row.get(0))
        .optional()
        .map(Option::unwrap_or_default)
}

fn registered(connection: &Connection, serial: &[u8]) -> rusqlite::Result<Option<Registered>> {
    connection
        .prepare_cached(
            "SELECT c.kiosk_id, c.fingerprint, k.blocked_at, r.reason, r.revoked_at FROM certificate c
             JOIN kiosk k ON k.kiosk_id = c.kiosk_id LEFT JOIN revocation r ON r.serial = c.serial
             WHERE c.serial = ?1",
        )?
        .query_row(params![serial], |row| {
            let reason: Option<u8> = row.get(3)?;
            Ok(Registered {
                kiosk_id: row.get(0)?,
                fingerprint: row.get(1)?,
                blocked_since: row.get::<_, Option<i64>>(2)?.map(UtcMs),
                revocation: match reason {
                    Some(reason) => Some(Revocation {
                        serial: serial.to_vec(),
                        reason,
                        revoked_at: UtcMs(row.get(4)?),
                    }),
                    None => None,
                },
            })
        })
        .optional()
}

fn revoke(work: &Work<'_>, revocation: &Revocation, now: UtcMs) -> rusqlite::Result<bool> {
    let rows = work.execute(
        &format!(
            "INSERT INTO revocation (serial, reason, revoked_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (serial) DO UPDATE SET reason = excluded.reason,
                 revoked_at = min(revocation.revoked_at, excluded.revoked_at) WHERE {STRONGER}"
        ),
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
}

fn add_redeemed(work: &Work<'_>, redeemed: &Redeemed, now: UtcMs) -> rusqlite::Result<()> {
    match redeemed {
        Redeemed::Certificate(certificate) => add_certificate(work, certificate, now),
        Redeemed::Request(request) => add_request(work, request),
    }
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
    connection: &Connection,
    kiosk_id: &str,
    code_sha256: &[u8; 32],
    key_sha256: &[u8; 32],
    now: UtcMs,
) -> rusqlite::Result<CodeCheck> {
    let row = connection
        .prepare_cached("SELECT code_sha256, expires_at, used_by FROM code WHERE kiosk_id = ?1")?
        .query_row(params![kiosk_id], |row| {
            Ok(CodeRow {
                code_sha256: row.get(0)?,
                expires_at: UtcMs(row.get(1)?),
                used_by: row.get(2)?,
            })
        })
        .optional()?;
    let blocked = is_blocked(connection, kiosk_id)?;
    Ok(rules::check_code(
        blocked,
        row.as_ref(),
        code_sha256,
        key_sha256,
        now,
    ))
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
