import type { Failure } from "../core/errors.ts"
import { err, type Result } from "../core/result.ts"

/** While each turn brings more commands, a commit waits for as many: a burst is one commit, and none waits for long. */
const COLLECT_TURNS = 8

/** One command of a commit: `run` inside the transaction, `done` after it. */
export interface Command<Engine> {
  readonly run: (engine: Result<Engine, Failure>, now: number) => void
  readonly done: () => void
}

/** The commands that wait for the next commit, in order of arrival. */
export class Commands<Engine> {
  #waiting: Command<Engine>[] = []

  get length(): number {
    return this.#waiting.length
  }

  /** Answers whether it is the first. */
  add(command: Command<Engine>): boolean {
    return this.#waiting.push(command) === 1
  }

  /** All of them; they wait no longer. */
  take(): readonly Command<Engine>[] {
    const taken = this.#waiting
    this.#waiting = []
    return taken
  }

  /**
   * Lets more of them come until the commit before is on disk. A microtask would collect nothing, as commands come as
   * separate events; a timer of no time takes a millisecond.
   */
  async collect(storage: { sync(): Promise<void> }): Promise<void> {
    for (let turn = 0, seen = 0; turn < COLLECT_TURNS && this.length > seen; turn++) {
      seen = this.length
      await storage.sync()
    }
  }
}

/** Tells whoever waits for them that none of them was done. */
export function refuse<Engine>(commands: readonly Command<Engine>[], failure: Failure, now: number): void {
  for (const command of commands) {
    command.run(err(failure), now)
    command.done()
  }
}
