//! What was added to the tables after version 1, one step for each version.

/// The steps: the first one makes version 2 of version 1.
pub(super) const STEPS: [&str; 3] = [COMPARISONS, INSTITUTION, REVIEWS];

/// Comparisons for which the centre is paid. Each gateway has rows of its own, so that none waits for another.
const COMPARISONS: &str = "
CREATE TABLE comparison (
    day     BIGINT NOT NULL,                     -- days since 1970-01-01, in Kazakhstan
    gateway TEXT   NOT NULL,
    count   BIGINT NOT NULL,                     -- for which the centre is paid
    PRIMARY KEY (day, gateway)
);
";

/// Notices for the institution's own systems, and the register of requests.
const INSTITUTION: &str = "
CREATE TABLE notice (
    number       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- order of coming
    id           BYTEA   NOT NULL,
    route        TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    created_at   BIGINT  NOT NULL,               -- UTC, ms
    attempts     INTEGER NOT NULL DEFAULT 0,     -- failed tries
    next_try_at  BIGINT  NOT NULL,               -- UTC, ms
    leased_by    TEXT,                           -- the gateway that delivers now
    leased_until BIGINT  NOT NULL DEFAULT 0,     -- UTC, ms, by the clock of the database
    fault        TEXT,                           -- why the last try failed
    delivered_at BIGINT,
    body         BYTEA,                          -- encrypted; gone once it is delivered
    UNIQUE (id, route)
);
ALTER TABLE notice ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE INDEX notice_waiting ON notice (route, next_try_at, number) WHERE delivered_at IS NULL;

CREATE TABLE subject_request (
    place           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- order of coming
    document        BYTEA   NOT NULL UNIQUE,
    number          TEXT    NOT NULL,            -- the one that the person has
    kind            TEXT    NOT NULL,
    kiosk_id        TEXT    NOT NULL,
    institution_bin TEXT    NOT NULL,
    received_at     BIGINT  NOT NULL,            -- UTC, ms, by the clock of the kiosk
    due_at          BIGINT  NOT NULL,            -- UTC, ms
    state           TEXT    NOT NULL,            -- of the newest version
    version         INTEGER NOT NULL
);
CREATE INDEX subject_request_number ON subject_request (number);
CREATE INDEX subject_request_due ON subject_request (due_at) WHERE state IN ('received', 'in-progress', 'ready');
CREATE TABLE subject_request_version (
    document BYTEA   NOT NULL,
    version  INTEGER NOT NULL,
    state    TEXT    NOT NULL,
    reason   BYTEA,                              -- encrypted
    note     BYTEA,                              -- encrypted
    at       BIGINT  NOT NULL,                   -- UTC, ms
    gateway  TEXT    NOT NULL,
    PRIMARY KEY (document, version)
);
CREATE FUNCTION alaqan_kept() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN RAISE EXCEPTION ''requests and their versions are kept''; END';
CREATE TRIGGER subject_request_version_stays BEFORE DELETE OR UPDATE ON subject_request_version
    FOR EACH ROW EXECUTE FUNCTION alaqan_kept();
CREATE TRIGGER subject_request_stays BEFORE DELETE ON subject_request
    FOR EACH ROW EXECUTE FUNCTION alaqan_kept();
";

/// What examiners decide. Nothing here is personal.
const REVIEWS: &str = "
CREATE TABLE review (
    place         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- order of coming
    document      BYTEA   NOT NULL UNIQUE,
    kind          TEXT    NOT NULL,
    kiosk_id      TEXT    NOT NULL,
    service       TEXT,
    received_at   BIGINT  NOT NULL,              -- UTC, ms
    examiner      TEXT,                          -- who has it, or has ended it
    taken_until   BIGINT  NOT NULL DEFAULT 0,    -- UTC, ms
    ended         TEXT,                          -- how
    reason        TEXT,                          -- of a refusal
    ended_at      BIGINT,                        -- UTC, ms
    calls_in_vain INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX review_open ON review (kind, place) WHERE ended IS NULL;
CREATE INDEX review_oldest ON review (received_at) WHERE ended IS NULL;
CREATE FUNCTION alaqan_decided() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN RAISE EXCEPTION ''decisions are kept''; END';
CREATE TRIGGER review_stays BEFORE DELETE ON review FOR EACH ROW EXECUTE FUNCTION alaqan_decided();
CREATE TRIGGER review_is_final BEFORE UPDATE ON review
    FOR EACH ROW WHEN (OLD.ended IS NOT NULL) EXECUTE FUNCTION alaqan_decided();
";
