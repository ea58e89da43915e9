import { describe, expect, it } from "vitest"
import { decodeDeliveries } from "../../src/core/log/delivered.ts"
import { readFrame } from "../../src/protocol/native/message-json.ts"
import { QueueScene } from "./queue-scene.ts"
import { batchOf, valueOf } from "./support.ts"

const VERSION = 7
const RECEIVE = { maxMessages: 10, visibilityTimeoutMs: null, attemptId: null }
const BODIES = ["first", "second", "third"]

/** What is received, null for what is damaged. */
async function received(queue: QueueScene): Promise<(string | null)[]> {
  const answer = await queue.stub.receive(VERSION, RECEIVE)
  if (!answer.ok) throw new Error(answer.error.code)
  return decodeDeliveries(answer.value.deliveries).map(({ frame }) => {
    const record = readFrame(frame)
    return record && valueOf(record)
  })
}

describe("a batch that was damaged on its way to the object", () => {
  it("[K12] is refused as a whole where it falls apart", async () => {
    const queue = await QueueScene.open()
    const batch = batchOf(BODIES)
    for (const damaged of [batch.subarray(0, batch.length - 1), batch.with(0, 99), batch.with(2, 4)]) {
      const refused = await queue.stub.send(VERSION, damaged)
      expect(refused).toMatchObject({ ok: false, error: { code: "invalid_request" } })
    }
    expect(await received(queue)).toEqual([])
  })

  it("[K12] costs the record in which a bit was changed, and no other", async () => {
    const queue = await QueueScene.open()
    const batch = batchOf(BODIES)
    const at = batch.length - 1
    expect(await queue.stub.send(VERSION, batch.with(at, batch[at]! ^ 1))).toMatchObject({ ok: true })
    expect(await received(queue)).toEqual(["first", "second", null])
  })
})
