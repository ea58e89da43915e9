import { describe, expect, it } from "vitest"
import { DEFAULT_QUEUE_SETTINGS, withPatch } from "../../../../src/core/queue/settings.ts"
import { PURGED_AT, tagsOf } from "../../../../src/protocol/sqs/annotations.ts"
import { listPage, nextToken } from "../../../../src/protocol/sqs/list-page.ts"
import { notePurge } from "../../../../src/protocol/sqs/purge-interval.ts"
import { addTags, removeTags } from "../../../../src/protocol/sqs/tags.ts"

describe("tags", () => {
  it("[X35] stand in annotations of their own, whatever their keys", () => {
    const tags = { __proto__x: "1", "a:b": "2", purgedAt: "3", Policy: "" }
    const added = addTags("queue", tags, {})
    if (!added.ok) throw new Error(added.error.message)
    const annotations = { ...added.value, "sqs:Policy": "p", own: "o" }
    const tagged = withPatch(DEFAULT_QUEUE_SETTINGS, { annotations })
    expect(tagsOf(tagged)).toEqual(tags)
    const removed = removeTags(["Policy", "a:b", "none"], tagsOf(tagged))
    if (!removed.ok || removed.value === null) throw new Error("two of the tags are there")
    const left = withPatch(tagged, { annotations: removed.value })
    expect(tagsOf(left)).toEqual({ __proto__x: "1", purgedAt: "3" })
    expect(left.annotations).toMatchObject({ "sqs:Policy": "p", own: "o" })
    expect(removed.value).toEqual({ "sqs:tag:Policy": null, "sqs:tag:a:b": null })
    expect(removeTags(["none", "toString"], tagsOf(left))).toEqual({ ok: true, value: null })
  })
})

describe("purges", () => {
  const queue = { name: "queue", settings: DEFAULT_QUEUE_SETTINGS }

  it("[X34] are a minute apart, however the clocks of two machines differ", () => {
    const first = notePurge(queue, 1_000_000, "first")
    if (!first.ok || first.value === null) throw new Error("the first purge is one")
    const purged = { name: "queue", settings: withPatch(DEFAULT_QUEUE_SETTINGS, first.value) }
    for (const later of [-59_999, 0, 59_999]) {
      expect(notePurge(purged, 1_000_000 + later, "next")).toMatchObject({ error: { name: "PurgeQueueInProgress" } })
    }
    for (const later of [-60_000, 60_000]) {
      expect(notePurge(purged, 1_000_000 + later, "next")).toMatchObject({ ok: true, value: { annotations: {} } })
    }
    expect(notePurge(purged, 1_000_000, "first")).toEqual({ ok: true, value: null })
  })

  it("[X34] are not kept from a queue by a note that is none", () => {
    const settings = withPatch(DEFAULT_QUEUE_SETTINGS, { annotations: { [PURGED_AT]: "yesterday" } })
    expect(notePurge({ name: "queue", settings }, 1_000_000, "first")).toMatchObject({ ok: true, value: {} })
  })
})

describe("pages", () => {
  it("[X32] a token asks for what follows, and is given to who asks for pages", () => {
    const { NextToken } = nextToken({ MaxResults: 2 }, "last.name_1")
    expect(listPage({ NextToken: NextToken! })).toEqual({ ok: true, value: { limit: 1000, cursor: "last.name_1" } })
    expect(nextToken({}, "last")).toEqual({})
    expect(nextToken({ MaxResults: 2 }, null)).toEqual({})
  })
})
