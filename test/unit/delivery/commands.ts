import fc from "fast-check"
import { expect } from "vitest"
import { acquire } from "../../../src/core/delivery/acquire.ts"
import { expire } from "../../../src/core/delivery/expire.ts"
import { reclaim } from "../../../src/core/delivery/reclaim.ts"
import {
  acknowledge,
  extend,
  reject,
  postpone,
  release,
  releaseConsumer,
  releaseOthers,
} from "../../../src/core/delivery/settle.ts"
import type { DeliveryState } from "../../../src/core/delivery/state.ts"
import {
  type DeliveryLimits,
  type DeliveryMode,
  DETACHED,
  type LogView,
  type ReleaseOptions,
} from "../../../src/core/delivery/types.ts"
import { cover } from "../../../src/core/delivery/cover.ts"
import { liveOffsets, oldestNotInFlight } from "../../../src/core/delivery/inspect.ts"
import { remove } from "../../../src/core/delivery/remove.ts"
import { expectSame, same } from "./compare.ts"
import type { Reference } from "./reference.ts"
import type { Message } from "./reference-types.ts"
import type { Storage } from "./storage.ts"
import { takeAsChosen } from "./takes.ts"

interface Receipt {
  readonly offset: number
  readonly attempt: number
}

/** The naive side, with what a client and a clock would know. */
export interface Model {
  readonly reference: Reference
  now: number
  receipts: Receipt[]
  committed: { readonly messages: readonly Message[]; readonly end: number; readonly receipts: readonly Receipt[] }
}

/** The side under test. */
export interface Real {
  state: DeliveryState
  readonly storage: Storage
  seq: number
}

type Command = fc.Command<Model, Real>

/** The commands of one mode; those that stand twice are twice as likely. */
export function delivers(mode: DeliveryMode): fc.Arbitrary<Command>[] {
  return [
    committing(),
    committing(),
    committing(),
    appending(mode),
    acquiring(mode),
    acquiring(mode),
    settling(mode),
    settling(mode),
    fc.record({ consumer: consumers() }).map(({ consumer }) =>
      command(`releaseConsumer ${consumer}`, ({ reference, now }, { state }) => {
        expect(releaseConsumer(state, consumer, now)).toBe(reference.releaseOthers(consumer, new Map(), now))
      }),
    ),
    fc.record({ consumer: consumers(), every: fc.constantFrom(1, 2, 5) }).map(({ consumer, every }) =>
      command(
        `releaseOthers ${consumer} but for one receipt in ${every}`,
        ({ reference, receipts, now }, { state }) => {
          const some = receipts.filter((_, index) => index % every === 0)
          const kept = new Map(some.map(({ offset, attempt }) => [offset, attempt]))
          expect(releaseOthers(state, consumer, kept, now)).toBe(reference.releaseOthers(consumer, kept, now))
        },
      ),
    ),
    fc.record({ byMs: fc.integer({ min: 0, max: 400 }), limit: limits() }).map(({ byMs, limit }) =>
      command(`wait ${byMs} and expire with ${JSON.stringify(limit)}`, (model, { state }) => {
        model.now += byMs
        expect(expire(state, limit, model.now)).toEqual(model.reference.expire(limit, model.now))
      }),
    ),
    operating(),
    fc.integer({ min: -50, max: 400 }).map((byMs) => command(`wait ${byMs}`, (model) => void (model.now += byMs))),
    fc.constant(command("crash", crash)),
  ]
}

/** A step that runs on both sides and then finds them equal. */
function command(label: string, run: (model: Model, real: Real) => void): Command {
  return {
    check: () => true,
    run: (model, real) => {
      run(model, real)
      expect(real.state.counts).toEqual(model.reference.counts)
      expect(real.state.nextDeadlineAt).toBe(model.reference.nextDeadlineAt)
    },
    toString: () => label,
  }
}

function committing(): fc.Arbitrary<Command> {
  return fc
    .boolean()
    .map((isReloaded) => command(`commit${isReloaded ? " and reload" : ""}`, (...on) => commit(...on, isReloaded)))
}

function consumers(): fc.Arbitrary<number> {
  return fc.constantFrom(DETACHED, 1, 2, 0xffff_ffff)
}

function limits(): fc.Arbitrary<DeliveryLimits> {
  const maxDeliveries = fc.constantFrom(null, null, 1, 2, 3)
  return fc.record({ maxDeliveries, maxAttempts: fc.constantFrom(null, null, 1, 3, 4) })
}

function appending(mode: DeliveryMode): fc.Arbitrary<Command> {
  const many = mode === "ordered" ? fc.integer({ min: 1, max: 1500 }) : fc.integer({ min: 1, max: 4000 })
  const size = fc.oneof(fc.integer({ min: 1, max: 20 }), many)
  return fc.record({ size, groups: fc.constantFrom(1, 3, 50, 500), seed: fc.nat(1000) }).map(({ size, groups, seed }) =>
    command(`append ${size} in ${groups} groups from seed ${seed}`, ({ reference }) => {
      for (let index = 0; index < size; index++) {
        const mixed = Math.imul(index + seed, 0x9e3779b1) >>> 8
        // group 0 stands for no key
        reference.append(mode === "standard" ? 0 : mixed % (groups + 1), 1 + (mixed % 100))
      }
    }),
  )
}

function acquiring(mode: DeliveryMode): fc.Arbitrary<Command> {
  const few = fc.integer({ min: 1, max: 12 })
  const many = fc.integer({ min: 1, max: mode === "ordered" ? 1500 : 3000 })
  return fc
    .record({
      consumer: consumers(),
      maxMessages: fc.oneof(few, many),
      timeoutMs: fc.constantFrom(0, 50, 300, 1000),
      limit: limits(),
      maxBytes: fc.constantFrom(1, 200, 1_000_000, 1_000_000),
    })
    .map(({ timeoutMs, limit, ...rest }) =>
      command(`acquire for ${timeoutMs} ${JSON.stringify({ ...rest, ...limit })}`, (model, { state }) => {
        const request = { ...rest, ...limit, maxDepartures: Infinity, untilAt: model.now + timeoutMs }
        const { leases, departures } = acquire(state, request, logOfReference(model.reference), model.now)
        if (mode === "fair") takeAsChosen(model.reference, state, request, { leases, departures }, model.now)
        else expect({ leases, departures }).toEqual(model.reference.acquire(request, model.now))
        model.receipts.push(...leases.map(({ offset, attempt }) => ({ offset, attempt })))
      }),
    )
}

/** What an operator and the queue do besides delivering: covering, removing, holding back. */
function operating(): fc.Arbitrary<Command> {
  return fc
    .record({
      operation: fc.constantFrom("cover", "remove", "remove", "remove", "purge", "postpone"),
      from: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      most: fc.oneof(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 2000 })),
      step: fc.integer({ min: 1, max: 97 }),
    })
    .map(({ operation, from, most, step }) =>
      command(`${operation} ${most} from ${from} by ${step}`, ({ reference, now }, { state }) => {
        const log = logOfReference(reference)
        const first = Math.floor(from * log.endOffset)
        if (operation === "cover") {
          cover(state, first, log)
          reference.cover(first)
        } else if (operation === "purge") {
          let left = most
          for (const offset of liveOffsets(state, first)) {
            if (left-- === 0) break
            if (offset % step === 0) same(remove(state, offset, log), reference.remove(offset))
          }
        } else {
          const last = Math.min(log.endOffset, first + most * step, reference.end + 300)
          for (let offset = first; offset < last; offset += step) {
            if (operation === "remove") same(remove(state, offset, log), reference.remove(offset))
            else {
              postpone(state, offset, now + (offset % 300))
              reference.postpone(offset, now + (offset % 300))
            }
          }
        }
        expect(oldestNotInFlight(state, log)).toBe(reference.waiting[0] ?? null)
      }),
    )
}

function settling(mode: DeliveryMode): fc.Arbitrary<Command> {
  const step = fc.integer({ min: 1, max: 97 })
  const most = fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 1500 }))
  return fc
    .record({
      operation: fc.constantFrom("ack", "ack", "ack", "release", "release", "reject", "extend", "reclaim"),
      from: fc.nat(10_000),
      step,
      most,
      isBackwards: fc.boolean(),
      // mostly the attempt that was given, sometimes one before or behind it
      shift: fc.constantFrom(0, 0, 0, 0, 0, 0, -1, 1),
      delayMs: fc.constantFrom(0, 0, 100, 700),
      fault: fc.boolean(),
      limit: limits(),
    })
    .map(({ operation, from, step, most, isBackwards, shift, limit, ...rest }) =>
      command(
        `${operation} ${most} from ${from} by ${step}${isBackwards ? " backwards" : ""} shift ${shift} ${JSON.stringify({ ...rest, ...limit })}`,
        (model, real) => {
          // giving back is slow by the letter: it looks for the rest of the group
          const chosen = receiptsOf(
            model,
            from,
            step,
            mode === "ordered" && operation === "release" ? Math.min(most, 60) : most,
          )
          for (const { offset, attempt } of isBackwards ? chosen.reverse() : chosen) {
            settle(operation, { offset, attempt: attempt + shift }, { ...rest, ...limit, error: "why" }, model, real)
          }
        },
      ),
    )
}

/** Every `step`-th receipt, old or new, or one that nobody was given. */
function receiptsOf({ receipts, reference }: Model, from: number, step: number, most: number): Receipt[] {
  if (receipts.length === 0 || from % 40 === 0) return [{ offset: reference.end + (from % 3), attempt: 1 }]
  const chosen: Receipt[] = []
  for (let at = from % receipts.length; at < receipts.length && chosen.length < most; at += step)
    chosen.push(receipts[at]!)
  return chosen
}

function settle(
  operation: "ack" | "release" | "reject" | "extend" | "reclaim",
  { offset, attempt }: Receipt,
  options: ReleaseOptions,
  { reference, now }: Model,
  { state }: Real,
): void {
  switch (operation) {
    case "ack":
      return same(acknowledge(state, offset, attempt, now), reference.acknowledge(offset, attempt, now))
    case "release":
      return same(release(state, offset, attempt, options, now), reference.release(offset, attempt, options, now))
    case "reject":
      return same(reject(state, offset, attempt, "why", now), reference.reject(offset, attempt, "why", now))
    case "extend": {
      const untilAt = now + options.delayMs
      return same(extend(state, offset, attempt, untilAt, now), reference.extend(offset, attempt, untilAt, now))
    }
    case "reclaim":
      reclaim(state, offset, attempt, now + options.delayMs, now)
      return reference.reclaim(offset, attempt, now + options.delayMs)
  }
}

function commit(model: Model, real: Real, isReloaded: boolean): void {
  const { reference } = model
  const finished = [...real.state.takeFinished()]
  expect(finished.sort((a, b) => a - b)).toEqual(reference.finished.sort((a, b) => a - b))
  reference.finished = []
  const changes = real.state.takeChanges(++real.seq)
  if (changes) real.storage.apply(changes)
  expect(real.state.takeChanges(real.seq)).toBeNull()
  const { messages, end } = reference
  model.committed = { messages: [...messages], end, receipts: [...model.receipts] }
  if (isReloaded) real.state = real.storage.load(reference.mode)
  expectSame(real.state, reference)
}

function crash(model: Model, real: Real): void {
  const { reference, committed } = model
  reference.messages = [...committed.messages]
  reference.end = committed.end
  reference.finished = []
  model.receipts = [...committed.receipts]
  real.state = real.storage.load(reference.mode)
  expectSame(real.state, reference)
}

export function logOfReference({ messages }: Reference): LogView {
  return {
    endOffset: messages.length,
    keyHashes: (from, to) => messages.slice(from, to).map((message) => message.group),
    lengthOf: (offset) => messages[offset]!.bytes,
  }
}
