import { afterEach, beforeEach, expect, it, vi } from "vitest"
import type { Failure } from "../../../src/core/errors.ts"
import { MAX_FORWARD_BATCH, MAX_FORWARD_BYTES } from "../../../src/core/limits.ts"
import type { MoveRequest } from "../../../src/core/queue/commands.ts"
import { err, ok, type Result } from "../../../src/core/result.ts"
import { Forwarder } from "../../../src/objects/forwarder.ts"
import { createIdentity, writeTombstone } from "../../../src/store/identity-store.ts"
import { OutboxStore } from "../../../src/store/outbox-store.ts"
import { NodeDatabase } from "../../support/node-database.ts"

const DEAD = "ns/dead/0"
const OTHER = "ns/other/0"
const LATER_MS = 5_000

beforeEach(() => {
  vi.useFakeTimers({ now: 1_700_000_000_000 })
})

afterEach(() => {
  vi.useRealTimers()
})

/** A call to a target that waits for its answer. */
interface Call {
  readonly target: string
  readonly request: MoveRequest
  readonly answer: (result: Result<number, Failure>) => void
}

/** A forwarder on a real outbox, of an object that can be deleted and created again. */
class Scene {
  readonly database = new NodeDatabase()
  readonly outbox = new OutboxStore(this.database)
  readonly calls: Call[] = []
  /** The next look at each change of the deadline outside a commit. */
  readonly rearmed: (number | null)[] = []
  incarnation = 0
  readonly forwarder = new Forwarder({
    source: () => ({ name: "ns/orders/0", incarnation: this.incarnation }),
    outbox: this.outbox,
    move: (target, request) => new Promise((answer) => this.calls.push({ target, request, answer })),
    taken: (target, seq, incarnation) => this.#taken(target, seq, incarnation),
    waitUntil: () => {},
    rearm: () => this.rearmed.push(this.forwarder.nextLookAt),
  })

  constructor() {
    this.begin(1)
  }

  begin(incarnation: number): void {
    if (this.incarnation > 0) writeTombstone(this.database, "queue", this.incarnation)
    createIdentity(this.database, "queue", { incarnation, version: 1, settings: "{}" })
    this.incarnation = incarnation
  }

  /** Writes rows for a target, and starts what can be started as a commit does. */
  add(target: string, ...seqs: readonly number[]): void {
    for (const seq of seqs) this.outbox.add({ seq, target, keyHash: 0, frame: new Uint8Array(8) })
    this.start()
  }

  start(): void {
    this.forwarder.start(Date.now())
  }

  seqs(target: string): number[] {
    return this.outbox.oldest(target, 1000).map((row) => row.seq)
  }

  /** Answers the oldest call that waits. */
  async answer(result: Result<number, Failure>): Promise<void> {
    this.calls.shift()!.answer(result)
    await vi.advanceTimersByTimeAsync(0)
  }

  /** How long until the next look, or null. */
  get nextLookInMs(): number | null {
    const at = this.forwarder.nextLookAt
    return at === null ? null : at - Date.now()
  }

  async #taken(target: string, seq: number, incarnation: number): Promise<boolean> {
    if (this.incarnation !== incarnation) return false
    this.outbox.taken(target, seq)
    return true
  }
}

const REFUSED = err<Failure>({ code: "not_found", resource: "queue", name: "dead" })

it("[Q11] an answer to a life that is over says nothing about the next one's dead letters", async () => {
  const scene = new Scene()
  scene.add(DEAD, 1, 2, 3)
  scene.begin(2)
  scene.add(DEAD, 1)
  expect(scene.calls).toHaveLength(1)
  await scene.answer(ok(3))
  expect(scene.seqs(DEAD)).toEqual([1])
  // not carried on by the old call, and looked at soon
  expect(scene.calls).toHaveLength(0)
  expect(scene.rearmed).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(scene.nextLookInMs!)
  scene.start()
  expect(scene.calls.map(({ request }) => [request.sourceIncarnation, request.seqs])).toEqual([[2, [1]]])
  await scene.answer(ok(1))
  expect(scene.seqs(DEAD)).toEqual([])
})

it("[Q13] while a retry is under way the next look is when the call should have ended", async () => {
  const scene = new Scene()
  scene.add(DEAD, 1)
  await scene.answer(REFUSED)
  // the deadline of the retry, not that of the call that failed
  expect(scene.rearmed[0]! - Date.now()).toBe(scene.nextLookInMs)
  expect(scene.nextLookInMs).toBeLessThan(LATER_MS)
  await vi.advanceTimersByTimeAsync(scene.nextLookInMs!)
  scene.start()
  expect(scene.calls).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(LATER_MS)
  expect(scene.nextLookInMs).toBeGreaterThan(0)
})

it("[Q13] each call has the whole time, however many were needed before it", async () => {
  const scene = new Scene()
  const seqs = Array.from({ length: 3 * MAX_FORWARD_BATCH }, (_, index) => index + 1)
  scene.add(DEAD, ...seqs)
  const whole = scene.nextLookInMs
  for (const batch of [1, 2]) {
    await vi.advanceTimersByTimeAsync(whole! - 1)
    await scene.answer(ok(batch * MAX_FORWARD_BATCH))
    expect(scene.nextLookInMs).toBe(whole)
  }
  await scene.answer(ok(3 * MAX_FORWARD_BATCH))
  expect(scene.nextLookInMs).toBeNull()
})

it("[Q13] a call carries few large frames, and other work has a turn before the next", async () => {
  const scene = new Scene()
  const frame = new Uint8Array(1024 * 1024)
  const fitting = MAX_FORWARD_BYTES / frame.length
  for (let seq = 1; seq <= fitting + 2; seq++) scene.outbox.add({ seq, target: DEAD, keyHash: 0, frame })
  scene.start()
  expect(scene.calls[0]!.request.seqs).toHaveLength(fitting)
  scene.calls.shift()!.answer(ok(fitting))
  for (let microtask = 0; microtask < 100; microtask++) await Promise.resolve()
  expect(scene.seqs(DEAD)).toEqual([fitting + 1, fitting + 2])
  expect(scene.calls).toHaveLength(0)
  await vi.advanceTimersByTimeAsync(1)
  expect(scene.calls[0]!.request.seqs).toEqual([fitting + 1, fitting + 2])
})

it("[Q13] a target that is neither under way nor backing off is looked at at once", async () => {
  const scene = new Scene()
  scene.add(DEAD, 1)
  expect(scene.nextLookInMs).toBeGreaterThan(0)
  scene.outbox.add({ seq: 2, target: OTHER, keyHash: 0, frame: new Uint8Array(8) })
  expect(scene.forwarder.nextLookAt).toBe(0)
  scene.start()
  expect(scene.nextLookInMs).toBeGreaterThan(0)
  await scene.answer(REFUSED)
  await scene.answer(ok(2))
  expect(scene.nextLookInMs).toBeGreaterThan(0)
  // what comes after a target has taken everything
  scene.add(OTHER, 3)
  expect(scene.calls.map(({ target }) => target)).toEqual([OTHER])
})

it("[Q13] a loaded outbox is looked at at once", () => {
  const scene = new Scene()
  scene.database.run("INSERT INTO outbox (seq, target, key_hash, frame) VALUES (1, ?, 0, x'00')", DEAD)
  expect(scene.forwarder.nextLookAt).toBe(0)
})
