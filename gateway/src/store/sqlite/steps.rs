//! What was added to the tables after version 2, one step for each version.

/// The steps: the first one makes version 3 of version 2.
pub(super) const STEPS: [&str; 3] = [COMPARISONS, INSTITUTION, REVIEWS];

/// Comparisons for which the centre is paid.
const COMPARISONS: &str = "
CREATE TABLE comparison (
    day     INTEGER NOT NULL,                    -- days since 1970-01-01, in Kazakhstan
    gateway TEXT    NOT NULL,
    count   INTEGER NOT NULL,                    -- for which the centre is paid
    PRIMARY KEY (day, gateway)
) STRICT, WITHOUT ROWID;
";

/// Notices for the institution's own systems, and the register of requests.
const INSTITUTION: &str = "
CREATE TABLE notice (
    number       INTEGER PRIMARY KEY,            -- order of coming
    id           BLOB    NOT NULL,
    route        TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,               -- UTC, ms
    attempts     INTEGER NOT NULL DEFAULT 0,     -- failed tries
    next_try_at  INTEGER NOT NULL,               -- UTC, ms
    leased_until INTEGER NOT NULL DEFAULT 0,     -- UTC, ms
    fault        TEXT,                           -- why the last try failed
    delivered_at INTEGER,
    body         BLOB,                           -- gone once it is delivered
    UNIQUE (id, route)
) STRICT;
CREATE INDEX notice_waiting ON notice (route, next_try_at, number) WHERE delivered_at IS NULL;

CREATE TABLE subject_request (
    place           INTEGER PRIMARY KEY,         -- order of coming
    document        BLOB    NOT NULL UNIQUE,
    number          TEXT    NOT NULL,            -- the one that the person has
    kind            TEXT    NOT NULL,
    kiosk_id        TEXT    NOT NULL,
    institution_bin TEXT    NOT NULL,
    received_at     INTEGER NOT NULL,            -- UTC, ms, by the clock of the kiosk
    due_at          INTEGER NOT NULL,            -- UTC, ms
    state           TEXT    NOT NULL,            -- of the newest version
    version         INTEGER NOT NULL
) STRICT;
CREATE INDEX subject_request_number ON subject_request (number);
CREATE INDEX subject_request_due ON subject_request (due_at) WHERE state IN ('received', 'in-progress', 'ready');
CREATE TABLE subject_request_version (
    document BLOB    NOT NULL,
    version  INTEGER NOT NULL,
    state    TEXT    NOT NULL,
    reason   TEXT,
    note     TEXT,
    at       INTEGER NOT NULL,                   -- UTC, ms
    gateway  TEXT    NOT NULL,
    PRIMARY KEY (document, version)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER subject_request_version_stays BEFORE DELETE ON subject_request_version
    BEGIN SELECT RAISE(ABORT, 'versions of requests are kept'); END;
CREATE TRIGGER subject_request_version_is_final BEFORE UPDATE ON subject_request_version
    BEGIN SELECT RAISE(ABORT, 'versions of requests are kept'); END;
CREATE TRIGGER subject_request_stays BEFORE DELETE ON subject_request
    BEGIN SELECT RAISE(ABORT, 'requests are kept'); END;
";

/// What examiners decide. Nothing here is personal.
const REVIEWS: &str = "
CREATE TABLE review (
    place         INTEGER PRIMARY KEY,           -- order of coming
    document      BLOB    NOT NULL UNIQUE,
    kind          TEXT    NOT NULL,
    kiosk_id      TEXT    NOT NULL,
    service       TEXT,
    received_at   INTEGER NOT NULL,              -- UTC, ms
    examiner      TEXT,                          -- who has it, or has ended it
    taken_until   INTEGER NOT NULL DEFAULT 0,    -- UTC, ms
    ended         TEXT,                          -- how
    reason        TEXT,                          -- of a refusal
    ended_at      INTEGER,                       -- UTC, ms
    calls_in_vain INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX review_open ON review (kind, place) WHERE ended IS NULL;
CREATE INDEX review_oldest ON review (received_at) WHERE ended IS NULL;
CREATE TRIGGER review_stays BEFORE DELETE ON review
    BEGIN SELECT RAISE(ABORT, 'decisions are kept'); END;
CREATE TRIGGER review_is_final BEFORE UPDATE ON review WHEN OLD.ended IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'decisions are kept'); END;
";
