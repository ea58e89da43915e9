/** How late an alarm may be before it counts as lost and is armed again. */
const LOST_AFTER_MS = 2_000

/** The part of a Durable Object's storage that alarms need. */
interface AlarmStorage {
  getAlarm(): Promise<number | null>
  setAlarm(at: number): Promise<void>
}

/**
 * The object's one alarm, shared by all its deadlines. Arming is a billed row, so it is armed only when
 * nothing is armed or the new deadline is earlier; an alarm that finds nothing due arms the next.
 */
export class WakeUp {
  readonly #storage: AlarmStorage
  readonly #onArm: () => void
  #armedAt: number | null = null
  /** For when the last alarm was set that fired. */
  #firedFor = 0

  constructor(storage: AlarmStorage, onArm: () => void) {
    this.#storage = storage
    this.#onArm = onArm
  }

  /** Learns what is armed: by an earlier instance, or nothing any more where the alarm went with everything stored. */
  async load(): Promise<void> {
    this.#armedAt = await this.#storage.getAlarm()
  }

  /** Notes that the alarm for `scheduledAt` fired: nothing is armed any more. */
  fired(scheduledAt: number): void {
    this.#armedAt = null
    this.#firedFor = scheduledAt
  }

  /** Makes sure that an alarm comes at `at` or before. Null wants none. */
  wakeAt(at: number | null, now: number): void {
    if (at === null) return
    const isLost = this.#armedAt !== null && this.#armedAt < now - LOST_AFTER_MS
    if (this.#armedAt !== null && !isLost && this.#armedAt <= at) return
    const soonest = Math.max(at, now)
    // the runtime loses an alarm that is set to the millisecond that just fired; a clock that went back has it ahead
    const armAt = soonest === this.#firedFor ? soonest + 1 : soonest
    this.#armedAt = armAt
    this.#onArm()
    void this.#storage.setAlarm(armAt)
  }
}
