import { liveOffsets, stateAt } from "../delivery/inspect.ts"
import { makeDue, postpone } from "../delivery/settle.ts"
import type { LogView } from "../delivery/types.ts"
import type { Place } from "../delivery/window.ts"
import type { QueueState } from "./queue-state.ts"

/**
 * The queue's own delay: it holds back the end of the log from the window until the messages there are old
 * enough. Log times never go back, so one position says it all.
 */
export class HeldBack {
  readonly #state: Pick<QueueState, "settings" | "log" | "delivery">
  /** Offsets below this one are old enough. */
  #end = 0

  constructor(state: Pick<QueueState, "settings" | "log" | "delivery">) {
    this.#state = state
  }

  /** First offset that cannot be delivered yet at `now`: the log's end where nothing is held back. */
  end(now: number): number {
    const { settings, log, delivery } = this.#state
    if (settings.delayMs === 0) return log.endOffset
    this.#end = this.#firstHeld(Math.max(this.#end, delivery.window.end), now)
    return this.#end
  }

  /** When the next message is old enough, or null. */
  get nextAt(): number | null {
    const { settings, log, delivery } = this.#state
    if (settings.delayMs === 0) return null
    this.#end = Math.max(this.#end, delivery.window.end)
    return this.#end < log.committedEnd ? this.#dueAt(this.#end) : null
  }

  /** The log as far as it can be delivered at `now`. */
  view(now: number): LogView {
    const { settings, log } = this.#state
    if (settings.delayMs === 0) return log
    return {
      endOffset: this.end(now),
      keyHashes: (from, to) => log.keyHashes(from, to),
      lengthOf: (offset) => log.lengthOf(offset),
    }
  }

  /** Delays what is held back of `[from, to)`, which came into the window for another reason. */
  delayWithin(from: number, to: number, appendedNowAt: number): void {
    const { settings, log, delivery } = this.#state
    if (settings.delayMs === 0) return
    for (let offset = from; offset < to; offset++) {
      const dueAt = offset < log.committedEnd ? this.#dueAt(offset) : appendedNowAt + settings.delayMs
      postpone(delivery, offset, dueAt)
    }
  }

  /** Holds what is delayed inside the window for as long as the settings say now. */
  settingsChanged(): void {
    const { delivery } = this.#state
    for (const offset of liveOffsets(delivery, 0)) {
      const at = stateAt(delivery, offset)
      // one that was delivered waits for its retry, and not for this
      if (at.kind !== "delayed" || at.attempt > 0) continue
      makeDue(delivery, delivery.window.find(offset) as Place)
      postpone(delivery, offset, this.#dueAt(offset))
    }
  }

  /**
   * First committed offset from `from` on that is not old enough, or the end of them. It is most often near, and
   * after a load anywhere: steps that double until they would pass the middle, so that few pages are read.
   */
  #firstHeld(from: number, now: number): number {
    let [low, high, step] = [from, this.#state.log.committedEnd, 1]
    // the window may reach beyond them
    let firstHeld = Math.max(from, high)
    while (low < high) {
      const probe = Math.min(low + step - 1, Math.floor((low + high) / 2))
      const dated = this.#firstDated(probe, high)
      if (dated < high && this.#dueAt(dated) <= now) {
        low = dated + 1
        step *= 2
        continue
      }
      if (dated < high) firstHeld = dated
      high = probe
    }
    return firstHeld
  }

  /** First offset of `[from, to)` whose row says its time, or `to`. */
  #firstDated(from: number, to: number): number {
    let offset = from
    while (offset < to && this.#state.log.timesOf(offset).appendedAt === null) offset++
    return offset
  }

  /** A damaged row says no time, and holds nothing up. */
  #dueAt(offset: number): number {
    return (this.#state.log.timesOf(offset).appendedAt ?? 0) + this.#state.settings.delayMs
  }
}
