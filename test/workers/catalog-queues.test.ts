import { env } from "cloudflare:workers"
import { describe, expect, it } from "vitest"
import { MAX_ANNOTATIONS, MAX_ANNOTATIONS_CHARACTERS } from "../../src/core/limits.ts"

let serial = 0

/** A catalog of its own per test. */
function newCatalog() {
  return env.CATALOG.getByName(`queues${serial++}`)
}

async function entryOf(catalog: ReturnType<typeof newCatalog>) {
  const entry = await catalog.getQueue("q")
  if (!entry.ok) throw new Error("there is no queue")
  return entry.value
}

describe("a queue in the catalog", () => {
  it("[N11] is known to be deleted, and may be made anew at once", async () => {
    const catalog = newCatalog()
    await catalog.putQueue("q", {})
    expect(await catalog.queueDeletedAt("q")).toBeNull()
    const before = Date.now()
    await catalog.deleteQueue("q")
    const deletedAt = await catalog.queueDeletedAt("q")
    expect(deletedAt).toBeGreaterThanOrEqual(before)
    expect(deletedAt).toBeLessThanOrEqual(Date.now())
    expect(await catalog.putQueue("q", {})).toMatchObject({ ok: true, value: { created: true } })
  })

  it("[N12] keeps annotations, merged by name; null takes one away", async () => {
    const catalog = newCatalog()
    await catalog.putQueue("q", { annotations: { a: "1", b: "2", gone: null } })
    expect((await entryOf(catalog)).settings.annotations).toEqual({ a: "1", b: "2" })
    await catalog.putQueue("q", { annotations: { b: null, c: "3" }, maxDeliveries: 2 })
    expect((await entryOf(catalog)).settings).toMatchObject({ annotations: { a: "1", c: "3" }, maxDeliveries: 2 })
    const { version } = await entryOf(catalog)
    await catalog.putQueue("q", { annotations: { a: "1", b: null } })
    expect((await entryOf(catalog)).version).toBe(version)
  })

  it("[N12] two who change different annotations at the same time both have done so", async () => {
    const catalog = newCatalog()
    await catalog.putQueue("q", {})
    const names = Array.from({ length: 8 }, (_, index) => `name-${index}`)
    await Promise.all(names.map((name) => catalog.putQueue("q", { annotations: { [name]: "x" } })))
    expect(Object.keys((await entryOf(catalog)).settings.annotations).sort()).toEqual(names)
  })

  it("[N12] refuses more annotations than may be, and changes nothing", async () => {
    const catalog = newCatalog()
    const pointer = "/annotations"
    const some = (from: number, count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`name-${from + index}`, ""]))
    await catalog.putQueue("q", { annotations: some(0, MAX_ANNOTATIONS) })
    expect(await catalog.putQueue("q", { annotations: { more: "" } })).toMatchObject({ error: { pointer } })
    expect(Object.keys((await entryOf(catalog)).settings.annotations)).toHaveLength(MAX_ANNOTATIONS)
    const long = { annotations: { long: "x".repeat(MAX_ANNOTATIONS_CHARACTERS - 4) } }
    expect(await catalog.putQueue("other", long)).toMatchObject({ ok: true })
    expect(await catalog.putQueue("other", { annotations: { a: "" } })).toMatchObject({ error: { pointer } })
  })

  it("[N13] changes on the condition of its version, or of not being there", async () => {
    const catalog = newCatalog()
    expect(await catalog.putQueue("q", {}, 7)).toEqual({ ok: false, error: { code: "stale_metadata", version: 0 } })
    expect(await catalog.putQueue("q", {}, 0)).toMatchObject({ ok: true, value: { created: true } })
    const { version } = await entryOf(catalog)
    expect(await catalog.putQueue("q", { maxDeliveries: 3 }, 0)).toEqual({
      ok: false,
      error: { code: "stale_metadata", version },
    })
    expect(await catalog.putQueue("q", { maxDeliveries: 3 }, version)).toMatchObject({ ok: true })
    expect(await catalog.putQueue("q", { maxDeliveries: 4 }, version)).toMatchObject({ ok: false })
    expect((await entryOf(catalog)).settings.maxDeliveries).toBe(3)
  })

  it("lists the queues whose dead letters go to one", async () => {
    const catalog = newCatalog()
    for (const name of ["dead", "other"]) await catalog.putQueue(name, {})
    for (const name of ["a", "b", "c"]) await catalog.putQueue(name, { deadLetterQueue: "dead" })
    await catalog.putQueue("d", { deadLetterQueue: "other" })
    const request = { prefix: "", limit: 2, deadLetterQueue: "dead" }
    const first = await catalog.listQueues({ ...request, cursor: null })
    expect(first).toMatchObject({ items: [{ name: "a" }, { name: "b" }], cursor: "b" })
    const second = await catalog.listQueues({ ...request, cursor: first.cursor })
    expect(second).toMatchObject({ items: [{ name: "c" }], cursor: null })
  })
})
