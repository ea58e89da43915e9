import type { Failure } from "../../errors.ts"
import { MAX_DEPARTURES_PER_COMMIT, MAX_REDRIVE_BACKLOG, MAX_REDRIVE_SLICE, MAX_REDRIVES } from "../../limits.ts"
import { decodeOrNull } from "../../log/read.ts"
import { err, ok, type Result } from "../../result.ts"
import type { RedriveRow } from "../changes.ts"
import { readDeadLetter } from "../dead-letter.ts"
import type { QueueState } from "../queue-state.ts"
import type { Redrive, RedriveRequest } from "./commands.ts"
import { isExpired } from "./describe.ts"
import { matchesContent, matchesTime } from "./filter.ts"
import { RateLimit } from "./rate-limit.ts"
import { ScanBudget } from "./scan-budget.ts"
import { type LogMessageState, scanLog, ScanReader } from "./scan.ts"

/** Moves of one slice: half of what a commit may move, for dead letters must not wait until a redrive is done. */
const MAX_MOVES = MAX_DEPARTURES_PER_COMMIT / 2

const IN_LOG: ReadonlySet<LogMessageState> = new Set(["ready", "delayed", "in_flight"])

/**
 * Redrives of a queue: one at a time, a slice in each commit. How far it came is stored with what it moved, so
 * that one that was interrupted goes on exactly there.
 */
export class Redrives {
  readonly #state: QueueState
  /** The newest first; no other than the first can be running. */
  #all: Redrive[]
  #limit: RateLimit | null
  /** By their numbers: one may end and the next begin in the same commit. */
  readonly #changed = new Map<number, Redrive>()

  constructor(state: QueueState, stored: readonly RedriveRow[]) {
    this.#state = state
    this.#all = stored.map(({ task }) => JSON.parse(task) as Redrive).sort((a, b) => b.no - a.no)
    this.#limit = limitOf(this.#all[0])
  }

  /** Those that are remembered, the newest first. */
  get all(): readonly Redrive[] {
    return this.#all
  }

  /** When the next slice may run, or null: at once for one without a rate. */
  get nextAt(): number | null {
    const running = this.#running
    // a full outbox calls by itself: each answer of a target is a commit
    if (!running || this.#state.forwarding > MAX_REDRIVE_BACKLOG) return null
    return this.#limit ? this.#limit.nextAt : running.updatedAt
  }

  /** Starts one over what is in the log now; `conflict` while one is running. */
  start(request: RedriveRequest, now: number): Result<Redrive, Failure> {
    if (this.#running) return err({ code: "conflict", detail: "a redrive is running" })
    const { log, delivery } = this.#state
    const redrive: Redrive = {
      queue: request.queue,
      filter: request.filter,
      maxMessagesPerSecond: request.maxMessagesPerSecond,
      no: (this.#all[0]?.no ?? 0) + 1,
      state: "running",
      offset: delivery.window.start,
      endOffset: log.committedEnd,
      moved: 0,
      skipped: 0,
      sourceless: 0,
      messages: waiting(this.#state),
      startedAt: now,
      updatedAt: now,
    }
    this.#all = [redrive, ...this.#all].slice(0, MAX_REDRIVES)
    this.#limit = limitOf(redrive)
    this.#changed.set(redrive.no, redrive)
    return ok(redrive)
  }

  /** Ends the one that is running, or where it has the number `no`; what it moved stays moved. */
  cancel(now: number, no?: number): Result<Redrive, Failure> {
    const running = this.#running
    if (!running || (no !== undefined && running.no !== no))
      return err({ code: "not_found", resource: "redrive", name: this.#state.identity.name })
    return ok(this.#update({ ...running, state: "cancelled", updatedAt: now }))
  }

  /** Moves a slice, where it is time for one. */
  run(now: number): void {
    const { nextAt } = this
    const running = this.#running
    if (!running || nextAt === null || nextAt > now) return
    const allowed = Math.min(MAX_MOVES, this.#state.departuresLeft, this.#limit?.available(now) ?? Infinity)
    if (allowed === 0) return
    const after = moveSlice(this.#state, running, allowed, now)
    this.#limit?.use(after.moved - running.moved)
    this.#update({ ...after, updatedAt: now, state: after.offset < after.endOffset ? "running" : "done" })
  }

  /** What the commit stores. */
  takeChanges(): readonly RedriveRow[] {
    const rows = [...this.#changed.values()].map((redrive) => ({ no: redrive.no, task: JSON.stringify(redrive) }))
    this.#changed.clear()
    return rows
  }

  get #running(): Redrive | null {
    const [newest] = this.#all
    return newest?.state === "running" ? newest : null
  }

  #update(redrive: Redrive): Redrive {
    this.#all[0] = redrive
    this.#changed.set(redrive.no, redrive)
    return redrive
  }
}

/** Messages in the log without those in flight; about so many while others are being sent. */
function waiting({ log, delivery: { counts, window } }: QueueState): number {
  return Math.max(0, counts.available + counts.delayed + log.committedEnd - window.end)
}

/** Its permits begin anew where an earlier instance left off: those of that time that were not used are lost. */
function limitOf(redrive: Redrive | undefined): RateLimit | null {
  if (redrive?.state !== "running" || redrive.maxMessagesPerSecond === null) return null
  return new RateLimit(redrive.maxMessagesPerSecond, redrive.updatedAt, MAX_MOVES)
}

/** In the order of the log, so that a group keeps its order at the target. */
function moveSlice(state: QueueState, redrive: Redrive, allowed: number, now: number): Redrive {
  const budget = new ScanBudget(MAX_REDRIVE_SLICE)
  const reader = new ScanReader(state.log, budget)
  const range = { from: redrive.offset, to: redrive.endOffset, states: IN_LOG }
  let [moved, looked, sourceless] = [0, 0, 0]
  const offset = scanLog(state, range, budget, now, (offset, standing) => {
    if (moved === allowed) return false
    looked++
    const outcome = moveOne(state, redrive, { offset, standing, reader }, now)
    if (outcome === "moved") moved++
    if (outcome === "sourceless") sourceless++
    return true
  })
  return {
    ...redrive,
    offset,
    moved: redrive.moved + moved,
    skipped: redrive.skipped + looked - moved,
    sourceless: (redrive.sourceless ?? 0) + sourceless,
  }
}

interface Candidate {
  readonly offset: number
  readonly standing: LogMessageState
  readonly reader: ScanReader
}

type Outcome = "moved" | "left" | "sourceless"

/** Moves one message, unless it is not meant or has to stay. */
function moveOne(
  state: QueueState,
  { queue, filter }: Redrive,
  { offset, standing, reader }: Candidate,
  now: number,
): Outcome {
  if (standing === "in_flight" || isExpired(state, offset, standing, now)) return "left"
  if (!matchesTime(filter, state.log.timesOf(offset).appendedAt)) return "left"
  const { entry, frame } = reader.frameAt(offset)
  if (decodeOrNull(frame) === null || !matchesContent(filter, frame)) return "left"
  const target = queue ?? readDeadLetter(frame)?.queue ?? null
  if (target === null) return "sourceless"
  if (!state.remove(offset, now)) return "left"
  state.move(target, frame, entry?.keyHash ?? 0)
  state.counters.redriven++
  return "moved"
}
