/** Identity, settings and life of the object; one row, also after its destruction. */
export const IDENTITY = `
  CREATE TABLE identity (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    schema_version INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('live', 'destroyed')),
    incarnation INTEGER NOT NULL,
    version INTEGER NOT NULL,
    settings TEXT NOT NULL
  ) STRICT`

/**
 * A row per commit: header and frames apart, so that a header is read without its payload. The key is the
 * rowid, because a table without rowid is searched by reading whole rows: docs/adr/0008-rowid-keys-of-the-log.md.
 */
export const LOG = `
  CREATE TABLE log (
    base_offset INTEGER PRIMARY KEY,
    last_offset INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    counters BLOB NOT NULL,
    header BLOB NOT NULL,
    frames BLOB NOT NULL
  ) STRICT`

export const DELIVERY_PAGE = `
  CREATE TABLE delivery_page (
    lane INTEGER NOT NULL,
    state_id INTEGER NOT NULL,
    page_no INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    folded_seq INTEGER NOT NULL,
    counters BLOB NOT NULL,
    runs BLOB NOT NULL,
    PRIMARY KEY (lane, state_id, page_no)
  ) STRICT, WITHOUT ROWID`

export const DELIVERY_RING = `
  CREATE TABLE delivery_ring (
    lane INTEGER NOT NULL,
    state_id INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    folded_seq INTEGER NOT NULL,
    counters BLOB NOT NULL,
    transitions BLOB NOT NULL,
    PRIMARY KEY (lane, state_id, slot)
  ) STRICT, WITHOUT ROWID`

/** Frames on their way to another object. */
export const OUTBOX = `
  CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY,
    target TEXT NOT NULL,
    key_hash INTEGER NOT NULL,
    frame BLOB NOT NULL
  ) STRICT`

/** The highest sequence taken from each source. */
export const INBOX = `
  CREATE TABLE inbox (
    source TEXT NOT NULL,
    incarnation INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (source, incarnation)
  ) STRICT, WITHOUT ROWID`

/** What has a name in a namespace, with the step that is under way. */
export const ENTRY = `
  CREATE TABLE entry (
    kind TEXT NOT NULL CHECK (kind IN ('queue', 'topic')),
    name TEXT NOT NULL,
    step TEXT NOT NULL CHECK (step IN ('creating', 'altering', 'deleting', 'ready')),
    incarnation INTEGER NOT NULL,
    version INTEGER NOT NULL,
    settings TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (kind, name)
  ) STRICT, WITHOUT ROWID`

/** The namespace's counter for incarnations and versions, which never goes back; one row. */
export const COUNTER = `
  CREATE TABLE counter (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    schema_version INTEGER NOT NULL,
    value INTEGER NOT NULL
  ) STRICT`

/** Earliest expiry among a row's frames, or null. */
export const LOG_EXPIRES_AT = "ALTER TABLE log ADD COLUMN expires_at INTEGER"

/** Rows that never expire are not in it, and cost nothing more to write. */
export const LOG_EXPIRY = "CREATE INDEX log_expiry ON log (expires_at) WHERE expires_at IS NOT NULL"

/** Messages that wait for a time of their own: runs of neighbours with the same one, by their first id. */
export const SCHEDULED = `
  CREATE TABLE scheduled (
    message_id INTEGER PRIMARY KEY,
    due_at INTEGER NOT NULL,
    header BLOB NOT NULL,
    frames BLOB NOT NULL
  ) STRICT`

export const SCHEDULED_DUE = "CREATE INDEX scheduled_due ON scheduled (due_at)"

/** Deduplication ids, many to a row. */
export const DEDUP = `
  CREATE TABLE dedup (
    no INTEGER PRIMARY KEY,
    expires_at INTEGER NOT NULL,
    ids BLOB NOT NULL
  ) STRICT`

/** What receives with an attempt id handed out. */
export const RECEIVE_ATTEMPT = `
  CREATE TABLE receive_attempt (
    id TEXT PRIMARY KEY,
    expires_at INTEGER NOT NULL,
    leases BLOB NOT NULL
  ) STRICT, WITHOUT ROWID`

/** The newest redrives; a task is JSON. */
export const REDRIVE = `
  CREATE TABLE redrive (
    no INTEGER PRIMARY KEY,
    task TEXT NOT NULL
  ) STRICT`

/** The counters of a commit that writes no row in which they could ride; one row. */
export const COUNTERS = `
  CREATE TABLE counters (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    seq INTEGER NOT NULL,
    counters BLOB NOT NULL
  ) STRICT`

/** Producers with a name: its id, and the epoch of whoever opened it last. */
export const NAMED_PRODUCER = `
  CREATE TABLE named_producer (
    name TEXT PRIMARY KEY,
    producer_id INTEGER NOT NULL,
    epoch INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`

/** The last batches of each producer of a partition or queue. */
export const PRODUCER = `
  CREATE TABLE producer (
    id INTEGER PRIMARY KEY,
    epoch INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    batches BLOB NOT NULL
  ) STRICT`

/** The newest record of each key, of a topic that is compacted; for a tombstone also when compaction first met it. */
export const LATEST_KEY = `
  CREATE TABLE latest_key (
    key BLOB PRIMARY KEY,
    "offset" INTEGER NOT NULL,
    met_at INTEGER
  ) STRICT, WITHOUT ROWID`

/** Keys whose newest record is no tombstone are not in it. */
export const LATEST_KEY_MET = "CREATE INDEX latest_key_met ON latest_key (met_at) WHERE met_at IS NOT NULL"

/** How far compaction came; one row. */
export const COMPACTION = `
  CREATE TABLE compaction (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    index_next INTEGER,
    clean_offset INTEGER NOT NULL,
    clean_bytes INTEGER NOT NULL,
    pass_next INTEGER,
    pass_end INTEGER
  ) STRICT`

/** Where a consumer group stands in a partition, and who may read and commit for it. */
export const GROUP_OFFSET = `
  CREATE TABLE group_offset (
    name TEXT PRIMARY KEY,
    generation INTEGER NOT NULL,
    member_id TEXT,
    epoch INTEGER NOT NULL,
    committed_offset INTEGER,
    metadata TEXT NOT NULL,
    committed_at INTEGER NOT NULL,
    read_limit INTEGER
  ) STRICT, WITHOUT ROWID`

/** Where the log ended when partitions were added with key order kept, by their number from then on. */
export const BARRIER = `
  CREATE TABLE barrier (
    partitions INTEGER PRIMARY KEY,
    "offset" INTEGER NOT NULL
  ) STRICT`

/** The share groups of a partition; \`id\` is that of their delivery state and never used again. */
export const SHARE = `
  CREATE TABLE share (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    generation INTEGER NOT NULL,
    version INTEGER NOT NULL,
    settings TEXT NOT NULL,
    initial_offset INTEGER NOT NULL
  ) STRICT`

/** What is true of a group as a whole, in one row; its epoch never goes back. */
export const GROUP_EPOCH = `
  CREATE TABLE group_epoch (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    epoch INTEGER NOT NULL,
    empty_since INTEGER,
    restarted_at INTEGER,
    is_rebalance_owed INTEGER NOT NULL DEFAULT 0,
    is_ending INTEGER NOT NULL DEFAULT 0
  ) STRICT`

/** Members of a group. Heartbeats are in memory; \`heard_at\` is written by coordinators that live too short for that. */
export const MEMBER = `
  CREATE TABLE member (
    id TEXT PRIMARY KEY,
    instance_id TEXT,
    subscription TEXT NOT NULL,
    joined_at INTEGER NOT NULL,
    heard_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`

/** Who has each partition of a topic and who is to have it, as JSON: a row per topic, however many partitions. */
export const ASSIGNMENT = `
  CREATE TABLE assignment (
    topic TEXT PRIMARY KEY,
    incarnation INTEGER NOT NULL,
    partitions TEXT NOT NULL
  ) STRICT, WITHOUT ROWID`

/** Entries know groups too, and a topic that grows keeps what it is to become while it still resolves as it was. */
export const ENTRY_WITH_GROUPS = `
  CREATE TABLE entry_next (
    kind TEXT NOT NULL CHECK (kind IN ('queue', 'topic', 'group')),
    name TEXT NOT NULL,
    step TEXT NOT NULL CHECK (step IN ('creating', 'altering', 'growing', 'deleting', 'ready')),
    incarnation INTEGER NOT NULL,
    version INTEGER NOT NULL,
    settings TEXT NOT NULL,
    pending TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (kind, name)
  ) STRICT, WITHOUT ROWID`
export const COPY_ENTRIES = `
  INSERT INTO entry_next (kind, name, step, incarnation, version, settings, created_at, updated_at)
  SELECT kind, name, step, incarnation, version, settings, created_at, updated_at FROM entry`
export const REPLACE_ENTRIES = ["DROP TABLE entry", "ALTER TABLE entry_next RENAME TO entry"] as const

/** Queues that were deleted a short time ago. */
export const DELETED_QUEUE = `
  CREATE TABLE deleted_queue (
    name TEXT PRIMARY KEY,
    deleted_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`

/** When a producer was opened last: of too many, those opened longest ago are forgotten. */
export const NAMED_PRODUCER_OPENED_AT = "ALTER TABLE named_producer ADD COLUMN opened_at INTEGER NOT NULL DEFAULT 0"
export const NAMED_PRODUCER_AGE = "CREATE INDEX named_producer_age ON named_producer (opened_at)"

/** What an access key is good for, and its secret, encrypted; one row. */
export const ACCESS_KEY = `
  CREATE TABLE access_key (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    schema_version INTEGER NOT NULL,
    namespace TEXT NOT NULL,
    account_id TEXT NOT NULL,
    subject TEXT,
    rights TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    sealed_secret BLOB NOT NULL
  ) STRICT`
