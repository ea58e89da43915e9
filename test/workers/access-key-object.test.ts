import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test"
import { env } from "cloudflare:workers"
import { describe, expect, it } from "vitest"
import type { StoredAccessKey } from "../../src/core/access/access-key.ts"

const KEY: StoredAccessKey = {
  namespace: "acme",
  accountId: "012345678901",
  subject: null,
  rights: null,
  createdAt: 1,
  expiresAt: null,
  sealedSecret: new Uint8Array([1, 2, 3]),
}
const HOUR = 3_600_000

let made = 0

class Scene {
  readonly name = `MRAK${String(made++).padStart(16, "A")}`
  readonly missing = { ok: false, error: { code: "not_found", resource: "access key", name: this.name } }

  get stub() {
    return env.ACCESS_KEYS.getByName(this.name)
  }

  tables(): Promise<number> {
    return runInDurableObject(
      this.stub,
      (_, { storage }) => storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name NOT LIKE '_cf_%'").toArray().length,
    )
  }

  alarmAt(): Promise<number | null> {
    return runInDurableObject(this.stub, (_, { storage }) => storage.getAlarm())
  }
}

describe("an access key", () => {
  it("[A22] is there after an eviction, and made once", async () => {
    const scene = new Scene()
    expect(await scene.stub.create(KEY)).toEqual({ ok: true, value: null })
    expect(await scene.stub.read()).toEqual({ ok: true, value: KEY })
    await evictDurableObject(scene.stub)
    expect(await scene.stub.read()).toEqual({ ok: true, value: KEY })
    expect(await scene.stub.create({ ...KEY, namespace: "other" })).toMatchObject({ error: { code: "conflict" } })
    expect(await scene.stub.read()).toEqual({ ok: true, value: KEY })
  })

  it("[A21] that was never made is not found, and nothing is written", async () => {
    const scene = new Scene()
    expect(await scene.stub.read()).toEqual(scene.missing)
    expect(await scene.stub.remove()).toEqual(scene.missing)
    expect(await scene.tables()).toBe(0)
    expect(await scene.alarmAt()).toBeNull()
  })

  it("[A23] that was taken back leaves nothing behind", async () => {
    const scene = new Scene()
    await scene.stub.create({ ...KEY, expiresAt: Date.now() + HOUR })
    expect(await scene.alarmAt()).not.toBeNull()
    expect(await scene.stub.remove()).toEqual({ ok: true, value: null })
    expect(await scene.stub.read()).toEqual(scene.missing)
    expect(await scene.tables()).toBe(0)
    expect(await scene.alarmAt()).toBeNull()
    await evictDurableObject(scene.stub)
    expect(await scene.stub.remove()).toEqual(scene.missing)
  })

  it("[A23] that has ended leaves nothing behind", async () => {
    const scene = new Scene()
    const expiresAt = Date.now() + HOUR
    await scene.stub.create({ ...KEY, expiresAt })
    expect(await scene.alarmAt()).toBe(expiresAt)
    // too early, as a clock that is ahead would have it
    await runDurableObjectAlarm(scene.stub)
    expect(await scene.stub.read()).toMatchObject({ ok: true })
    expect(await scene.alarmAt()).toBe(expiresAt)
    // the runtime would lose another one for the same millisecond
    const info = { scheduledTime: expiresAt, isRetry: false, retryCount: 0 }
    await runInDurableObject(scene.stub, (object) => object.alarm(info))
    expect(await scene.alarmAt()).toBe(expiresAt + 1)
    await runInDurableObject(scene.stub, (_, { storage }) =>
      storage.sql.exec("UPDATE access_key SET expires_at = ?", Date.now() - 1),
    )
    await runDurableObjectAlarm(scene.stub)
    expect(await scene.stub.read()).toEqual(scene.missing)
    expect(await scene.tables()).toBe(0)
  })
})
