import type { ByKey } from "./by-key.ts"
import { DONE } from "./cells.ts"
import { Groups } from "./groups.ts"
import { loadWindow, type RingPosition, takeChanges } from "./persist.ts"
import { Tenants } from "./tenants.ts"
import type { DeliveryChanges, DeliveryCounts, DeliveryMode, StoredPage, StoredRing } from "./types.ts"
import type { Place, Window } from "./window.ts"

/** How a delivery state treats order, and where it begins. */
export interface DeliveryOptions {
  /** What is stored by `standard` can't be loaded by another, nor the other way round. */
  readonly mode: DeliveryMode
  /** First offset of the window of a state that was never stored. */
  readonly initialEnd: number
}

/**
 * The delivery state of one log: which offsets are available, delayed, in flight or done.
 * Operations (`acquire`, `acknowledge`, `release`, `reject`, `extend`, `expire`) are functions on it;
 * `takeChanges` says what a commit has to store.
 */
export class DeliveryState {
  readonly window: Window
  /** Present in ordered mode only. */
  readonly groups: Groups | null
  /** Present in fair mode only. */
  readonly tenants: Tenants | null
  readonly #position: RingPosition

  private constructor(window: Window, position: RingPosition, mode: DeliveryMode) {
    this.window = window
    this.groups = mode === "ordered" ? new Groups(window) : null
    this.tenants = mode === "fair" ? new Tenants(window) : null
    this.#position = position
  }

  /** Rebuilds a state from its stored rows. Throws CorruptError where a row is damaged. */
  static load(pages: readonly StoredPage[], ring: readonly StoredRing[], options: DeliveryOptions): DeliveryState {
    const { mode, initialEnd } = options
    const { window, position } = loadWindow(pages, ring, { keyed: mode !== "standard", initialEnd })
    return new DeliveryState(window, position, mode)
  }

  /** Whichever view by key the mode has. */
  get byKey(): ByKey | null {
    return this.groups ?? this.tenants
  }

  get counts(): DeliveryCounts {
    return this.window.counts
  }

  /** Earliest instant at which a lease ends or a delayed message is due, or null. */
  get nextDeadlineAt(): number | null {
    return this.window.deadlines.nextAt
  }

  /** Whether nothing is left to do for an offset. */
  isDone(offset: number): boolean {
    const place = this.window.find(offset)
    return typeof place === "string" ? place === "done" : place.page.cells.kind[place.index] === DONE
  }

  /** Deliveries of an offset that count towards the limit; 0 for one that is done or was never delivered. */
  deliveryCountOf(offset: number): number {
    const place = this.window.find(offset)
    return typeof place === "string" ? 0 : place.page.cells.count[place.index]!
  }

  /** Offsets that became done since the last call. */
  takeFinished(): readonly number[] {
    const { finished } = this.window
    this.window.finished = []
    return finished
  }

  /** What the commit `seq` has to store, or null where nothing changed. `seq` grows with every commit. */
  takeChanges(seq: number): DeliveryChanges | null {
    return takeChanges(this.window, this.#position, seq)
  }
}

/** Ends an offset's life in the window and in the view by key. */
export function finish(state: DeliveryState, place: Place): void {
  const { page, index } = place
  const kind = page.cells.kind[index]!
  const hash = hashAt(place)
  state.window.finish(place)
  state.byKey?.finished(page.firstOffset + index, hash, kind)
}

/** The key hash at a place; 0 in standard mode. */
export function hashAt({ page, index }: Place): number {
  return page.cells.group?.[index] ?? 0
}
