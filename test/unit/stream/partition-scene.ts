import { decodeSubmissions, SubmissionWriter, type Submissions } from "../../../src/core/log/submission.ts"
import { readRecords } from "../../../src/core/log/read.ts"
import type { Failure } from "../../../src/core/errors.ts"
import type { Result } from "../../../src/core/result.ts"
import type { ProducerBatch } from "../../../src/core/producers/producer-state.ts"
import type { AppendReply, AppendTerms } from "../../../src/core/stream/commands.ts"
import type { Partition } from "../../../src/core/stream/partition.ts"
import { DEFAULT_TOPIC_SETTINGS, type TopicSettings } from "../../../src/core/stream/settings.ts"
import type { Database, SqlValue } from "../../../src/store/database.ts"
import { createIdentity } from "../../../src/store/identity-store.ts"
import { PartitionStore } from "../../../src/store/partition-store.ts"
import { readRows } from "../../../src/objects/partition-reader.ts"
import { NodeDatabase } from "../../support/node-database.ts"

const encoder = new TextEncoder()
const decoder = new TextDecoder()

const COUNTS = {
  log: "SELECT count(*) AS n FROM log",
  producer: "SELECT count(*) AS n FROM producer",
  group_offset: "SELECT count(*) AS n FROM group_offset",
} as const

/** A producer's terms for a batch. */
export function by(producerId: number, epoch: number, sequence: number): AppendTerms {
  const producer: ProducerBatch = { producerId, epoch, sequence }
  return { producer, expectedOffset: null }
}

/** Records without a key, as a Worker sends them. */
export function batchOf(bodies: readonly string[]): Submissions {
  const writer = new SubmissionWriter()
  for (const body of bodies) {
    writer.add({ format: "text", value: encoder.encode(body), key: null, headers: [], producedAt: null })
  }
  return decodeSubmissions(writer.finish())
}

/** A partition on a database of this process, with a clock that a test moves. */
export class PartitionScene {
  readonly database = new NodeDatabase()
  now = 1_000_000
  store = new PartitionStore(this.database)
  partition: Partition
  /** SQL that ran, oldest first. */
  readonly statements: string[] = []
  #settings: TopicSettings
  #hasGarbage = false

  constructor(settings: Partial<TopicSettings> = {}) {
    this.#settings = { ...DEFAULT_TOPIC_SETTINGS, ...settings }
    createIdentity(this.database, "partition", { incarnation: 1, version: 1, settings: "{}" })
    this.partition = this.restart()
  }

  /** Throws memory away and loads what is stored. */
  restart(): Partition {
    this.store = new PartitionStore(this.#watched())
    this.partition = this.store.load(1, this.#settings)
    this.#hasGarbage = this.store.hasGarbage(this.partition)
    return this.partition
  }

  configure(settings: Partial<TopicSettings>): void {
    this.#settings = { ...this.#settings, ...settings }
    this.store.writeBarriers(this.partition.applySettings(this.#settings))
    this.commit()
  }

  /** One commit at `now`, as the object makes it; its commands are what `run` does. */
  commit<T>(run?: (partition: Partition) => T): T | undefined {
    return this.database.transaction(() => {
      const { startOffset } = this.partition
      const result = run?.(this.partition)
      if (this.partition.settle(this.now) || this.partition.startOffset > startOffset) {
        this.#hasGarbage = this.store.hasGarbage(this.partition)
      }
      if (this.#hasGarbage) {
        this.store.sweep(this.partition, (rows) => rows.length)
        this.#hasGarbage = this.store.hasGarbage(this.partition)
      }
      const changes = this.partition.takeChanges(this.store.nextSeq(), this.now)
      if (changes) this.store.write(changes)
      return result
    })
  }

  /** Appends bodies in a commit of their own. */
  append(bodies: readonly string[], terms: AppendTerms | null = null): Result<AppendReply, Failure> {
    return this.commit((partition) => this.appendTo(partition, bodies, terms))!
  }

  /** `routedBy` is the number of partitions that the sender knows of. */
  appendTo(
    partition: Partition,
    bodies: readonly string[],
    terms: AppendTerms | null,
    routedBy?: number,
  ): Result<AppendReply, Failure> {
    return partition.append(batchOf(bodies), terms, this.now, routedBy)
  }

  /** Runs what is due until nothing is due before `until`; the clock ends there. Answers how many commits that took. */
  runUntil(until: number): number {
    let commits = 0
    for (;;) {
      const at = this.#hasGarbage ? this.now : this.partition.nextDeadlineAt()
      if (at === null || at > until) break
      this.now = Math.max(this.now, at)
      this.commit()
      if (++commits > 10_000) throw new Error("always something due")
    }
    this.now = until
    return commits
  }

  /** What a reader finds from the log start on. */
  bodies(): string[] {
    const { rows } = readRows(this.store.log, {
      offset: this.partition.startOffset,
      maxRecords: 100_000,
      maxBytes: 4 * 1024 * 1024,
    })
    const { records } = readRecords(rows, this.partition.startOffset, 100_000)
    return records.map(({ record }) => decoder.decode(record.value))
  }

  count(table: keyof typeof COUNTS): number {
    const [row] = this.database.all<{ n: number }>(COUNTS[table])
    return row!.n
  }

  #watched(): Database {
    const { database, statements } = this
    return {
      all<Row extends object>(sql: string, ...values: SqlValue[]): Row[] {
        statements.push(sql)
        return database.all<Row>(sql, ...values)
      },
      run(sql, ...values) {
        statements.push(sql)
        database.run(sql, ...values)
      },
      transaction: (body) => database.transaction(body),
    }
  }
}
