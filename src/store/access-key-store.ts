import type { StoredAccessKey } from "../core/access/access-key.ts"
import type { Rights } from "../core/access/rights.ts"
import type { Database } from "./database.ts"
import { hasTable, migrate, schemaVersion } from "./migrations.ts"

interface AccessKeyRow {
  namespace: string
  account_id: string
  subject: string | null
  rights: string
  created_at: number
  expires_at: number | null
  sealed_secret: Uint8Array
}

/** SQL for one access key. The table comes with the key: an object that was only asked has none. */
export class AccessKeyStore {
  readonly #database: Database

  /** Brings an older schema up to date. */
  constructor(database: Database) {
    this.#database = database
    this.#upgrade()
  }

  /** The key, or null where there never was one. */
  read(): StoredAccessKey | null {
    if (!this.#exists()) return null
    const [row] = this.#database.all<AccessKeyRow>(
      `SELECT namespace, account_id, subject, rights, created_at, expires_at, sealed_secret
       FROM access_key WHERE id = 0`,
    )
    return row ? fromRow(row) : null
  }

  /** Keeps a key where there is none. */
  insert(key: StoredAccessKey): void {
    this.#database.transaction(() => {
      migrate(this.#database, "access-key", 0)
      this.#database.run(
        `INSERT INTO access_key
         (id, schema_version, namespace, account_id, subject, rights, created_at, expires_at, sealed_secret)
         VALUES (0, ?, ?, ?, ?, ?, ?, ?, ?)`,
        schemaVersion("access-key"),
        key.namespace,
        key.accountId,
        key.subject,
        JSON.stringify(key.rights),
        key.createdAt,
        key.expiresAt,
        key.sealedSecret,
      )
    })
  }

  #exists(): boolean {
    return hasTable(this.#database, "access_key")
  }

  #upgrade(): void {
    if (!this.#exists()) return
    const [row] = this.#database.all<{ schema_version: number }>("SELECT schema_version FROM access_key WHERE id = 0")
    const from = row?.schema_version ?? 0
    if (from >= schemaVersion("access-key")) return
    this.#database.transaction(() => {
      migrate(this.#database, "access-key", from)
      this.#database.run("UPDATE access_key SET schema_version = ? WHERE id = 0", schemaVersion("access-key"))
    })
  }
}

function fromRow({ account_id, created_at, expires_at, sealed_secret, rights, ...row }: AccessKeyRow): StoredAccessKey {
  return {
    ...row,
    accountId: account_id,
    rights: JSON.parse(rights) as Rights,
    createdAt: created_at,
    expiresAt: expires_at,
    sealedSecret: sealed_secret,
  }
}
