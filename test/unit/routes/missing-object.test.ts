import { expect, test } from "vitest"
import type { Failure } from "../../../src/core/errors.ts"
import type { QueueSettings } from "../../../src/core/queue/settings.ts"
import { err, ok, type Result } from "../../../src/core/result.ts"
import type { CatalogEntry } from "../../../src/objects/contract.ts"
import { fakeEnv, fakeName, groupEntry, queueEntry } from "./fake-env.ts"
import { request } from "./request.ts"

type Known = Result<CatalogEntry<QueueSettings>, Failure>

const missing = (name: string): Known => err({ code: "not_found", resource: "queue", name })

/** What is answered where the object is not there at the first call, and the catalog says this before and after it. */
async function answerOf(name: string, before: CatalogEntry<QueueSettings>, after: Known) {
  const versions: number[] = []
  const env = fakeEnv({
    catalog: { getQueue: async () => (versions.length === 0 ? ok(before) : after) },
    queues: {
      [fakeName(name)]: {
        redrives: async (version) =>
          versions.push(version) === 1 ? (missing(name) as Result<never, Failure>) : ok([]),
      },
    },
  })
  const { status, body } = await request(env, "GET", `/v1/queues/${name}/redrive`)
  return { status, code: (body as { readonly code?: string }).code, versions }
}

test("[K5] a queue without its database is damaged, whatever its settings became meanwhile", async () => {
  const entry = queueEntry("bare")
  const damaged = { status: 500, code: "corrupt_storage", versions: [1] }
  expect(await answerOf("bare", entry, ok(entry))).toEqual(damaged)
  const altered = queueEntry("altered")
  expect(await answerOf("altered", altered, ok({ ...altered, version: 2 }))).toEqual(damaged)
})

test("[K5] a queue that is deleted, or created again, between the call and the catalog's answer is not damaged", async () => {
  const deleted = await answerOf("deleted", queueEntry("deleted"), missing("deleted"))
  expect(deleted).toEqual({ status: 404, code: "not_found", versions: [1] })
  const entry = queueEntry("again")
  const again = await answerOf("again", entry, ok({ ...entry, incarnation: 2, version: 2 }))
  expect(again).toEqual({ status: 200, code: undefined, versions: [1, 2] })
})

test("[K5] a group that was asked for a topic that is not there is not damaged, nor is the topic", async () => {
  const entry = groupEntry("seeker")
  const seek = async () => err({ code: "not_found", resource: "topic", name: "nowhere" } as const)
  const env = fakeEnv({
    catalog: { getGroup: async () => ok(entry) },
    groups: { [fakeName("seeker")]: { seek } },
  })
  const answer = await request(env, "POST", "/v1/groups/seeker/seek", { topic: "nowhere", to: "earliest" })
  expect(answer).toMatchObject({ status: 404, body: { code: "not_found", resource: "topic", name: "nowhere" } })
})
