import { DurableObject } from "cloudflare:workers"
import type { Failure } from "../../src/core/errors.ts"
import { ok, type Result } from "../../src/core/result.ts"
import type { SendReply } from "../../src/core/queue/commands.ts"

const ANSWER: Result<SendReply, Failure> = ok({ incarnation: 1, results: [1] })

/** What a call to an object costs when the object does nothing. */
export class NoopObject extends DurableObject {
  call(bytes: Uint8Array): number {
    return bytes.length
  }

  /** Takes a send of one message as a queue would, and forgets it. */
  send(_version: number, _submissions: Uint8Array): Result<SendReply, Failure> {
    return ANSWER
  }
}

/** What storing bytes costs without a broker: one row for each call. */
export class BareObject extends DurableObject {
  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env)
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS stored (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT")
  }

  write(bytes: Uint8Array): number {
    this.ctx.storage.sql.exec("INSERT INTO stored (bytes) VALUES (?)", bytes)
    return bytes.length
  }
}
