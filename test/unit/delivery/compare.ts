import { expect } from "vitest"
import type { DeliveryState } from "../../../src/core/delivery/state.ts"
import type { Reference } from "./reference.ts"
import type { Status } from "./reference-types.ts"

const KINDS: readonly Status["kind"][] = ["available", "delayed", "inFlight", "done"]

/** Everything that can be seen of a state, against the reference. */
export function expectSame(state: DeliveryState, reference: Reference): void {
  const { window } = state
  expect(window.end).toBe(reference.end)
  expect(window.start).toBe(reference.start)
  expect(state.counts).toEqual(reference.counts)
  expect(state.nextDeadlineAt).toBe(reference.nextDeadlineAt)
  expect(new Set(window.leases.keys())).toEqual(reference.holders)
  for (let offset = 0; offset < reference.end; offset++) {
    if (isSameAt(state, reference, offset)) continue
    expect(`${offset}: ${actualAt(state, offset)}`).toBe(`${offset}: ${expectedAt(reference, offset)}`)
    throw new Error("the quick comparison found a difference that the slow one did not")
  }
  expect(window.find(reference.end)).toBe("beyond")
}

/** `toEqual` is slow, and this is called a million times. */
export function same(actual: unknown, expected: unknown): void {
  if (JSON.stringify(actual) !== JSON.stringify(expected)) expect(actual).toEqual(expected)
}

/** The quick comparison; the strings are for reading. */
function isSameAt({ window }: DeliveryState, { messages }: Reference, offset: number): boolean {
  const place = window.find(offset)
  const { status, attempt, count, firstAt } = messages[offset]!
  if (typeof place === "string") return place === status.kind
  const { index } = place
  const { cells } = place.page
  if (KINDS[cells.kind[index]!] !== status.kind) return false
  if (status.kind === "done") return true
  const isSameHistory =
    cells.attempt[index] === attempt && cells.count[index] === count && cells.firstAt[index] === firstAt
  return isSameHistory && cells.at[index] === atOf(status) && cells.consumer[index] === consumerOf(status)
}

function atOf(status: Status): number {
  return "at" in status ? status.at : 0
}

function consumerOf(status: Status): number {
  return "consumer" in status ? status.consumer : 0
}

function actualAt({ window }: DeliveryState, offset: number): string {
  const place = window.find(offset)
  if (typeof place === "string") return place
  const { page, index } = place
  const { kind, at, consumer, attempt, count, firstAt } = page.cells
  const name = KINDS[kind[index]!]!
  return name === "done"
    ? name
    : `${name} ${at[index]} ${consumer[index]} ${attempt[index]} ${count[index]} ${firstAt[index]}`
}

function expectedAt({ messages }: Reference, offset: number): string {
  const { status, attempt, count, firstAt } = messages[offset]!
  if (status.kind === "done") return status.kind
  return `${status.kind} ${atOf(status)} ${consumerOf(status)} ${attempt} ${count} ${firstAt}`
}
