import { DurableObject } from "cloudflare:workers"
import { joinBytes } from "../../src/core/bytes/join.ts"
import type { Failure } from "../../src/core/errors.ts"
import { iterateRows } from "../../src/core/log/row.ts"
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

/**
 * What a queue costs that only keeps a count of its messages: nothing of them, but on disk before it answers, as the
 * count of a broker has to be. What comes in a turn is written together.
 */
export class CountObject extends DurableObject {
  #messages: number
  #written: Promise<void> | null = null

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env)
    const { sql } = ctx.storage
    sql.exec("CREATE TABLE IF NOT EXISTS kept (id INTEGER PRIMARY KEY, messages INTEGER NOT NULL) STRICT")
    const [row] = sql.exec<{ messages: number }>("SELECT messages FROM kept").toArray()
    this.#messages = row?.messages ?? 0
  }

  async put(messages: number): Promise<void> {
    this.#messages += messages
    await this.#write()
  }

  /** Takes out at most so many; answers how many. */
  async take(most: number): Promise<number> {
    const messages = Math.min(this.#messages, most)
    this.#messages -= messages
    await this.#write()
    return messages
  }

  #write(): Promise<void> {
    this.#written ??= this.#writeAll()
    return this.#written
  }

  async #writeAll(): Promise<void> {
    await scheduler.wait(0)
    this.#written = null
    this.ctx.storage.sql.exec("INSERT OR REPLACE INTO kept VALUES (0, ?)", this.#messages)
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

/** Rows in one chunk of a stream. */
const STREAMED_ROWS = 16

/** What reading costs without a broker: the rows of a log, streamed as they are stored. */
export class StreamObject extends DurableObject {
  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env)
    ctx.storage.sql.exec(
      "CREATE TABLE IF NOT EXISTS stored (id INTEGER PRIMARY KEY, header BLOB NOT NULL, frames BLOB NOT NULL) STRICT",
    )
  }

  /** Takes rows as a raw read answers them. */
  store(rows: Uint8Array): void {
    for (const { header, frames } of iterateRows(rows)) {
      const start = frames.byteOffset - rows.byteOffset - header.headerBytes
      const bytes = rows.subarray(start, start + header.headerBytes)
      this.ctx.storage.sql.exec("INSERT INTO stored (header, frames) VALUES (?, ?)", bytes, frames)
    }
  }

  override fetch(): Response {
    let last = 0
    const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
      const rows = this.#behind(last)
      if (rows.length === 0) return controller.close()
      last = rows.at(-1)!.id
      controller.enqueue(
        joinBytes(rows.flatMap(({ header, frames }) => [new Uint8Array(header), new Uint8Array(frames)])),
      )
    }
    return new Response(new ReadableStream({ pull }))
  }

  #behind(id: number): { id: number; header: ArrayBuffer; frames: ArrayBuffer }[] {
    const statement = "SELECT id, header, frames FROM stored WHERE id > ? ORDER BY id LIMIT ?"
    const rows = this.ctx.storage.sql.exec<{ id: number; header: ArrayBuffer; frames: ArrayBuffer }>(
      statement,
      id,
      STREAMED_ROWS,
    )
    return rows.toArray()
  }
}
