import type { CallOff } from "./loop.ts"
import type { Instance } from "./instance.ts"
import type { SimObject } from "./sim-object.ts"

const FIRST_RETRY_MS = 2_000
const MAX_RETRIES = 6

/**
 * The alarm of one object: late, maybe twice, again where it fails or the object ends meanwhile. It is lost as on the real
 * platform: after too many failures, and where its handler sets it to the millisecond that it rang for.
 */
export class Alarm {
  /** As it is on disk, by the object's clock; null for none. */
  durableAt: number | null = null
  readonly #object: SimObject
  #callOff: CallOff = () => {}
  #retries = 0
  /** The instance in which it rings, and for when it was set. */
  #ringsIn: Instance | null = null
  #ringsFor = 0
  #repeats = false
  /** The instance in which it was set so that it never comes. */
  #lostIn: Instance | null = null

  constructor(object: SimObject) {
    this.#object = object
  }

  /** It is set on disk, or cleared. */
  set(at: number | null): void {
    const { instance } = this.#object
    const isLost = at === this.#ringsFor && this.#ringsIn !== null && this.#ringsIn === instance
    this.#lostIn = isLost ? instance : null
    this.durableAt = at
    this.arm()
  }

  /** Makes sure that it rings when it is to, by the clock as it goes now. */
  arm(delayMs = 0): void {
    this.#callOff()
    const { platform, clockOffsetMs, instance } = this.#object
    if (this.durableAt === null && !this.#repeats) return
    // it rings once at a time
    if (instance !== null && (this.#ringsIn === instance || this.#lostIn === instance)) return
    const { now } = platform.loop
    const at = this.#repeats || this.durableAt === null ? now : platform.loopTimeOf(this.durableAt, clockOffsetMs)
    const dueAt = Math.max(at, now + delayMs)
    this.#callOff = platform.loop.at(dueAt + platform.drawMs(platform.profile.delays.alarmLateMs), () => this.#ring())
  }

  #ring(): void {
    this.#object.admit("event", { run: (instance) => this.#handle(instance), lost: () => this.arm() })
  }

  #handle(instance: Instance): void {
    const { platform, name } = this.#object
    // it rings already, and is armed again when it is done
    if (this.#ringsIn === instance) return
    const rungAt = this.#repeats ? null : this.durableAt
    // it may have been cleared while it waited to get in
    if (rungAt === null && !this.#repeats) return
    this.#repeats = false
    platform.counts.alarms++
    platform.note(name, "alarm")
    this.#ringsIn = instance
    this.#ringsFor = rungAt ?? this.#ringsFor
    // in the instance's eyes; on the disk it stays until the handler is done
    if (rungAt !== null && instance.alarmAt === rungAt) instance.alarmAt = null
    const info = { scheduledTime: this.#ringsFor, retryCount: this.#retries, isRetry: this.#retries > 0 }
    const handled = instance.run(async () => instance.target.alarm?.(info))
    instance.pin()
    handled.then(
      () => instance.output(() => this.#done(instance, rungAt)),
      (error: unknown) => this.#failed(instance, rungAt, error),
    )
  }

  #done(instance: Instance, rungAt: number | null): void {
    if (!instance.isAlive) return
    instance.unpin()
    this.#ringsIn = null
    this.#retries = 0
    if (rungAt !== null && this.durableAt === rungAt && instance.alarmAt === null) this.durableAt = null
    this.#repeats = this.#object.platform.strikes("repeatAlarm")
    this.arm()
  }

  #failed(instance: Instance, rungAt: number | null, error: unknown): void {
    if (!instance.isAlive) return
    this.#object.platform.fail(instance.name, error)
    instance.unpin()
    this.#ringsIn = null
    instance.alarmAt ??= rungAt
    if (this.#retries < MAX_RETRIES) return this.arm(FIRST_RETRY_MS * 2 ** this.#retries++)
    this.#retries = 0
    if (this.durableAt === rungAt) this.durableAt = null
    this.arm()
  }
}
