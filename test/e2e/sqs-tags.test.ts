import {
  CreateQueueCommand,
  DeleteQueueCommand,
  ListQueueTagsCommand,
  PurgeQueueCommand,
  TagQueueCommand,
  UntagQueueCommand,
} from "@aws-sdk/client-sqs"
import { describe, expect, it } from "vitest"
import { upTo } from "../support/http.ts"
import { expectError, SqsScene } from "../support/sqs-scene.ts"

const scene = new SqsScene({ env: { MILLRACE_SQS_WAITS: "off" } })

async function create(tags?: Record<string, string>, name = scene.newName()): Promise<string> {
  const { QueueUrl } = await scene.sqs.send(
    new CreateQueueCommand({ QueueName: name, ...(tags === undefined ? {} : { tags }) }),
  )
  return QueueUrl!
}

function tag(url: string, tags: Record<string, string>): Promise<unknown> {
  return scene.sqs.send(new TagQueueCommand({ QueueUrl: url, Tags: tags }))
}

function untag(url: string, ...keys: string[]): Promise<unknown> {
  return scene.sqs.send(new UntagQueueCommand({ QueueUrl: url, TagKeys: keys }))
}

async function tagsOf(url: string): Promise<Record<string, string> | undefined> {
  return (await scene.sqs.send(new ListQueueTagsCommand({ QueueUrl: url }))).Tags
}

describe("tags", () => {
  it("[X35] are set, changed, listed and taken away", async () => {
    const url = await create({ env: "test" })
    expect(await tagsOf(url)).toEqual({ env: "test" })
    await tag(url, { env: "live", Env: "other", empty: "", "größe:x/y": "é" })
    expect(await tagsOf(url)).toEqual({ env: "live", Env: "other", empty: "", "größe:x/y": "é" })
    await untag(url, "env", "nothing")
    expect(await tagsOf(url)).toEqual({ Env: "other", empty: "", "größe:x/y": "é" })
    await untag(url, "Env", "empty", "größe:x/y")
    expect(await tagsOf(url)).toBeUndefined()
  })

  it("[X35] of a queue that is there already stay as they are", async () => {
    const url = await create({ env: "test" })
    await create({ env: "other" }, url.slice(url.lastIndexOf("/") + 1))
    expect(await tagsOf(url)).toEqual({ env: "test" })
  })

  it("[X35] that come at the same time all hold", async () => {
    const url = await create()
    await Promise.all(upTo(8).map((index) => tag(url, { [`key-${index}`]: String(index) })))
    expect(await tagsOf(url)).toEqual(Object.fromEntries(upTo(8).map((index) => [`key-${index}`, String(index)])))
  })

  it("[X35] are at most 50, with keys and values of a bounded length", async () => {
    const url = await create(Object.fromEntries(upTo(49).map((index) => [`key-${index}`, ""])))
    const name = url.slice(url.lastIndexOf("/") + 1)
    await tag(url, { ["k".repeat(128)]: "v".repeat(256), "key-0": "again" })
    const invalid = { name: "InvalidParameterValue", code: "InvalidParameterValue", status: 400 }
    await expectError(tag(url, { more: "" }), { ...invalid, message: `Too many tags added for queue ${name}.` })
    const length = "Tag keys must be between 1 and 128 characters in length."
    await expectError(tag(url, { "": "" }), { ...invalid, message: length })
    await expectError(tag(url, { ["k".repeat(129)]: "" }), { ...invalid, message: length })
    await expectError(untag(url, ""), { ...invalid, message: length })
    await expectError(tag(url, { "key-1": "v".repeat(257) }), invalid)
    await expectError(tag(url, { "aws:key": "" }), invalid)
    await expectError(create({ "": "" }), { ...invalid, message: length })
    await expectError(tag(url, {}), {
      name: "MissingParameter",
      message: "The request must contain the parameter Tags.",
    })
    await expectError(tag(scene.queueUrl("nowhere"), { key: "" }), { name: "QueueDoesNotExist" })
    await expectError(tagsOf(scene.queueUrl("nowhere")), { name: "QueueDoesNotExist" })
    expect(Object.keys((await tagsOf(url))!)).toHaveLength(50)
  })
})

describe("without waits", () => {
  it("[X36] a queue can be created again as soon as it is deleted, and purged as often as one likes", async () => {
    const url = await create({ life: "first" })
    await scene.sqs.send(new DeleteQueueCommand({ QueueUrl: url }))
    expect(await create(undefined, url.slice(url.lastIndexOf("/") + 1))).toBe(url)
    expect(await tagsOf(url)).toBeUndefined()
    for (const _ of upTo(3)) await scene.sqs.send(new PurgeQueueCommand({ QueueUrl: url }))
  })
})
