import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test"
import { env } from "cloudflare:workers"
import { describe, expect, it } from "vitest"
import { batchOf } from "./support.ts"

let serial = 0

/** A catalog of its own per test; the namespace is part of every object's name. */
function newCatalog() {
  const namespace = `ns${serial++}`
  return { namespace, catalog: env.CATALOG.getByName(namespace) }
}

async function sqlOf(stub: ReturnType<typeof env.CATALOG.getByName>, statement: string): Promise<void> {
  await runInDurableObject(stub, (_, state) => void state.storage.sql.exec(statement))
}

describe("the catalog", () => {
  it("[N1] writes nothing while it is only read", async () => {
    const { catalog } = newCatalog()
    expect(await catalog.getQueue("q")).toMatchObject({ ok: false, error: { code: "not_found" } })
    expect(await catalog.listQueues({ prefix: "", limit: 10, cursor: null })).toEqual({ items: [], cursor: null })
    const tables = await runInDurableObject(catalog, (_, state) =>
      state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '_cf%'").toArray(),
    )
    expect(tables).toEqual([])
  })

  it("[N2] creates once: the same settings change nothing, others alter at a newer version", async () => {
    const { catalog } = newCatalog()
    const first = await catalog.putQueue("q", { visibilityTimeoutMs: 5000 })
    expect(first).toMatchObject({
      ok: true,
      value: { created: true, entry: { settings: { visibilityTimeoutMs: 5000 } } },
    })
    const same = await catalog.putQueue("q", { visibilityTimeoutMs: 5000 })
    expect(same).toMatchObject({ ok: true, value: { created: false } })
    const altered = await catalog.putQueue("q", { maxDeliveries: 3 })
    if (!first.ok || !same.ok || !altered.ok) throw new Error("refused")
    expect(same.value.entry).toEqual(first.value.entry)
    expect(altered.value.entry.version).toBeGreaterThan(first.value.entry.version)
    expect(altered.value.entry.incarnation).toBe(first.value.entry.incarnation)
    expect(altered.value.entry.settings).toMatchObject({ visibilityTimeoutMs: 5000, maxDeliveries: 3 })
  })

  it("[N3] a name that is deleted and created again is another life, and its objects are empty", async () => {
    const { catalog, namespace } = newCatalog()
    const first = await catalog.putQueue("q", {})
    if (!first.ok) throw new Error("refused")
    const queue = env.QUEUES.getByName(`${namespace}/q/0`)
    await queue.send(first.value.entry.version, batchOf(["old"]))
    expect(await catalog.deleteQueue("q")).toEqual({ ok: true, value: null })
    expect(await catalog.getQueue("q")).toMatchObject({ ok: false })
    expect(await catalog.deleteQueue("q")).toMatchObject({ ok: false, error: { code: "not_found" } })
    const second = await catalog.putQueue("q", {})
    if (!second.ok) throw new Error("refused")
    expect(second.value.entry.incarnation).toBeGreaterThan(first.value.entry.incarnation)
    expect(await queue.statistics(second.value.entry.version)).toMatchObject({ ok: true, value: { ready: 0, sent: 0 } })
  })

  it("[N5] a step that a crash left half done is finished by the alarm, and the name does not resolve before", async () => {
    const { catalog } = newCatalog()
    await catalog.putTopic("t", { partitions: 3 })
    await sqlOf(catalog, "UPDATE entry SET step = 'creating'")
    expect(await catalog.getTopic("t")).toMatchObject({ ok: false })
    await evictDurableObject(catalog)
    await runDurableObjectAlarm(catalog)
    await expect.poll(async () => (await catalog.getTopic("t")).ok).toBe(true)
    await sqlOf(catalog, "UPDATE entry SET step = 'deleting'")
    await runDurableObjectAlarm(catalog)
    await expect
      .poll(() => runInDurableObject(catalog, (_, state) => state.storage.sql.exec("SELECT * FROM entry").toArray()))
      .toEqual([])
  })

  it("[N2] puts of one name at the same time end in one life", async () => {
    const { catalog } = newCatalog()
    const puts = await Promise.all(Array.from({ length: 8 }, () => catalog.putQueue("q", { maxDeliveries: 2 })))
    const lives = new Set(puts.map((put) => (put.ok ? put.value.entry.incarnation : null)))
    expect(lives.size).toBe(1)
    expect(puts.filter((put) => put.ok && put.value.created)).toHaveLength(1)
  })

  it("[N7] lists in pages by prefix", async () => {
    const { catalog } = newCatalog()
    for (const name of ["a1", "a2", "a3", "b1"]) await catalog.putQueue(name, {})
    const first = await catalog.listQueues({ prefix: "a", limit: 2, cursor: null })
    expect(first).toMatchObject({ items: [{ name: "a1" }, { name: "a2" }], cursor: "a2" })
    const second = await catalog.listQueues({ prefix: "a", limit: 2, cursor: first.cursor })
    expect(second).toMatchObject({ items: [{ name: "a3" }], cursor: null })
  })

  it("[N8] refuses dead-letter targets that don't exist, lead back, or are of another kind", async () => {
    const { catalog } = newCatalog()
    const pointer = "/deadLetterQueue"
    expect(await catalog.putQueue("q", { deadLetterQueue: "nobody" })).toMatchObject({ error: { pointer } })
    expect(await catalog.putQueue("q", { deadLetterQueue: "q" })).toMatchObject({ error: { pointer } })
    await catalog.putQueue("c", {})
    await catalog.putQueue("b", { deadLetterQueue: "c" })
    await catalog.putQueue("a", { deadLetterQueue: "b" })
    expect(await catalog.putQueue("c", { deadLetterQueue: "a" })).toMatchObject({ error: { pointer } })
    const fifo = { ordering: "fifo", deadLetterQueue: "c" } as const
    expect(await catalog.putQueue("f", fifo)).toMatchObject({ error: { pointer } })
    expect(await catalog.getQueue("f")).toMatchObject({ ok: false })
  })

  it("[N9] refuses to change what is fixed at creation", async () => {
    const { catalog } = newCatalog()
    await catalog.putQueue("q", {})
    expect(await catalog.putQueue("q", { ordering: "fifo" })).toMatchObject({ ok: false, error: { code: "conflict" } })
    await catalog.putTopic("t", { partitions: 2 })
    expect(await catalog.putTopic("t", { partitions: 3 })).toMatchObject({ ok: false, error: { code: "conflict" } })
  })
})
