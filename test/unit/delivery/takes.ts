import { expect } from "vitest"
import type { Acquired } from "../../../src/core/delivery/acquire.ts"
import type { DeliveryState } from "../../../src/core/delivery/state.ts"
import { same } from "./compare.ts"
import type { Reference } from "./reference.ts"
import type { Request } from "./reference-types.ts"

/** Takes on the naive side what a fair acquire chose: whichever order, it is what a standard one might have taken. */
export function takeAsChosen(
  reference: Reference,
  state: DeliveryState,
  request: Request,
  acquired: Acquired,
  now: number,
): void {
  const { leases, departures } = acquired
  const { end } = state.window
  expect(end).toBeGreaterThanOrEqual(reference.end)
  expect(end).toBeLessThanOrEqual(reference.messages.length)
  reference.cover(end)
  for (const departure of departures) same(departure, reference.takeOne(departure.offset, request, now))
  let bytes = 0
  for (const lease of leases) {
    same(lease, reference.takeOne(lease.offset, request, now))
    bytes += reference.messages[lease.offset]!.bytes
    if (lease !== leases[0] && bytes > request.maxBytes) expect(bytes).toBeLessThanOrEqual(request.maxBytes)
  }
  expect(leases.length).toBeLessThanOrEqual(request.maxMessages)
  if (leases.length === request.maxMessages) return
  // it ended early: nothing is left, or something that does not fit
  const left = reference.messages.filter(({ status }) => status.kind === "available")
  const mayNotFit = leases.length > 0
  expect(left.length === 0 || (mayNotFit && left.some((message) => bytes + message.bytes > request.maxBytes))).toBe(
    true,
  )
}
