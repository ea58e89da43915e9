import { expect, test } from "vitest"
import type { Identity } from "../../../src/client/batch.ts"
import { Entry } from "../../../src/client/entry.ts"
import { MillraceError } from "../../../src/client/errors.ts"
import { Lane } from "../../../src/client/lane.ts"

function lane(identify: () => Promise<Identity>): Lane {
  const closing = new AbortController().signal
  const connection = { closing, sockets: 1, call: () => Promise.reject(new MillraceError("closed", "closed")) }
  const nothing = (): void => {}
  const target = () => ({ queue: "jobs" })
  return new Lane({
    connection,
    maxBatchBytes: 1_000,
    target,
    identify,
    fenced: nothing,
    sealed: nothing,
    quiet: nothing,
  })
}

test("a drain ends where all that it waits for is taken back", async () => {
  let give!: (identity: Identity) => void
  const jobs = lane(() => new Promise((resolve) => (give = resolve)))
  const taker = new AbortController()
  const wire = { format: "text", value: new Uint8Array(1), key: null, headers: [], producedAt: null } as const
  const entry = new Entry(wire, null, taker.signal)
  jobs.add(entry, 0)
  const drained = jobs.drain()
  taker.abort()
  await expect(entry.stored).rejects.toMatchObject({ code: "aborted" })
  give({ producerId: 1, epoch: 0 })
  await drained
  expect(jobs.isIdle).toBe(true)
})
