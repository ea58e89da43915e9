import { expect } from "vitest"
import { RETENTION_SWEEP_MS } from "../../../src/core/limits.ts"
import { decodeSubmissions } from "../../../src/core/log/submission.ts"
import { isCompacted, type TopicSettings } from "../../../src/core/stream/settings.ts"
import { CompactionScene, mapOf, type Placed, Planted } from "./compaction-scene.ts"
import { expectAllowedStart, PartitionModel } from "./partition-model.ts"
import { batchOf, type Command, type Step, termsOf, valued } from "./partition-model-steps.ts"

const NEVER_MS = Number.POSITIVE_INFINITY

/** A partition beside its model: every step is taken by both, and every commit is compared. */
export class PartitionRun {
  readonly scene: CompactionScene
  #model = new PartitionModel()
  /** What can be read, in offset order. */
  #readable: readonly Placed[] = []
  #everCompacted = false
  #leastLagMs = NEVER_MS
  #latestAt: number
  #wentBack = false

  constructor(settings: Partial<TopicSettings>) {
    this.scene = new CompactionScene(settings, { rows: 2, bytes: 6_000, records: 8 })
    this.scene.sweepRows = 2
    this.#latestAt = this.scene.now
    this.#noteSettings()
  }

  take(step: Step, alternatives: readonly Partial<TopicSettings>[]): void {
    switch (step.type) {
      case "commit":
        return this.#commit(step)
      case "wait":
        return this.wait(step.ms)
      case "clockBack":
        this.scene.now -= step.ms
        this.#wentBack = true
        return
      case "restart":
        this.scene.restart()
        return this.#compare()
      case "settings":
        return this.#change(alternatives[step.index % alternatives.length]!)
      case "read":
        return this.#read(step)
      case "lookUp":
        return this.#lookUp(this.scene.now - step.agoMs)
    }
  }

  /** Lets time go by with every commit that is due, and looks at what is left when nothing is. */
  wait(ms: number): void {
    const until = this.scene.now + ms
    for (let commits = 0; ; commits++) {
      const dueAt = this.#dueAt()
      if (dueAt === null || dueAt > until) break
      if (commits > 10_000) throw new Error("always something due")
      this.#advanceTo(Math.max(this.scene.now, dueAt))
      this.#commit({ commands: [], failAfter: null })
    }
    this.#advanceTo(until)
    this.#expectNothingOverdue()
  }

  /** What must hold once compaction has come to its end. */
  finish(): void {
    this.wait(60_000)
    const { scene } = this
    if (!isCompacted(scene.settings)) return
    for (const key of new Set(this.#model.records.map((record) => record.key))) {
      if (key === null) continue
      const newest = this.#readable.findLast((record) => record.key === key)
      const expected = newest?.value === null ? "tombstone" : newest ? `${newest.offset}=${newest.value}` : "not_found"
      expect(scene.latest(key), key).toBe(expected)
    }
    const stored = scene.read(scene.rows()[0]?.baseOffset ?? 0, 10_000, 4 * 1024 * 1024).placed
    expect(stored.flatMap(({ key }) => key ?? [])).toEqual(expect.arrayContaining(scene.keys()))
  }

  #commit({
    commands,
    failAfter,
    afterMs = 0,
  }: {
    commands: readonly Command[]
    failAfter: number | null
    afterMs?: number
  }): void {
    const { scene } = this
    this.#advanceTo(scene.now + afterMs)
    const rows = scene.rows()
    const readable = this.#readable
    let appendedBytes = -scene.partition.statistics.bytes
    let model = this.#model
    try {
      scene.failAfter = failAfter
      scene.commit(() => {
        for (const command of commands) model = this.#apply(command, model)
        appendedBytes += scene.partition.statistics.bytes
      })
    } catch (error) {
      if (!(error instanceof Planted)) throw error
      return this.#compare()
    } finally {
      scene.failAfter = null
    }
    const { startOffset } = scene.partition
    expectAllowedStart(model, startOffset, scene.settings, scene.now, { rows, readable, appendedBytes })
    this.#adopt(model.after(startOffset, scene.now))
  }

  #adopt(model: PartitionModel): void {
    const added = model.records.slice(this.#model.endOffset)
    this.scene.appended.push(...added.map(({ offset, key, value }) => ({ offset, key, value })))
    this.#model = model
    this.#compare()
  }

  /** Does a command within a commit, and answers the model after it. */
  #apply(command: Command, model: PartitionModel): PartitionModel {
    const { partition, now } = this.scene
    if (command.type === "trim") {
      const offset = Math.floor(model.endOffset * command.share)
      expect(partition.trim(offset)).toMatchObject({ ok: true, value: { endOffset: model.endOffset } })
      const beyond = partition.trim(model.endOffset + 1)
      expect(beyond).toEqual({ ok: false, error: { code: "offset_out_of_range", latestOffset: model.endOffset } })
      return model.trimmed(offset)
    }
    const terms = termsOf(command, model)
    const records = command.records.map(valued)
    const { answer, model: next } = model.append(records, terms, now)
    const appended = partition.append(decodeSubmissions(batchOf(records)), terms, now)
    expect(appended).toMatchObject(answer)
    return next
  }

  #change(settings: Partial<TopicSettings>): void {
    const { scene } = this
    const rows = scene.rows()
    const readable = this.#readable
    scene.settings = { ...scene.settings, ...settings }
    this.#noteSettings()
    scene.change({})
    const { startOffset } = scene.partition
    expectAllowedStart(this.#model, startOffset, scene.settings, scene.now, { rows, readable, appendedBytes: 0 })
    this.#adopt(this.#model.after(startOffset, scene.now))
  }

  #noteSettings(): void {
    const { settings } = this.scene
    if (!isCompacted(settings)) return
    this.#everCompacted = true
    this.#leastLagMs = Math.min(this.#leastLagMs, settings.minCompactionLagMs)
  }

  #advanceTo(now: number): void {
    this.scene.now = now
    this.#latestAt = Math.max(this.#latestAt, now)
  }

  #dueAt(): number | null {
    const { partition, compaction, now, hasGarbage } = this.scene
    if (hasGarbage) return now
    const instants = [partition.nextDeadlineAt(), compaction.nextDeadlineAt(partition)].filter((at) => at !== null)
    return instants.length > 0 ? Math.min(...instants) : null
  }

  /** Storage and memory are what the model says. */
  #compare(): void {
    const { scene } = this
    const { startOffset, endOffset, records } = this.#model
    const rows = scene.rows()
    const bytes = rows.reduce((sum, row) => sum + row.bytes, 0)
    const { lastAppendedAt } = this.#model
    expect(scene.partition.statistics).toEqual({ startOffset, endOffset, bytes, lastAppendedAt })
    const earliest = { code: "offset_trimmed", earliestOffset: startOffset }
    expect(scene.partition.checkOffset(startOffset - 1)).toEqual(earliest)
    expect(scene.partition.checkOffset(startOffset)).toBeNull()
    expect(scene.partition.checkOffset(endOffset)).toBeNull()
    expect(scene.partition.checkOffset(endOffset + 1)).toEqual({ code: "offset_out_of_range", latestOffset: endOffset })
    const stored = rows.flatMap((row) => row.header().entries)
    for (const { offset, appendedAt } of stored) expect(appendedAt).toBe(records[offset]?.appendedAt)
    this.#compareRecords(scene.readAll())
  }

  /** What is read is what was appended, in its order; what is missing was compaction's to drop. */
  #compareRecords(read: readonly Placed[]): void {
    this.#readable = read
    const kept = this.#model.records.slice(this.#model.startOffset)
    const byOffset = new Map(read.map((record) => [record.offset, record]))
    expect(read.map(({ offset }) => offset)).toEqual([...byOffset.keys()].sort((a, b) => a - b))
    for (const record of kept) {
      const found = byOffset.get(record.offset)
      if (found) expect(found).toEqual({ offset: record.offset, key: record.key, value: record.value })
      else this.#expectDroppable(record.offset)
      byOffset.delete(record.offset)
    }
    expect([...byOffset.keys()], "records that were never appended, or stand before the log start").toEqual([])
    expect(mapOf(read)).toEqual(mapOf(kept))
  }

  #expectDroppable(offset: number): void {
    const { key, value, appendedAt } = this.#model.records[offset]!
    const { deleteRetentionMs } = this.scene.settings
    expect(this.#everCompacted && key !== null, `record ${offset} is gone`).toBe(true)
    expect(appendedAt + this.#leastLagMs, `record ${offset} was too young to go`).toBeLessThanOrEqual(this.#latestAt)
    const isReplaced = this.#model.records.some((record) => record.offset > offset && record.key === key)
    if (isReplaced) return
    expect(value, `record ${offset} was the newest of its key`).toBeNull()
    if (!this.#wentBack) expect(appendedAt + deleteRetentionMs).toBeLessThanOrEqual(this.#latestAt)
  }

  /** Nothing is kept much longer than the settings say. */
  #expectNothingOverdue(): void {
    const { settings, now, partition } = this.scene
    const { startOffset } = this.#model
    const rows = this.scene.rows()
    const left = rows.filter((row) => row.lastOffset >= startOffset)
    const garbage = rows.filter((row) => row.lastOffset < startOffset && row.baseOffset !== partition.newestRow)
    expect(garbage, "rows behind the log start").toEqual([])
    const [first] = left
    if (!first || settings.cleanup === "compact") return
    const { retentionMs, retentionBytes } = settings
    const newestAt = first.header().entries.at(-1)!.appendedAt
    if (retentionMs !== null) expect(newestAt + retentionMs + RETENTION_SWEEP_MS).toBeGreaterThan(now)
    const otherBytes = left.slice(1).reduce((sum, { bytes }) => sum + bytes, 0)
    if (retentionBytes !== null && left.length > 1) expect(otherBytes).toBeLessThan(retentionBytes)
  }

  #read({ share, maxRecords, maxBytes }: Step & { type: "read" }): void {
    const { startOffset, endOffset } = this.#model
    const offset = startOffset + Math.floor((endOffset - startOffset) * share)
    const { placed, nextOffset, damaged } = this.scene.read(offset, maxRecords, maxBytes)
    const there = this.#readable.filter((record) => record.offset >= offset)
    expect(damaged).toEqual([])
    expect(placed).toEqual(there.slice(0, placed.length))
    expect(placed.length).toBeLessThanOrEqual(maxRecords)
    expect(placed.length > 0).toBe(there.length > 0)
    const bytes = placed.slice(1).reduce((sum, { key, value }) => sum + (key?.length ?? 0) + (value?.length ?? 0), 0)
    expect(bytes).toBeLessThanOrEqual(maxBytes)
    // what stands between the last record and where to go on is nothing
    expect(there.slice(placed.length).every((record) => record.offset >= nextOffset)).toBe(true)
    expect(nextOffset).toBeGreaterThan(placed.at(-1)?.offset ?? offset - 1)
  }

  #lookUp(timestamp: number): void {
    const found = this.#readable.find(({ offset }) => this.#model.records[offset]!.appendedAt >= timestamp)
    const answer = this.scene.partition.offsetAt(timestamp)
    if (!found) expect(answer).toEqual({ offset: this.#model.endOffset, timestamp: null })
    else expect(answer).toEqual({ offset: found.offset, timestamp: this.#model.records[found.offset]!.appendedAt })
  }
}
