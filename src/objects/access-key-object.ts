import { DurableObject } from "cloudflare:workers"
import type { StoredAccessKey } from "../core/access/access-key.ts"
import type { Failure } from "../core/errors.ts"
import { err, ok, type Result } from "../core/result.ts"
import { AccessKeyStore } from "../store/access-key-store.ts"
import { DurableDatabase } from "../store/durable-database.ts"
import type { AccessKeyApi } from "./contract.ts"
import type { ObjectEnv } from "./env.ts"

/** One access key. Not on the data path: Workers remember what it answers. */
export class AccessKeyObject extends DurableObject<ObjectEnv> implements AccessKeyApi {
  readonly #store: AccessKeyStore

  constructor(ctx: DurableObjectState, env: ObjectEnv) {
    super(ctx, env)
    this.#store = new AccessKeyStore(new DurableDatabase(ctx.storage))
  }

  async create(key: StoredAccessKey): Promise<Result<null, Failure>> {
    if (this.#store.read() !== null) return err({ code: "conflict", detail: `there is an access key ${this.#id}` })
    // first, so that a crash in between leaves an alarm too many and no key that nobody clears away
    if (key.expiresAt !== null) await this.ctx.storage.setAlarm(key.expiresAt)
    this.#store.insert(key)
    return ok(null)
  }

  async read(): Promise<Result<StoredAccessKey, Failure>> {
    const key = this.#store.read()
    return key === null ? err(this.#notFound()) : ok(key)
  }

  async remove(): Promise<Result<null, Failure>> {
    if (this.#store.read() === null) return err(this.#notFound())
    await this.ctx.storage.deleteAll()
    return ok(null)
  }

  /** A key that has ended leaves nothing behind. */
  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    const expiresAt = this.#store.read()?.expiresAt
    // the clock of the next machine may be behind; the runtime loses an alarm that is set to the millisecond that just fired
    if (typeof expiresAt === "number" && expiresAt > Date.now()) {
      return this.ctx.storage.setAlarm(Math.max(expiresAt, (info?.scheduledTime ?? 0) + 1))
    }
    await this.ctx.storage.deleteAll()
  }

  get #id(): string {
    return this.ctx.id.name ?? ""
  }

  #notFound(): Failure {
    return { code: "not_found", resource: "access key", name: this.#id }
  }
}
