/** What SQLite stores and takes: BLOBs are Uint8Array on every platform. */
export type SqlValue = string | number | null | Uint8Array

/**
 * SQLite as the stores see it: synchronous, on `workerd` inside a Durable Object and on `node:sqlite` in
 * tests and simulation. Statements are constants; values are bound, never concatenated.
 */
export interface Database {
  /**
   * Runs a statement and answers all its rows. There is no cursor to leave half read: on `workerd` it can't be
   * closed and locks its table until it is collected.
   */
  all<Row extends object>(sql: string, ...values: SqlValue[]): Row[]
  /** Runs a statement that answers no rows. */
  run(sql: string, ...values: SqlValue[]): void
  /** Runs `body` in a transaction, which may lie within another: everything or, where it throws, nothing. */
  transaction<T>(body: () => T): T
}
