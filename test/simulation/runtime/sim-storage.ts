import type { CommitLog } from "./commit-log.ts"
import type { SimCursor, SimDatabase } from "./sim-database.ts"

/** What storage needs of the instance that works on it. */
export interface StorageHost {
  readonly isAlive: boolean
  readonly database: SimDatabase
  readonly commits: CommitLog
  /** As the instance sees it. */
  alarmAt: number | null
  /** Resolves in a turn of its own, before anything else gets to the object. */
  settleSoon(): Promise<void>
  /** Goes on in a turn of its own, once what was written is durable. */
  resumeWhenDurable(resume: () => void): void
}

/** `ctx.storage` of one instance. */
export class SimStorage {
  readonly sql: { exec(sql: string, ...values: unknown[]): SimCursor; readonly databaseSize: number }
  readonly #host: StorageHost
  /** Transactions that are open, and whether each has written. */
  readonly #transactions: { hasSavepoint: boolean }[] = []

  constructor(host: StorageHost) {
    this.#host = host
    this.sql = {
      exec: (sql, ...values) => {
        this.#check()
        return host.database.exec(sql, values, () => this.#beforeWrite())
      },
      get databaseSize(): number {
        return host.database.sizeBytes
      },
    }
  }

  transactionSync<T>(body: () => T): T {
    this.#check()
    const { database } = this.#host
    const transaction = { hasSavepoint: false }
    const name = transactionName(this.#transactions.push(transaction) - 1)
    try {
      const result = body()
      // after an abort the database is another instance's
      if (transaction.hasSavepoint && this.#host.isAlive) database.release(name)
      return result
    } catch (error) {
      if (transaction.hasSavepoint && this.#host.isAlive) {
        database.rollbackTo(name)
        database.release(name)
      }
      throw error
    } finally {
      this.#transactions.pop()
    }
  }

  sync(): Promise<void> {
    return new Promise((resolve) => this.#host.resumeWhenDurable(resolve))
  }

  async getAlarm(): Promise<number | null> {
    if (!this.#host.isAlive) return never()
    const { alarmAt } = this.#host
    await this.#host.settleSoon()
    return alarmAt
  }

  async setAlarm(at: number | Date): Promise<void> {
    if (!this.#host.isAlive) return never()
    this.#host.alarmAt = Number(at)
    this.#host.commits.setAlarm(this.#host.alarmAt)
    await this.#host.settleSoon()
  }

  async deleteAll(): Promise<void> {
    if (!this.#host.isAlive) return never()
    this.#beforeWrite()
    this.#host.database.dropTables()
    this.#host.alarmAt = null
    this.#host.commits.setAlarm(null)
    await this.#host.settleSoon()
  }

  #beforeWrite(): void {
    const { database, commits } = this.#host
    commits.open()
    for (const [depth, transaction] of this.#transactions.entries()) {
      if (transaction.hasSavepoint) continue
      database.savepoint(transactionName(depth))
      transaction.hasSavepoint = true
    }
  }

  #check(): void {
    if (!this.#host.isAlive) throw new Error("the object was reset")
  }
}

/** Nothing goes on in an object that was reset. */
function never(): Promise<never> {
  return new Promise(() => {})
}

function transactionName(depth: number): string {
  return `transaction_${depth}`
}
