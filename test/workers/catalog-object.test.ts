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
    expect(await catalog.putTopic("t", { partitions: 1 })).toMatchObject({ ok: false, error: { code: "conflict" } })
  })

  it("[N9] adds partitions at a newer version of the same life, and those there were keep what they hold", async () => {
    const { catalog, namespace } = newCatalog()
    const put = await catalog.putTopic("t", { partitions: 2 })
    if (!put.ok) throw new Error("refused")
    const { incarnation, version } = put.value.entry
    const partition = (index: number) => env.PARTITIONS.getByName(`${namespace}/t/${index}`)
    await partition(1).append(version, batchOf(["kept"]), null)
    const grown = await catalog.putTopic("t", { partitions: 40, maxRecordBytes: 100 })
    if (!grown.ok) throw new Error("refused")
    expect(grown.value).toMatchObject({ created: false, entry: { incarnation, settings: { partitions: 40 } } })
    const newer = grown.value.entry.version
    expect(await partition(1).append(version, batchOf(["late"]), null)).toEqual({
      ok: false,
      error: { code: "stale_metadata", version: newer },
    })
    expect(await partition(1).statistics(newer)).toMatchObject({ value: { endOffset: 1 } })
    for (const index of [2, 39]) {
      expect(await partition(index).append(newer, batchOf(["new"]), null)).toMatchObject({ value: { baseOffset: 0 } })
    }
    expect(await partition(40).statistics(newer)).toMatchObject({ error: { code: "not_found" } })
    expect(await catalog.deleteTopic("t")).toMatchObject({ ok: true })
    expect(await partition(39).statistics(newer)).toMatchObject({ error: { code: "not_found" } })
  })

  it("[N5] [N9] while partitions are added the topic resolves as it was, and a crash leaves it so", async () => {
    const { catalog, namespace } = newCatalog()
    const put = await catalog.putTopic("t", { partitions: 1 })
    if (!put.ok) throw new Error("refused")
    const { entry } = put.value
    // a life that the catalog knows nothing of is in the way of the second partition
    const obstacle = env.PARTITIONS.getByName(`${namespace}/t/1`)
    const step = { incarnation: entry.incarnation + 100, version: entry.version + 100, settings: entry.settings }
    await obstacle.init(step)
    expect(await catalog.putTopic("t", { partitions: 3 })).toMatchObject({ ok: false })
    expect(await catalog.getTopic("t")).toEqual({ ok: true, value: entry })
    const first = env.PARTITIONS.getByName(`${namespace}/t/0`)
    expect(await first.append(entry.version, batchOf(["goes on"]), null)).toMatchObject({ ok: true })
    // what the attempt left behind is in nobody's way
    await runInDurableObject(obstacle, (_, state) => state.storage.deleteAll())
    await evictDurableObject(obstacle)
    const grown = await catalog.putTopic("t", { partitions: 3 })
    if (!grown.ok) throw new Error(grown.error.code)
    const { version } = grown.value.entry
    for (const index of [0, 1, 2]) {
      const partition = env.PARTITIONS.getByName(`${namespace}/t/${index}`)
      expect(await partition.append(version, batchOf(["x"]), null)).toMatchObject({ ok: true })
    }
  })
})
