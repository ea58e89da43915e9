import type { Platform } from "./platform.ts"
import type { SimDatabase } from "./sim-database.ts"

/** All writes of one turn. */
interface Commit {
  state: "open" | "on its way" | "durable"
  /** The alarm that it sets; undefined where it sets none. */
  alarm: number | null | undefined
  /** What may leave once it is durable. */
  readonly held: (() => void)[]
}

/** What commits tell their object. */
export interface CommitHost {
  readonly name: string
  /** The alarm that is on disk now. */
  alarmIsDurable(at: number | null): void
  /** A commit failed, and was taken back with all that came later. */
  commitFailed(): void
  /** Something goes on, or left. */
  commitIsDurable(): void
}

/**
 * The commits of one object that are not all durable yet, each a savepoint inside the one before it: so whatever a
 * crash loses is taken back, and nothing else. What leaves the object waits for the commits before it.
 */
export class CommitLog {
  /** The next commit fails. */
  failsNext = false
  readonly #platform: Platform
  readonly #database: SimDatabase
  readonly #host: CommitHost
  #commits: Commit[] = []
  #durableAt = 0
  /** Tells the disk's answers from those to a life before a crash. */
  #life = 0

  constructor(platform: Platform, database: SimDatabase, host: CommitHost) {
    this.#platform = platform
    this.#database = database
    this.#host = host
  }

  get isEmpty(): boolean {
    return this.#commits.length === 0
  }

  /** Something is about to be written. */
  open(): Commit {
    const last = this.#commits.at(-1)
    if (last?.state === "open") return last
    this.#database.savepoint(nameOf(this.#commits.length))
    const commit: Commit = { state: "open", alarm: undefined, held: [] }
    this.#commits.push(commit)
    return commit
  }

  setAlarm(at: number | null): void {
    this.open().alarm = at
  }

  /** Has `leave` wait for what was written until now; false where there is nothing to wait for. */
  hold(leave: () => void): boolean {
    const last = this.#commits.at(-1)
    if (last === undefined || last.state === "durable") return false
    last.held.push(leave)
    return true
  }

  /** The turn is over: what it wrote is on its way to the disk. */
  seal(): void {
    const commit = this.#commits.at(-1)
    if (commit?.state !== "open") return
    commit.state = "on its way"
    const { loop, profile } = this.#platform
    this.#platform.counts.commits++
    const fails = this.failsNext || this.#platform.strikes("failCommit")
    this.failsNext = false
    this.#durableAt = Math.max(this.#durableAt, loop.now + this.#platform.drawMs(profile.delays.commitMs))
    const life = this.#life
    loop.at(this.#durableAt, () => {
      if (life !== this.#life) return
      if (fails) this.#failed(commit)
      else this.#durable(commit)
    })
  }

  /** A crash. Of what is on its way to the disk, the first `kept` got there, and nobody hears of it. */
  crash(kept: number): void {
    for (const commit of this.#commits.filter(({ state }) => state === "on its way").slice(0, kept)) {
      this.#markDurable(commit)
    }
    this.#takeBack(this.#commits.findIndex(({ state }) => state !== "durable"))
  }

  /** Commits on their way to the disk. */
  get underWay(): number {
    return this.#commits.filter(({ state }) => state === "on its way").length
  }

  #durable(commit: Commit): void {
    this.#platform.note(this.#host.name, "commit is durable")
    this.#markDurable(commit)
    if (this.#commits.at(-1) === commit) this.#endAll()
    for (const leave of commit.held) leave()
    this.#host.commitIsDurable()
  }

  #markDurable(commit: Commit): void {
    commit.state = "durable"
    if (commit.alarm !== undefined) this.#host.alarmIsDurable(commit.alarm)
  }

  #failed(commit: Commit): void {
    this.#platform.note(this.#host.name, "commit failed")
    this.#takeBack(this.#commits.indexOf(commit))
    this.#host.commitFailed()
  }

  /** Undoes commits from the one at `first` on; -1 for none. */
  #takeBack(first: number): void {
    if (first !== -1) this.#database.rollbackTo(nameOf(first))
    this.#endAll()
  }

  #endAll(): void {
    if (this.#commits.length > 0) this.#database.release(nameOf(0))
    this.#commits = []
    this.#life++
  }
}

function nameOf(index: number): string {
  return `commit_${index}`
}
