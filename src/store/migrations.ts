import type { Database } from "./database.ts"
import {
  ACCESS_KEY,
  ASSIGNMENT,
  BARRIER,
  COMPACTION,
  COPY_ENTRIES,
  COUNTER,
  COUNTERS,
  DEDUP,
  DELETED_QUEUE,
  DELIVERY_PAGE,
  DELIVERY_RING,
  ENTRY,
  ENTRY_WITH_GROUPS,
  GROUP_EPOCH,
  GROUP_OFFSET,
  IDENTITY,
  INBOX,
  LATEST_KEY,
  LATEST_KEY_MET,
  LOG,
  LOG_EXPIRES_AT,
  LOG_EXPIRY,
  MEMBER,
  NAMED_PRODUCER,
  NAMED_PRODUCER_AGE,
  NAMED_PRODUCER_OPENED_AT,
  OUTBOX,
  PRODUCER,
  RECEIVE_ATTEMPT,
  REDRIVE,
  REPLACE_ENTRIES,
  SCHEDULED,
  SCHEDULED_DUE,
  SHARE,
} from "./tables.ts"

/** The order of all DDL, per kind of object; entry n brings a database from schema version n to n + 1. */
export const MIGRATIONS = {
  queue: [
    [IDENTITY, LOG, DELIVERY_PAGE, DELIVERY_RING, OUTBOX, INBOX],
    [LOG_EXPIRES_AT, LOG_EXPIRY, SCHEDULED, SCHEDULED_DUE, DEDUP, RECEIVE_ATTEMPT, REDRIVE, COUNTERS],
    [PRODUCER],
  ],
  // the column without the index: nothing in a partition expires by itself, and one set of statements writes both
  partition: [
    [IDENTITY, LOG],
    [LOG_EXPIRES_AT],
    [PRODUCER, LATEST_KEY, LATEST_KEY_MET, COMPACTION],
    [GROUP_OFFSET, BARRIER, SHARE, DELIVERY_PAGE, DELIVERY_RING, OUTBOX, INBOX],
  ],
  catalog: [
    [ENTRY, COUNTER],
    [NAMED_PRODUCER],
    [ENTRY_WITH_GROUPS, COPY_ENTRIES, ...REPLACE_ENTRIES, NAMED_PRODUCER_OPENED_AT, NAMED_PRODUCER_AGE],
    [DELETED_QUEUE],
  ],
  group: [[IDENTITY, GROUP_EPOCH, MEMBER, ASSIGNMENT]],
  "access-key": [[ACCESS_KEY]],
} as const satisfies Record<string, readonly (readonly string[])[]>

/** A kind of object that stores something. */
export type StoreKind = keyof typeof MIGRATIONS

/** The schema version that this code writes. */
export function schemaVersion(kind: StoreKind): number {
  return MIGRATIONS[kind].length
}

/** Applies what is missing from version `from` on. Call inside a transaction. */
export function migrate(database: Database, kind: StoreKind, from: number): void {
  const steps: readonly (readonly string[])[] = MIGRATIONS[kind]
  for (const statements of steps.slice(from)) for (const statement of statements) database.run(statement)
}

/** Whether the object was ever created: a look that writes nothing. */
export function hasTable(database: Database, table: string): boolean {
  return database.all("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", table).length > 0
}
