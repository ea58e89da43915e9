import { EVERYTHING } from "../../../src/core/access/access.ts"
import type { StoredAccessKey } from "../../../src/core/access/access-key.ts"
import { err, ok } from "../../../src/core/result.ts"
import type { AccessKeyApi } from "../../../src/objects/contract.ts"
import type { Env } from "../../../src/routes/env.ts"
import { createToken } from "../../../src/routes/tokens/create.ts"
import type { MadeAccessKey } from "../../support/access-keys.ts"
import { fakeEnv } from "./fake-env.ts"

/** The objects of access keys, and what was asked of them. */
export class KeptKeys {
  readonly keys = new Map<string, StoredAccessKey>()
  readonly env: Env = fakeEnv({ accessKey: (id) => this.#objectOf(id) })
  reads = 0
  /** Whether they can't be reached. */
  isAway = false

  /** Makes a key as the operation does. */
  async make(body: object = {}, env: Env = this.env): Promise<MadeAccessKey> {
    const request = new Request("http://broker/", { method: "POST", body: JSON.stringify({ kind: "aws", ...body }) })
    request.headers.set("content-type", "application/json")
    const caller = { namespace: "default", access: EVERYTHING, endsAt: null, isRoot: true }
    const made = await createToken.handle({ request, env, caller, params: {}, waitUntil: () => {} })
    if (!made.ok) throw new Error(JSON.stringify(made.error))
    return made.value.json()
  }

  #objectOf(id: string): AccessKeyApi {
    const none = err({ code: "not_found", resource: "access key", name: id } as const)
    return {
      create: async (key) => {
        this.keys.set(id, key)
        return ok(null)
      },
      read: async () => {
        this.reads++
        if (this.isAway) throw new Error("lost")
        const key = this.keys.get(id)
        return key === undefined ? none : ok(key)
      },
      remove: async () => (this.keys.delete(id) ? ok(null) : none),
    }
  }
}
