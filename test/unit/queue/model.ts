import fc from "fast-check"
import { expect } from "vitest"
import { stateAt } from "../../../src/core/delivery/inspect.ts"
import { PAGE_OFFSETS } from "../../../src/core/limits.ts"
import type { QueueSettings } from "../../../src/core/queue/settings.ts"
import { purgeAll } from "./model-removing.ts"
import { Reference } from "./reference.ts"
import { type Departed, emptyQueue, type Taken } from "./reference-data.ts"
import { QueueScene } from "./scene.ts"
import { type Forwarded, messageIdOf, NOW, type Receipt, type Received } from "./scene-messages.ts"

/** The naive side, with what clients and a clock would know. */
export interface Model {
  readonly reference: Reference
  now: number
  /** All that were ever given, in order. */
  receipts: Receipt[]
  /** Sequence of the next message that another queue moves here. */
  movedSeq: number
  /** Whether nothing else was done in this commit. */
  isFirst: boolean
}

/** One operation on both sides, inside a commit at `model.now`. */
export interface Step {
  readonly label: string
  readonly run: (model: Model, scene: QueueScene) => void
}

type Command = fc.Command<Model, QueueScene>

/** What histories are made of. */
export interface Profile {
  /** What the queue begins with. */
  readonly settings: fc.Arbitrary<Partial<QueueSettings>>
  readonly steps: fc.Arbitrary<Step>
  /** What an owner changes later. */
  readonly changes: fc.Arbitrary<Partial<QueueSettings>>
  readonly runs: number
}

const MAX_COMMANDS = 60

/** A deadline may have gone with its message; then the alarm comes for nothing, but not for ever. */
const MAX_ALARMS_AT_ONCE = 3

/** So few before the end of a page that most histories cross it. */
const NEARLY_A_PAGE = PAGE_OFFSETS - 13

/** Histories of commits, crashes, reloads, waiting and changed settings: on both sides the same. */
export function checkAgainstReference({ settings, steps, changes, runs }: Profile): void {
  const small = fc.integer({ min: 1, max: 3_000 })
  const large = fc.constantFrom(5_000, 11_000, 61_000, 301_000)
  const commands: fc.Arbitrary<Command>[] = [
    ...Array.from({ length: 5 }, () => committing(steps)),
    fc.oneof(small, large).map((byMs) => command(`wait ${byMs}`, ({ ...model }) => void model, byMs)),
    fc.oneof({ weight: 3, arbitrary: small }, large).map((byMs) => passing(byMs)),
    changes.map((patch) =>
      command(`configure ${JSON.stringify(patch)}`, (model, scene) => configure(patch, model, scene)),
    ),
  ]
  const history = fc.commands(commands, { maxCommands: MAX_COMMANDS, size: "max" })
  fc.assert(
    fc.property(settings, fc.constantFrom(0, 0, 0, NEARLY_A_PAGE), history, (patch, sentBefore, steps) => {
      const scene = QueueScene.create(patch)
      try {
        fc.modelRun(() => ({ model: newModel(scene, sentBefore), real: scene }), steps)
      } finally {
        scene.close()
      }
    }),
    { numRuns: runs },
  )
}

/** Compares what was delivered with what should have been, and keeps the receipts. */
export function expectDelivered(actual: readonly Received[], expected: readonly Taken[], model: Model): void {
  same(actual.map(plain), expected.map(plain))
  model.receipts.push(...actual.map(({ offset, attempt }) => ({ offset, attempt })))
}

/** In one order of fields, and without what only one side has. */
function plain({ id, body, offset, attempt, deliveryCount, firstDeliveredAt, appendedAt }: Taken): Taken {
  return { id, body, offset, attempt, deliveryCount, firstDeliveredAt, appendedAt }
}

/** Quick where there is no difference. */
export function same(actual: unknown, expected: unknown): void {
  if (JSON.stringify(actual) !== JSON.stringify(expected)) expect(actual).toEqual(expected)
}

function newModel(scene: QueueScene, sentBefore: number): Model {
  const reference = new Reference(scene.settings)
  reference.isGone = (offset) => stateAt(scene.queue.state.delivery, offset).kind === "done"
  if (sentBefore > 0) {
    fill(sentBefore, scene)
    reference.data = { ...emptyQueue(sentBefore), lastAppendedAt: NOW }
  }
  return { reference, now: NOW, receipts: [], movedSeq: 1, isFirst: true }
}

/** Sends messages and removes them again, so that a page ends within the history. */
function fill(count: number, scene: QueueScene): void {
  const { settings } = scene
  scene.configure({ maxMessages: null, maxBytes: null })
  scene.sent(
    Array.from({ length: count }, () => ({ body: "before", groupId: "before" })),
    NOW,
  )
  expect(scene.command(NOW, () => purgeAll(["ready", "delayed"], null, scene, NOW))).toBe(count)
  scene.configure(settings)
}

function command(label: string, run: (model: Model, scene: QueueScene) => void, waitMs = 0): Command {
  return {
    check: () => true,
    run: (model, scene) => {
      model.now += waitMs
      run(model, scene)
    },
    toString: () => label,
  }
}

function committing(steps: fc.Arbitrary<Step>): fc.Arbitrary<Command> {
  const end = fc.oneof(
    { weight: 8, arbitrary: fc.constant("commit") },
    { weight: 2, arbitrary: fc.constant("commit and reload") },
    { weight: 1, arbitrary: fc.constant("crash") },
  )
  return fc.record({ together: fc.array(steps, { minLength: 1, maxLength: 3 }), end }).map(({ together, end }) => {
    const label = `${end}: ${together.map((step) => step.label).join("; ")}`
    return command(label, (model, scene) => {
      const run = (): void => {
        for (const [index, step] of together.entries()) {
          model.isFirst = index === 0
          step.run(model, scene)
        }
      }
      if (end === "crash") return crash(run, model, scene)
      commit(run, model, scene)
      if (end === "commit and reload") reload(model, scene)
    })
  })
}

/** Time passes with the alarm on time. */
function passing(byMs: number): Command {
  return command(`pass ${byMs}`, (model, scene) => {
    const until = model.now + byMs
    for (let alarmsAtOnce = 0; ;) {
      const next = scene.queue.nextDeadlineAt
      if (next === null || next > until) break
      alarmsAtOnce = next <= model.now ? alarmsAtOnce + 1 : 0
      expect(alarmsAtOnce, "alarms that change nothing").toBeLessThan(MAX_ALARMS_AT_ONCE)
      model.now = Math.max(model.now, next)
      commit(() => {}, model, scene)
    }
    model.now = until
  })
}

function commit(run: () => void, model: Model, scene: QueueScene): void {
  const { reference, now } = model
  scene.afterExpiry = () => {
    reference.endLeases(now)
    reference.enterDue(now)
    expect(reference.sweep(now), "should have expired").toBeNull()
  }
  scene.together(now, run)
  const pushes = scene.takePushed()
  reference.given = pushes.flatMap(({ messages }) => messages.map(({ offset }) => offset))
  const expected = reference.serve(now)
  same(
    pushes.map(({ consumer, messages }) => [consumer, messages.map(({ offset }) => offset)]),
    expected.map(({ consumer, messages }) => [consumer, messages.map(({ offset }) => offset)]),
  )
  for (const [index, { messages }] of pushes.entries()) expectDelivered(messages, expected[index]!.messages, model)
  expectSame(model, scene)
}

function crash(run: () => void, model: Model, scene: QueueScene): void {
  const { reference, receipts, movedSeq } = model
  const [data, given] = [structuredClone(reference.data), receipts.length]
  scene.crash(model.now, run)
  reference.data = { ...data, turn: 0 }
  model.receipts = receipts.slice(0, given)
  model.movedSeq = movedSeq
  expectSame(model, scene, false)
}

function reload(model: Model, scene: QueueScene): void {
  scene.reload()
  model.reference.data.turn = 0
  expectSame(model, scene, false)
}

function configure(patch: Partial<QueueSettings>, { reference }: Model, scene: QueueScene): void {
  scene.configure(patch)
  reference.settings = scene.settings
}

/** What is due by now became so in a commit at `model.now`, if there was one. */
function expectSame({ reference, now }: Model, scene: QueueScene, isCurrent = true): void {
  const { rates: _, redriven, ...numbers } = scene.statistics(now)
  expect(redriven).toBe(0)
  const expected = reference.numbers(now)
  const waiting = { ready: numbers.ready + numbers.delayed, delayed: 0 }
  const actual = isCurrent ? numbers : { ...numbers, ...waiting }
  if (!isCurrent) Object.assign(expected, { ready: expected.ready + expected.delayed, delayed: 0 })
  for (const name of Object.keys(expected) as (keyof typeof expected)[]) {
    if (actual[name] !== expected[name]) expect({ [name]: actual[name] }).toEqual({ [name]: expected[name] })
  }
  same(lettersOf(scene.outbox()), letters(reference.data.departed))
  expectNoWaste(reference, scene)
  const deadline = reference.nextDeadlineAt(now)
  if (deadline !== null) expect(scene.queue.nextDeadlineAt ?? Infinity).toBeLessThanOrEqual(Math.max(now, deadline))
}

/** What is wholly done or empty leaves no row, but for the log's newest. */
function expectNoWaste(reference: Reference, scene: QueueScene): void {
  const rows = scene.store.log.before(Number.MAX_SAFE_INTEGER, 1000).slice(0, -1)
  const isDone = (offset: number): boolean => (reference.at(offset)?.status.kind ?? "done") === "done"
  for (const { baseOffset, lastOffset } of rows) {
    let offset = baseOffset
    while (offset <= lastOffset && isDone(offset)) offset++
    expect(offset, "a row with nothing in it").toBeLessThanOrEqual(lastOffset)
  }
  expect(scene.rowsIn("scheduled")).toBeLessThanOrEqual(reference.data.scheduled.length)
}

/** Of one commit in no particular order. */
function letters(departed: readonly Departed[]): readonly string[] {
  return departed
    .map(({ id, offset, body, groupId, reason, deliveryCount, firstDeliveredAt, error, leftAt }) =>
      JSON.stringify([messageIdOf(id), offset, body, groupId, reason, deliveryCount, firstDeliveredAt, error, leftAt]),
    )
    .sort()
}

function lettersOf(outbox: readonly Forwarded[]): readonly string[] {
  return outbox
    .map(({ body, groupId, headers }) => {
      const of = (name: string): string | undefined => headers[`millrace-dead-letter-${name}`]
      const number = (name: string): number => Number(of(name))
      expect([of("source"), of("moves")]).toEqual(["orders", "1"])
      const history = [number("delivery-count"), number("first-delivered-at")]
      return JSON.stringify([
        of("id"),
        number("offset"),
        body,
        groupId,
        of("reason"),
        ...history,
        of("error") ?? null,
        number("at"),
      ])
    })
    .sort()
}
