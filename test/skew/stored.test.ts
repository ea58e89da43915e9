import { beforeAll, describe, expect, test } from "vitest"
import { type Answer, HttpScene } from "../support/http.ts"
import { startStored } from "./stored-broker.ts"
import { testStoredQueues } from "./stored-queues.ts"
import { testStoredTopics } from "./stored-topics.ts"
import { readStored, storedVersions } from "./stored.ts"

describe.each(storedVersions())("what %s stored", (version) => {
  const stored = readStored(version)
  const scene = new HttpScene({}, () => startStored(stored))
  // its object is not loaded before it is asked, and then waits for a client to come back
  beforeAll(() => scene.get("/v1/queues/pushed"))

  testStoredQueues(scene, stored)
  testStoredTopics(scene, stored)

  test("it is opened again as what today's code made of it", async () => {
    const shown = async (): Promise<Answer[]> => {
      const orders = ["ready", "in_flight"].map((state) => `/v1/queues/orders/messages?state=${state}`)
      const paths = ["/v1/queues", "/v1/topics", "/v1/groups", "/v1/topics/flights/partitions/0/records", ...orders]
      return Promise.all(paths.map((path) => scene.get(path)))
    }
    const before = (await shown()).map(({ status, body }) => ({ status, body }))
    await scene.broker.kill9()
    await scene.broker.restart()
    expect((await shown()).map(({ status, body }) => ({ status, body }))).toEqual(before)
  })
})
