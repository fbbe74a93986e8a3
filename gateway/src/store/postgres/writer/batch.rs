//! One transaction for many writes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use deadpool_postgres::Transaction;
use futures_util::future::{try_join, try_join3, try_join4};
use tokio_postgres::{Error, Row};
use verification::audit::{AuditHead, LogId};
use verification::evidence::DocumentId;
use verification::time::UtcMs;

use super::{Answered, Document, Seen, Write};
use crate::idec::tariff::BankDay;
use crate::store::postgres::Link;
use crate::store::postgres::chain::Chain;
use crate::store::postgres::listener::{self, NOTIFY};
use crate::store::postgres::row::{bytes, head, number};
use crate::store::postgres::{notices, requests, reviews};
use crate::store::requests::received_event;
use crate::store::reviews::queued_event;
use crate::store::rules::{check_head, put_event, signed};
use crate::store::{Change, HeadCheck, NewDocument, Put, StoreError, Stored};

/// What a write is answered.
#[derive(Debug)]
pub(super) enum Reply {
    Stored(Stored),
    Kept(bool),
    Done,
    Noted(AuditHead),
}

/// How often a batch is tried that has met another gateway with the same documents.
const MEETINGS_MAX: u32 = 5;

/// Performs all writes or none; gives one reply for each.
pub(super) async fn commit(link: &Link, gateway: &str, writes: &[Write]) -> Result<Vec<Reply>, StoreError> {
    link.limited(try_to_commit(link, gateway, writes)).await
}

async fn try_to_commit(link: &Link, gateway: &str, writes: &[Write]) -> Result<Vec<Reply>, StoreError> {
    let mut client = link.client().await?;
    let fault = |error| link.fault(error);
    for _ in 0..MEETINGS_MAX {
        let transaction = client.transaction().await.map_err(fault)?;
        if let Some(replies) = perform(&transaction, gateway, writes).await.map_err(fault)? {
            transaction.commit().await.map_err(fault)?;
            return Ok(replies);
        }
        transaction.rollback().await.map_err(fault)?;
    }
    Err(StoreError::Damaged("documents that are there and are not"))
}

/// `None`: another gateway has stored one of the documents in the meantime.
async fn perform(
    transaction: &Transaction<'_>,
    gateway: &str,
    writes: &[Write],
) -> Result<Option<Vec<Reply>>, Error> {
    let (mut documents, mut answers, mut seen) = (Vec::new(), Vec::new(), Vec::new());
    for write in writes {
        match write {
            Write::Put(document) => documents.push(&**document),
            Write::Answered(answered) => answers.push(answered),
            Write::Seen(one) => seen.push(one),
            Write::Note(_) => {}
        }
    }
    // Sent at once, and performed in this order: the log is locked first.
    let (mut chain, facts) =
        try_join(Chain::lock(transaction, gateway), facts(transaction, &documents)).await?;
    let Some(stored) = put(transaction, gateway, &mut chain, facts, &documents).await? else {
        return Ok(None);
    };
    let mut stored = stored.into_iter();
    let mut kept = answer(transaction, &mut chain, &answers).await?;
    count(transaction, gateway, &answers, &kept).await?;
    see(transaction, &mut chain, &seen).await?;
    let replies = writes
        .iter()
        .filter_map(|write| match write {
            Write::Put(_) => stored.next().map(Reply::Stored),
            // The first one counts, where there are two.
            Write::Answered(answered) => Some(Reply::Kept(kept.remove(&answered.id))),
            Write::Seen(_) => Some(Reply::Done),
            Write::Note(note) => Some(Reply::Noted(chain.note(&note.event, note.session, note.now))),
        })
        .collect();
    chain.write(transaction).await?;
    Ok(Some(replies))
}

/// What stands in the store about documents that are to be put.
#[derive(Default)]
struct Facts {
    /// By id: kiosk, digest, and what is answered.
    known: HashMap<[u8; 16], (String, [u8; 32], Stored)>,
    /// By kiosk, log and number: the hash.
    places: HashMap<(String, LogId, u64), [u8; 32]>,
    /// By kiosk: the highest head of each log.
    highest: BTreeMap<String, BTreeMap<LogId, AuditHead>>,
}

async fn put(
    transaction: &Transaction<'_>,
    gateway: &str,
    chain: &mut Chain,
    mut facts: Facts,
    documents: &[&Document],
) -> Result<Option<Vec<Stored>>, Error> {
    if documents.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let mut fresh = Vec::new();
    let mut risen = BTreeSet::new();
    let stored: Vec<Stored> = documents
        .iter()
        .map(|document| {
            let stored = decide(chain, &mut facts, document);
            if stored.put == Put::New {
                fresh.push((*document, stored.audit));
                if let Some(head) = document.document.audit {
                    risen.insert((document.document.kiosk_id.clone(), head.log));
                }
            }
            stored
        })
        .collect();
    // A wish ends when its document is here, and not when the kiosk has sent something that was refused.
    let here = documents.iter().zip(&stored);
    let (ids, kiosks): (Vec<&[u8]>, Vec<&str>) = here
        .filter(|(_, stored)| matches!(stored.put, Put::New | Put::Known))
        .map(|(document, _)| (&document.document.id.0[..], document.document.kiosk_id.as_str()))
        .unzip();
    let delete = "DELETE FROM resend r USING unnest($1::bytea[], $2::text[]) t (id, kiosk_id)
        WHERE r.id = t.id AND r.kiosk_id = t.kiosk_id";
    let resent = async {
        let statement = transaction.prepare_cached(delete).await?;
        transaction.execute(&statement, &[&ids, &kiosks]).await
    };
    let (inserted, (), _) = try_join3(
        insert(transaction, &fresh),
        raise(transaction, &facts, &risen, documents[0].now),
        resent,
    )
    .await?;
    if inserted != fresh.len() as u64 {
        return Ok(None);
    }
    let documents = || {
        let fresh = fresh.iter();
        fresh.map(|(document, _)| (&document.document, document.now))
    };
    requests::insert(transaction, gateway, documents()).await?;
    reviews::insert(transaction, documents()).await?;
    let told = fresh.iter().flat_map(|(document, _)| {
        let notices = document.notices.iter();
        notices.map(|notice| (notice, document.now))
    });
    notices::insert(transaction, &told.collect::<Vec<_>>()).await?;
    Ok(Some(stored))
}

async fn facts(transaction: &Transaction<'_>, documents: &[&Document]) -> Result<Facts, Error> {
    if documents.is_empty() {
        return Ok(Facts::default());
    }
    let documents = || documents.iter().map(|document| &document.document);
    let kiosks: BTreeSet<&str> = documents().map(|document| document.kiosk_id.as_str()).collect();
    let kiosks: Vec<&str> = kiosks.into_iter().collect();
    let ids: Vec<&[u8]> = documents().map(|document| &document.id.0[..]).collect();
    let places: Vec<_> = documents()
        .filter_map(|document| Some((document.kiosk_id.as_str(), document.audit.as_ref()?)))
        .collect();
    let place_kiosks: Vec<&str> = places.iter().map(|(kiosk_id, _)| *kiosk_id).collect();
    let place_logs: Vec<&[u8]> = places.iter().map(|(_, head)| &head.log.0[..]).collect();
    let place_numbers: Vec<i64> = places.iter().map(|(_, head)| signed(head.number)).collect();

    // Two gateways with documents of the same kiosk come one after the other, so that none misses a fork. In the order
    // of the names, so that no two wait for each other.
    let lock = "SELECT count(pg_advisory_xact_lock(hashtextextended(t, 0)))
        FROM (SELECT t FROM unnest($1::text[]) t ORDER BY t) t";
    let known = "SELECT id, kiosk_id, sha256, received_at, audit_log, audit_number, audit_hash
        FROM document WHERE id = ANY($1)";
    let at = "SELECT d.kiosk_id, d.kiosk_log, d.kiosk_number, d.kiosk_hash
        FROM unnest($1::text[], $2::bytea[], $3::bigint[]) t (kiosk_id, log, number)
        JOIN document d ON d.kiosk_id = t.kiosk_id AND d.kiosk_log = t.log AND d.kiosk_number = t.number
        WHERE d.kiosk_log IS NOT NULL";
    let highest = "SELECT log, number, hash, kiosk_id FROM kiosk_log WHERE kiosk_id = ANY($1)";
    let (lock, known, at, highest) = try_join4(
        transaction.prepare_cached(lock),
        transaction.prepare_cached(known),
        transaction.prepare_cached(at),
        transaction.prepare_cached(highest),
    )
    .await?;
    // Sent at once, and performed one after the other.
    let (_, known, at, highest) = try_join4(
        transaction.query_one(&lock, &[&kiosks]),
        transaction.query(&known, &[&ids]),
        transaction.query(&at, &[&place_kiosks, &place_logs, &place_numbers]),
        transaction.query(&highest, &[&kiosks]),
    )
    .await?;
    let mut facts = Facts::default();
    for row in &known {
        facts.known.insert(bytes(row, 0)?, known_row(row)?);
    }
    for row in &at {
        let place = (row.try_get(0)?, LogId(bytes(row, 1)?), number(row, 2)?);
        facts.places.insert(place, bytes(row, 3)?);
    }
    for row in &highest {
        let head = head(row, 0)?;
        let logs = facts.highest.entry(row.try_get(3)?).or_default();
        logs.insert(head.log, head);
    }
    Ok(facts)
}

fn known_row(row: &Row) -> Result<(String, [u8; 32], Stored), Error> {
    let stored = Stored {
        put: Put::Known,
        received_at: UtcMs(row.try_get(3)?),
        audit: head(row, 4)?,
    };
    Ok((row.try_get(1)?, bytes(row, 2)?, stored))
}

/// What becomes of one document. The facts take it in, for those behind it.
fn decide(chain: &mut Chain, facts: &mut Facts, document: &Document) -> Stored {
    let (now, document) = (document.now, &document.document);
    let mut refused = |put, received_at| Stored {
        put,
        received_at,
        audit: chain.note(&put_event(put, document), document.session, now),
    };
    if let Some((kiosk_id, sha256, known)) = facts.known.get(&document.id.0) {
        if *kiosk_id == document.kiosk_id && *sha256 == document.sha256 {
            return *known;
        }
        return refused(Put::Conflict, known.received_at);
    }
    let kiosk_id = &document.kiosk_id;
    if let Some(head) = document.audit {
        let logs = facts.highest.entry(kiosk_id.clone()).or_default();
        let check = check_head(logs.get(&head.log).copied(), !logs.is_empty(), head);
        let place = (kiosk_id.clone(), head.log, head.number);
        let elsewhere = facts.places.get(&place).is_some_and(|hash| *hash != head.hash);
        if elsewhere || check == HeadCheck::Fork {
            return refused(Put::AuditFork, now);
        }
        facts.places.insert(place, head.hash);
        if check == HeadCheck::NewLog {
            chain.note(&format!("kiosk-log-new {kiosk_id} {}", head.log), None, now);
        }
        if !matches!(check, HeadCheck::Regressed { .. }) {
            logs.insert(head.log, head);
        }
    }
    for note in &document.notes {
        chain.note(&format!("{note} {}", document.id), document.session, now);
    }
    let stored = Stored {
        put: Put::New,
        received_at: now,
        audit: chain.note(&put_event(Put::New, document), document.session, now),
    };
    if let Some(request) = &document.request {
        chain.note(&received_event(document.id, request), document.session, now);
    }
    if let Some(review) = &document.review {
        chain.note(&queued_event(document.id, review), document.session, now);
    }
    let known = Stored {
        put: Put::Known,
        ..stored
    };
    let entry = (kiosk_id.clone(), document.sha256, known);
    facts.known.insert(document.id.0, entry);
    stored
}

/// One value of each document.
fn column<'a, T>(
    fresh: &'a [(&'a Document, AuditHead)],
    value: impl Fn(&'a NewDocument, &'a AuditHead) -> T,
) -> Vec<T> {
    fresh
        .iter()
        .map(|(document, audit)| value(&document.document, audit))
        .collect()
}

/// Gives the number of documents that were not there.
async fn insert(transaction: &Transaction<'_>, fresh: &[(&Document, AuditHead)]) -> Result<u64, Error> {
    if fresh.is_empty() {
        return Ok(0);
    }
    let insert = "INSERT INTO document (id, kiosk_id, outcome, received_at, signed_at, sha256, kiosk_log, kiosk_number,
            kiosk_hash, audit_log, audit_number, audit_hash, asks, next_try_at, signed)
        SELECT id, kiosk_id, outcome, received_at, signed_at, sha256, kiosk_log, kiosk_number, kiosk_hash, audit_log,
            audit_number, audit_hash, asks, received_at, signed
        FROM unnest($1::bytea[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bytea[], $7::bytea[],
            $8::bigint[], $9::bytea[], $10::bytea[], $11::bigint[], $12::bytea[], $13::boolean[], $14::bytea[])
            WITH ORDINALITY AS t (id, kiosk_id, outcome, received_at, signed_at, sha256, kiosk_log, kiosk_number,
            kiosk_hash, audit_log, audit_number, audit_hash, asks, signed, place)
        ORDER BY place
        ON CONFLICT (id) DO NOTHING";
    let statement = transaction.prepare_cached(insert).await?;
    let received: Vec<i64> = fresh.iter().map(|(document, _)| document.now.0).collect();
    let sealed: Vec<&[u8]> = fresh.iter().map(|(document, _)| &document.sealed[..]).collect();
    transaction
        .execute(
            &statement,
            &[
                &column(fresh, |document, _| &document.id.0[..]),
                &column(fresh, |document, _| document.kiosk_id.as_str()),
                &column(fresh, |document, _| document.outcome.as_str()),
                &received,
                &column(fresh, |document, _| document.signed_at.0),
                &column(fresh, |document, _| &document.sha256[..]),
                &column(fresh, |document, _| {
                    document.audit.as_ref().map(|head| &head.log.0[..])
                }),
                &column(fresh, |document, _| {
                    document.audit.map(|head| signed(head.number))
                }),
                &column(fresh, |document, _| {
                    document.audit.as_ref().map(|head| &head.hash[..])
                }),
                &column(fresh, |_, audit| &audit.log.0[..]),
                &column(fresh, |_, audit| signed(audit.number)),
                &column(fresh, |_, audit| &audit.hash[..]),
                &column(fresh, |document, _| document.asks),
                &sealed,
            ],
        )
        .await
}

/// Remembers the highest heads of the logs of kiosks that were named by new documents.
async fn raise(
    transaction: &Transaction<'_>,
    facts: &Facts,
    risen: &BTreeSet<(String, LogId)>,
    now: UtcMs,
) -> Result<(), Error> {
    let heads: Vec<(&str, &AuditHead)> = risen
        .iter()
        .filter_map(|(kiosk_id, log)| Some((kiosk_id.as_str(), facts.highest.get(kiosk_id)?.get(log)?)))
        .collect();
    if heads.is_empty() {
        return Ok(());
    }
    let kiosks: Vec<&str> = heads.iter().map(|(kiosk_id, _)| *kiosk_id).collect();
    let logs: Vec<&[u8]> = heads.iter().map(|(_, head)| &head.log.0[..]).collect();
    let numbers: Vec<i64> = heads.iter().map(|(_, head)| signed(head.number)).collect();
    let hashes: Vec<&[u8]> = heads.iter().map(|(_, head)| &head.hash[..]).collect();
    let upsert = "INSERT INTO kiosk_log (kiosk_id, log, number, hash, first_seen_at, seen_at)
        SELECT t.*, $5::bigint, $5::bigint FROM unnest($1::text[], $2::bytea[], $3::bigint[], $4::bytea[]) t
        ON CONFLICT (kiosk_id, log) DO UPDATE
        SET number = excluded.number, hash = excluded.hash, seen_at = excluded.seen_at
        WHERE kiosk_log.number < excluded.number";
    let statement = transaction.prepare_cached(upsert).await?;
    transaction
        .execute(&statement, &[&kiosks, &logs, &numbers, &hashes, &now.0])
        .await?;
    Ok(())
}

/// Stores answers; gives the documents that had none.
pub(in crate::store::postgres) async fn answer(
    transaction: &Transaction<'_>,
    chain: &mut Chain,
    answers: &[&Answered],
) -> Result<BTreeSet<DocumentId>, Error> {
    let mut first: BTreeMap<DocumentId, &Answered> = BTreeMap::new();
    for answered in answers {
        first.entry(answered.id).or_insert(answered);
    }
    let mut kept = BTreeSet::new();
    if first.is_empty() {
        return Ok(kept);
    }
    let ids: Vec<&[u8]> = first.values().map(|answered| &answered.id.0[..]).collect();
    let sealed: Vec<&[u8]> = first.values().map(|answered| &answered.sealed[..]).collect();
    let times: Vec<i64> = first.values().map(|answered| answered.now.0).collect();
    let update = "UPDATE document d
        SET answer = t.answer, answered_at = t.answered_at, fault = NULL, leased_by = NULL, leased_until = 0
        FROM unnest($1::bytea[], $2::bytea[], $3::bigint[]) t (id, answer, answered_at)
        WHERE d.id = t.id AND d.answered_at IS NULL
        RETURNING d.id, d.kiosk_id";
    let statement = transaction.prepare_cached(update).await?;
    let rows = transaction.query(&statement, &[&ids, &sealed, &times]).await?;
    let (mut messages, mut told) = (Vec::new(), Vec::new());
    for row in &rows {
        let (id, kiosk_id) = (DocumentId(bytes(row, 0)?), row.try_get(1)?);
        if let Some(answered) = first.get(&id) {
            chain.note(&format!("document-answered {id}"), None, answered.now);
            told.extend(answered.notices.iter().map(|notice| (notice, answered.now)));
        }
        messages.push(listener::write(&Change::Answered { id, kiosk_id }));
        kept.insert(id);
    }
    let statement = transaction.prepare_cached(NOTIFY).await?;
    transaction.query(&statement, &[&messages]).await?;
    notices::insert(transaction, &told).await?;
    Ok(kept)
}

/// Counts the comparisons among the answers that are kept. Where there are two about one document, the first one is.
async fn count(
    transaction: &Transaction<'_>,
    gateway: &str,
    answers: &[&Answered],
    kept: &BTreeSet<DocumentId>,
) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    let mut counts: BTreeMap<i64, i64> = BTreeMap::new();
    for answered in answers {
        if seen.insert(answered.id) && kept.contains(&answered.id) && answered.is_comparison {
            *counts.entry(BankDay::of(answered.now).0).or_default() += 1;
        }
    }
    let upsert = "INSERT INTO comparison (day, gateway, count) VALUES ($1, $2, $3)
        ON CONFLICT (day, gateway) DO UPDATE SET count = comparison.count + excluded.count";
    for (day, count) in counts {
        let statement = transaction.prepare_cached(upsert).await?;
        transaction.execute(&statement, &[&day, &gateway, &count]).await?;
    }
    Ok(())
}

async fn see(transaction: &Transaction<'_>, chain: &mut Chain, seen: &[&Seen]) -> Result<(), Error> {
    if seen.is_empty() {
        return Ok(());
    }
    let ids: Vec<&[u8]> = seen.iter().map(|one| &one.id.0[..]).collect();
    let kiosks: Vec<&str> = seen.iter().map(|one| one.kiosk_id.as_str()).collect();
    let update = "UPDATE document d SET seen = TRUE
        FROM unnest($1::bytea[], $2::text[]) t (id, kiosk_id)
        WHERE d.id = t.id AND d.kiosk_id = t.kiosk_id AND d.answered_at IS NOT NULL AND NOT d.seen
        RETURNING d.id";
    let statement = transaction.prepare_cached(update).await?;
    for row in &transaction.query(&statement, &[&ids, &kiosks]).await? {
        let id = DocumentId(bytes(row, 0)?);
        let now = seen
            .iter()
            .find(|one| one.id == id)
            .map_or(seen[0].now, |one| one.now);
        chain.note(&format!("answer-seen {id}"), None, now);
    }
    Ok(())
}
