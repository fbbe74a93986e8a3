//! Kiosks and what is trusted of them, in PostgreSQL.

use async_trait::async_trait;
use deadpool_postgres::Transaction;
use futures_util::future::try_join;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};
use verification::audit::{AuditHead, LogId};
use verification::time::UtcMs;

use super::PostgresStore;
use super::chain::Chain;
use super::listener::{self, NOTIFY};
use super::row::{bytes, head, maybe_bytes};
use crate::store::rules::{self, CodeRow, STRONGER, check_head, hex, signed, unsigned};
use crate::store::{
    CertificateRequest, Change, CodeCheck, ConnectionId, Greeting, HeadCheck, IssuedCertificate, Kiosk,
    KnownCode, LastGreeting, NewCode, Redeemed, Registered, Revocation, SeenHead, StoreError, Trust,
};

const KIOSK: &str = "SELECT kiosk_id, known_since, blocked_at, blocked_reason, greeted_at, skew_ms, software,
    software_sha256, gateway FROM kiosk";

const HEAD: &str = "SELECT log, number, hash, first_seen_at, seen_at FROM kiosk_log WHERE kiosk_id = $1";

const CERTIFICATE: &str =
    "SELECT serial, kiosk_id, not_before, not_after, fingerprint, key_sha256, der FROM certificate";

const REGISTERED: &str =
    "SELECT c.kiosk_id, c.fingerprint, k.blocked_at, r.reason, r.revoked_at, c.serial FROM certificate c
    JOIN kiosk k USING (kiosk_id) LEFT JOIN revocation r USING (serial) WHERE c.serial = $1";

/// A transaction that changes the trust: it writes its records in the audit log and says what has changed.
struct Work<'a> {
    transaction: Transaction<'a>,
    chain: Chain,
    changes: Vec<String>,
}

impl Work<'_> {
    async fn execute(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<u64, Error> {
        let statement = self.transaction.prepare_cached(sql).await?;
        self.transaction.execute(&statement, params).await
    }

    async fn query(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Error> {
        let statement = self.transaction.prepare_cached(sql).await?;
        self.transaction.query(&statement, params).await
    }

    fn note(&mut self, event: &str, now: UtcMs) {
        self.chain.note(event, None, now);
    }

    fn changed(&mut self, change: &Change) {
        self.changes.push(listener::write(change));
    }

    async fn commit(self) -> Result<(), Error> {
        self.chain.write(&self.transaction).await?;
        if !self.changes.is_empty() {
            self.transaction.execute(NOTIFY, &[&self.changes]).await?;
        }
        self.transaction.commit().await
    }
}

/// Begins a transaction, does something in it, and commits it.
macro_rules! transact {
    ($store:expr, |$work:ident| $act:expr) => {{
        let call = async {
            let mut client = $store.link.client().await?;
            let done = async {
                let transaction = client.transaction().await?;
                let chain = Chain::lock(&transaction, &$store.gateway).await?;
                let mut $work = Work {
                    transaction,
                    chain,
                    changes: Vec::new(),
                };
                let value = $act;
                $work.commit().await?;
                Ok(value)
            };
            done.await.map_err(|error| $store.link.fault(error))
        };
        $store.link.limited(call).await
    }};
}

#[async_trait]
impl Trust for PostgresStore {
    async fn add_kiosk(&self, kiosk_id: &str, now: UtcMs) -> Result<(), StoreError> {
        transact!(self, |work| add_kiosk(&mut work, kiosk_id, now).await?)
    }

    async fn block_kiosk(
        &self,
        kiosk_id: &str,
        reason: Option<&str>,
        now: UtcMs,
    ) -> Result<bool, StoreError> {
        let at = reason.map(|_| now.0);
        transact!(self, |work| {
            let update = "UPDATE kiosk SET blocked_at = $2, blocked_reason = $3 WHERE kiosk_id = $1";
            let rows = work.execute(update, &[&kiosk_id, &at, &reason]).await?;
            if rows == 1 {
                let event = if reason.is_some() {
                    "kiosk-blocked"
                } else {
                    "kiosk-unblocked"
                };
                work.note(&format!("{event} {kiosk_id}"), now);
                work.changed(&Change::TrustChanged);
            }
            rows == 1
        })
    }

    async fn shut_out(&self, kiosk_id: &str, why: &str, reason: u8, now: UtcMs) -> Result<bool, StoreError> {
        transact!(self, |work| {
            // Holds the kiosk until the end: whoever certifies it at the same time waits, and is refused.
            let block = "UPDATE kiosk SET blocked_at = coalesce(blocked_at, $2), blocked_reason = $3
                WHERE kiosk_id = $1";
            let rows = work.execute(block, &[&kiosk_id, &now.0, &why]).await?;
            if rows == 1 {
                work.note(&format!("kiosk-blocked {kiosk_id}"), now);
                for delete in [
                    "DELETE FROM code WHERE kiosk_id = $1",
                    "DELETE FROM request WHERE kiosk_id = $1",
                ] {
                    work.execute(delete, &[&kiosk_id]).await?;
                }
                let serials = "SELECT serial FROM certificate WHERE kiosk_id = $1 ORDER BY number";
                for row in work.transaction.query(serials, &[&kiosk_id]).await? {
                    let revocation = Revocation {
                        serial: row.try_get(0)?,
                        reason,
                        revoked_at: now,
                    };
                    revoke(&mut work, &revocation, now).await?;
                }
                work.changed(&Change::TrustChanged);
            }
            rows == 1
        })
    }

    async fn kiosk(&self, kiosk_id: &str) -> Result<Option<Kiosk>, StoreError> {
        self.maybe(&format!("{KIOSK} WHERE kiosk_id = $1"), &[&kiosk_id], kiosk)
            .await
    }

    async fn kiosks(&self) -> Result<Vec<Kiosk>, StoreError> {
        // By their bytes, as everywhere, and not by the language of the server.
        self.all(&format!("{KIOSK} ORDER BY kiosk_id COLLATE \"C\""), &[], kiosk)
            .await
    }

    async fn greeted(&self, greeting: &Greeting, now: UtcMs) -> Result<HeadCheck, StoreError> {
        transact!(self, |work| greeted(&mut work, greeting, &self.gateway, now)
            .await?)
    }

    async fn heads(&self, kiosk_id: &str) -> Result<Vec<SeenHead>, StoreError> {
        self.all(
            &format!("{HEAD} ORDER BY first_seen_at, log"),
            &[&kiosk_id],
            seen_head,
        )
        .await
    }

    async fn head(&self, kiosk_id: &str, log: LogId) -> Result<Option<SeenHead>, StoreError> {
        self.maybe(
            &format!("{HEAD} AND log = $2"),
            &[&kiosk_id, &&log.0[..]],
            seen_head,
        )
        .await
    }

    async fn arrive(&self, kiosk_id: &str, connection: ConnectionId, now: UtcMs) -> Result<(), StoreError> {
        let message = listener::write(&Change::Arrived {
            kiosk_id: kiosk_id.to_owned(),
            connection,
        });
        let arrive = "WITH arrived AS (
                INSERT INTO presence (kiosk_id, connection, gateway, since) VALUES ($1, $2, $3, $4)
                ON CONFLICT (kiosk_id) DO UPDATE
                SET connection = excluded.connection, gateway = excluded.gateway, since = excluded.since
                RETURNING 1)
            SELECT pg_notify('alaqan', $5) FROM arrived";
        self.rows(
            arrive,
            &[&kiosk_id, &&connection.0[..], &self.gateway, &now.0, &message],
        )
        .await
        .map(|_| ())
    }

    async fn leave(&self, kiosk_id: &str, connection: ConnectionId) -> Result<(), StoreError> {
        let delete = "DELETE FROM presence WHERE kiosk_id = $1 AND connection = $2";
        self.execute(delete, &[&kiosk_id, &&connection.0[..]])
            .await
            .map(|_| ())
    }

    async fn connected(&self, kiosk_ids: &[String]) -> Result<Vec<(String, ConnectionId)>, StoreError> {
        let select =
            "SELECT p.kiosk_id, p.connection FROM unnest($1::text[]) WITH ORDINALITY t (kiosk_id, place)
            JOIN presence p USING (kiosk_id) ORDER BY place";
        self.all(select, &[&kiosk_ids], |row| {
            Ok((row.try_get(0)?, ConnectionId(bytes(row, 1)?)))
        })
        .await
    }

    async fn add_code(&self, code: &NewCode, now: UtcMs) -> Result<(), StoreError> {
        let digest = &code.code_sha256[..];
        transact!(self, |work| {
            let upsert = "INSERT INTO code (kiosk_id, code_sha256, expires_at) VALUES ($1, $2, $3)
                ON CONFLICT (kiosk_id) DO UPDATE SET code_sha256 = excluded.code_sha256,
                    expires_at = excluded.expires_at, used_by = NULL";
            work.execute(upsert, &[&code.kiosk_id, &digest, &code.expires_at.0])
                .await?;
            work.note(&format!("code-made {}", code.kiosk_id), now);
        })
    }

    async fn codes(&self) -> Result<Vec<KnownCode>, StoreError> {
        let select =
            "SELECT kiosk_id, expires_at, used_by IS NOT NULL FROM code ORDER BY kiosk_id COLLATE \"C\"";
        self.all(select, &[], |row| {
            Ok(KnownCode {
                kiosk_id: row.try_get(0)?,
                expires_at: UtcMs(row.try_get(1)?),
                used: row.try_get(2)?,
            })
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
        let mut client = self.link.client().await?;
        let done = async {
            let transaction = client.transaction().await?;
            check_code(&transaction, kiosk_id, code_sha256, key_sha256, now).await
        };
        done.await.map_err(|error| self.link.fault(error))
    }

    async fn redeem_code(
        &self,
        kiosk_id: &str,
        code_sha256: &[u8; 32],
        key_sha256: &[u8; 32],
        redeemed: &Redeemed,
        now: UtcMs,
    ) -> Result<CodeCheck, StoreError> {
        transact!(self, |work| {
            let check = check_code(&work.transaction, kiosk_id, code_sha256, key_sha256, now).await?;
            if check == CodeCheck::Good {
                work.note(&format!("code-redeemed {kiosk_id}"), now);
                let update = "UPDATE code SET used_by = $2 WHERE kiosk_id = $1";
                work.execute(update, &[&kiosk_id, &&key_sha256[..]]).await?;
                add_kiosk(&mut work, kiosk_id, now).await?;
                add_redeemed(&mut work, redeemed, now).await?;
            }
            check
        })
    }

    async fn add_certificate(&self, certificate: &IssuedCertificate, now: UtcMs) -> Result<bool, StoreError> {
        transact!(self, |work| {
            let allowed = !is_blocked(&work.transaction, &certificate.kiosk_id).await?;
            if allowed {
                add_certificate(&mut work, certificate, now).await?;
            }
            allowed
        })
    }

    async fn renew(
        &self,
        kiosk_id: &str,
        shown: &[u8],
        renewed: &Redeemed,
        now: UtcMs,
    ) -> Result<bool, StoreError> {
        transact!(self, |work| {
            let mut allowed = !is_blocked(&work.transaction, kiosk_id).await?;
            if allowed {
                let row = work.transaction.query_opt(REGISTERED, &[&shown]).await?;
                let registered = row.as_ref().map(registered).transpose()?;
                allowed = registered.is_some_and(|registered| {
                    registered.kiosk_id == kiosk_id && registered.revocation.is_none()
                });
            }
            if allowed {
                add_redeemed(&mut work, renewed, now).await?;
            }
            allowed
        })
    }

    async fn registered(&self, serial: &[u8]) -> Result<Option<Registered>, StoreError> {
        self.maybe(REGISTERED, &[&serial], registered).await
    }

    async fn certificates(&self, kiosk_id: Option<&str>) -> Result<Vec<IssuedCertificate>, StoreError> {
        match kiosk_id {
            Some(kiosk_id) => {
                let select = format!("{CERTIFICATE} WHERE kiosk_id = $1 ORDER BY number DESC");
                self.all(&select, &[&kiosk_id], certificate).await
            }
            None => {
                let select = format!("{CERTIFICATE} ORDER BY number DESC");
                self.all(&select, &[], certificate).await
            }
        }
    }

    async fn certificate(&self, serial: &[u8]) -> Result<Option<IssuedCertificate>, StoreError> {
        self.maybe(
            &format!("{CERTIFICATE} WHERE serial = $1"),
            &[&serial],
            certificate,
        )
        .await
    }

    async fn add_request(&self, request: &CertificateRequest) -> Result<(), StoreError> {
        transact!(self, |work| add_request(&mut work, request).await?)
    }

    async fn requests(&self) -> Result<Vec<CertificateRequest>, StoreError> {
        let select = "SELECT kiosk_id, key_sha256, der, requested_at FROM request ORDER BY number";
        self.all(select, &[], |row| {
            Ok(CertificateRequest {
                kiosk_id: row.try_get(0)?,
                key_sha256: bytes(row, 1)?,
                der: row.try_get(2)?,
                requested_at: UtcMs(row.try_get(3)?),
            })
        })
        .await
    }

    async fn revoke_all(&self, revocations: &[Revocation], now: UtcMs) -> Result<u64, StoreError> {
        transact!(self, |work| {
            let mut changed = 0;
            for revocation in revocations {
                changed += u64::from(revoke(&mut work, revocation, now).await?);
            }
            changed
        })
    }

    async fn revocation(&self, serial: &[u8]) -> Result<Option<Revocation>, StoreError> {
        let select = "SELECT serial, reason, revoked_at FROM revocation WHERE serial = $1";
        self.maybe(select, &[&serial], revocation).await
    }

    async fn revocations(&self) -> Result<Vec<Revocation>, StoreError> {
        let select = "SELECT serial, reason, revoked_at FROM revocation ORDER BY number";
        self.all(select, &[], revocation).await
    }

    async fn next_number(&self, series: &str) -> Result<u64, StoreError> {
        let next = "INSERT INTO series (name, number) VALUES ($1, 1)
            ON CONFLICT (name) DO UPDATE SET number = series.number + 1 RETURNING number";
        let row = self.one(next, &[&series]).await?;
        row.try_get(0)
            .map(unsigned)
            .map_err(|error| self.link.fault(error))
    }
}

async fn add_kiosk(work: &mut Work<'_>, kiosk_id: &str, now: UtcMs) -> Result<(), Error> {
    let insert =
        "INSERT INTO kiosk (kiosk_id, known_since) VALUES ($1, $2) ON CONFLICT (kiosk_id) DO NOTHING";
    if work.execute(insert, &[&kiosk_id, &now.0]).await? == 1 {
        work.note(&format!("kiosk-added {kiosk_id}"), now);
    }
    Ok(())
}

/// Whether a kiosk is shut out. It stays as it is until the end of the transaction.
async fn is_blocked(transaction: &Transaction<'_>, kiosk_id: &str) -> Result<bool, Error> {
    let select = "SELECT blocked_at IS NOT NULL FROM kiosk WHERE kiosk_id = $1 FOR UPDATE";
    match transaction.query_opt(select, &[&kiosk_id]).await? {
        Some(row) => row.try_get(0),
        None => Ok(false),
    }
}

async fn revoke(work: &mut Work<'_>, revocation: &Revocation, now: UtcMs) -> Result<bool, Error> {
    let (serial, reason) = (&revocation.serial, i16::from(revocation.reason));
    let upsert = format!(
        "INSERT INTO revocation (serial, reason, revoked_at) VALUES ($1, $2, $3)
        ON CONFLICT (serial) DO UPDATE SET reason = excluded.reason,
            revoked_at = least(revocation.revoked_at, excluded.revoked_at) WHERE {STRONGER}"
    );
    let rows = work
        .execute(&upsert, &[serial, &reason, &revocation.revoked_at.0])
        .await?;
    if rows == 1 {
        work.note(
            &format!("certificate-revoked {} reason={reason}", hex(serial)),
            now,
        );
        work.changed(&Change::TrustChanged);
    }
    Ok(rows == 1)
}

async fn add_redeemed(work: &mut Work<'_>, redeemed: &Redeemed, now: UtcMs) -> Result<(), Error> {
    match redeemed {
        Redeemed::Certificate(certificate) => add_certificate(work, certificate, now).await,
        Redeemed::Request(request) => add_request(work, request).await,
    }
}

async fn add_certificate(
    work: &mut Work<'_>,
    certificate: &IssuedCertificate,
    now: UtcMs,
) -> Result<(), Error> {
    let kiosk_id = &certificate.kiosk_id;
    let insert =
        "INSERT INTO certificate (serial, kiosk_id, not_before, not_after, fingerprint, key_sha256, der)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let params: [&(dyn ToSql + Sync); 7] = [
        &certificate.serial,
        kiosk_id,
        &certificate.not_before.0,
        &certificate.not_after.0,
        &&certificate.fingerprint[..],
        &&certificate.key_sha256[..],
        &certificate.der,
    ];
    work.execute(insert, &params).await?;
    let delete = "DELETE FROM request WHERE kiosk_id = $1 AND key_sha256 = $2";
    work.execute(delete, &[kiosk_id, &&certificate.key_sha256[..]])
        .await?;
    work.note(
        &format!("certificate-issued {} {kiosk_id}", hex(&certificate.serial)),
        now,
    );
    work.changed(&Change::Certified {
        kiosk_id: kiosk_id.clone(),
    });
    Ok(())
}

async fn add_request(work: &mut Work<'_>, request: &CertificateRequest) -> Result<(), Error> {
    let upsert = "INSERT INTO request (kiosk_id, key_sha256, der, requested_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (kiosk_id, key_sha256) DO UPDATE SET der = excluded.der";
    let params: [&(dyn ToSql + Sync); 4] = [
        &request.kiosk_id,
        &&request.key_sha256[..],
        &request.der,
        &request.requested_at.0,
    ];
    work.execute(upsert, &params).await?;
    work.note(
        &format!("certificate-requested {}", request.kiosk_id),
        request.requested_at,
    );
    Ok(())
}

async fn check_code(
    transaction: &Transaction<'_>,
    kiosk_id: &str,
    code_sha256: &[u8; 32],
    key_sha256: &[u8; 32],
    now: UtcMs,
) -> Result<CodeCheck, Error> {
    // First the kiosk, as whoever shuts it out does.
    let blocked = is_blocked(transaction, kiosk_id).await?;
    // Held until the end of the transaction: a code is used once, whichever gateway it is shown to.
    let select = "SELECT code_sha256, expires_at, used_by FROM code WHERE kiosk_id = $1 FOR UPDATE";
    let row = transaction.query_opt(select, &[&kiosk_id]).await?;
    let row = match &row {
        Some(row) => Some(CodeRow {
            code_sha256: bytes(row, 0)?,
            expires_at: UtcMs(row.try_get(1)?),
            used_by: maybe_bytes(row, 2)?,
        }),
        None => None,
    };
    Ok(rules::check_code(
        blocked,
        row.as_ref(),
        code_sha256,
        key_sha256,
        now,
    ))
}

async fn greeted(
    work: &mut Work<'_>,
    greeting: &Greeting,
    gateway: &str,
    now: UtcMs,
) -> Result<HeadCheck, Error> {
    let kiosk_id = &greeting.kiosk_id;
    // As where documents are put: what is seen of one kiosk is seen in one order.
    let lock = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
    let select = "SELECT log, number, hash FROM kiosk_log WHERE kiosk_id = $1";
    // Sent at once, and performed in this order.
    let params: [&(dyn ToSql + Sync); 1] = [kiosk_id];
    let (_, rows) = try_join(work.query(lock, &params), work.query(select, &params)).await?;
    let logs: Vec<AuditHead> = rows.iter().map(|row| head(row, 0)).collect::<Result<_, _>>()?;
    let log = greeting.audit.log;
    let highest = logs.iter().find(|seen| seen.log == log).copied();
    let check = check_head(highest, !logs.is_empty(), greeting.audit);
    let event = match check {
        HeadCheck::Regressed { .. } => Some("kiosk-log-regressed"),
        HeadCheck::Fork => Some("kiosk-log-forked"),
        HeadCheck::NewLog => Some("kiosk-log-new"),
        HeadCheck::First | HeadCheck::Fits => None,
    };
    if let Some(event) = event {
        work.note(&format!("{event} {kiosk_id} {log}"), now);
    }
    if matches!(check, HeadCheck::Regressed { .. } | HeadCheck::Fork) {
        return Ok(check);
    }
    let upsert = "INSERT INTO kiosk_log (kiosk_id, log, number, hash, first_seen_at, seen_at)
        VALUES ($1, $2, $3, $4, $5, $5)
        ON CONFLICT (kiosk_id, log) DO UPDATE
        SET number = excluded.number, hash = excluded.hash, seen_at = excluded.seen_at";
    let (log_id, hash, number) = (
        &log.0[..],
        &greeting.audit.hash[..],
        signed(greeting.audit.number),
    );
    let seen: [&(dyn ToSql + Sync); 5] = [kiosk_id, &log_id, &number, &hash, &now.0];
    let update =
        "UPDATE kiosk SET greeted_at = $2, skew_ms = $3, software = $4, software_sha256 = $5, gateway = $6
        WHERE kiosk_id = $1";
    let (skew_ms, software) = (
        greeting.at.0.saturating_sub(now.0),
        greeting.software.replace('\0', "?"),
    );
    let software_sha256 = &greeting.software_sha256[..];
    let last: [&(dyn ToSql + Sync); 6] = [kiosk_id, &now.0, &skew_ms, &software, &software_sha256, &gateway];
    try_join(work.execute(upsert, &seen), work.execute(update, &last)).await?;
    let digest = hex(&greeting.software_sha256);
    work.note(&format!("kiosk-greeted {kiosk_id} software-sha256={digest}"), now);
    Ok(check)
}

fn certificate(row: &Row) -> Result<IssuedCertificate, Error> {
    Ok(IssuedCertificate {
        serial: row.try_get(0)?,
        kiosk_id: row.try_get(1)?,
        not_before: UtcMs(row.try_get(2)?),
        not_after: UtcMs(row.try_get(3)?),
        fingerprint: bytes(row, 4)?,
        key_sha256: bytes(row, 5)?,
        der: row.try_get(6)?,
    })
}

fn kiosk(row: &Row) -> Result<Kiosk, Error> {
    let blocked_at: Option<i64> = row.try_get(2)?;
    let greeted_at: Option<i64> = row.try_get(4)?;
    Ok(Kiosk {
        kiosk_id: row.try_get(0)?,
        known_since: UtcMs(row.try_get(1)?),
        blocked: match blocked_at {
            Some(at) => Some((UtcMs(at), row.try_get(3)?)),
            None => None,
        },
        last_greeting: match greeted_at {
            Some(at) => Some(LastGreeting {
                at: UtcMs(at),
                skew_ms: row.try_get(5)?,
                software: row.try_get(6)?,
                software_sha256: bytes(row, 7)?,
                gateway: row.try_get(8)?,
            }),
            None => None,
        },
    })
}

fn seen_head(row: &Row) -> Result<SeenHead, Error> {
    Ok(SeenHead {
        head: head(row, 0)?,
        first_seen_at: UtcMs(row.try_get(3)?),
        seen_at: UtcMs(row.try_get(4)?),
    })
}

fn registered(row: &Row) -> Result<Registered, Error> {
    let reason: Option<i16> = row.try_get(3)?;
    Ok(Registered {
        kiosk_id: row.try_get(0)?,
        fingerprint: bytes(row, 1)?,
        blocked_since: row.try_get::<_, Option<i64>>(2)?.map(UtcMs),
        revocation: match reason {
            Some(reason) => Some(Revocation {
                serial: row.try_get(5)?,
                reason: reason.try_into().unwrap_or(0),
                revoked_at: UtcMs(row.try_get(4)?),
            }),
            None => None,
        },
    })
}

fn revocation(row: &Row) -> Result<Revocation, Error> {
    let reason: i16 = row.try_get(1)?;
    Ok(Revocation {
        serial: row.try_get(0)?,
        reason: reason.try_into().unwrap_or(0),
        revoked_at: UtcMs(row.try_get(2)?),
    })
}
