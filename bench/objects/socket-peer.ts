import { DurableObject } from "cloudflare:workers"
import { joinBytes } from "../../src/core/bytes/join.ts"

const text = new TextEncoder()

/** What a publish says of itself. */
interface Publish {
  readonly ref: number
  readonly messages: readonly { readonly body: string }[]
}

/** A publish that waits for the end of its burst. */
interface Pending {
  readonly socket: WebSocket
  readonly ref: number
  readonly body: Uint8Array
}

/**
 * What sockets cost without a broker. A binary frame becomes a row and is confirmed by a number, whatever it holds; text
 * is a publish as the broker takes it: what came in a macrotask is one row, and one message with a `confirm` for each.
 */
export class SocketObject extends DurableObject {
  #burst: Pending[] = []
  #lastId = 0

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env)
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS stored (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT")
  }

  override fetch(): Response {
    const { 0: client, 1: server } = new WebSocketPair()
    this.ctx.acceptWebSocket(server)
    return new Response(null, { status: 101, webSocket: client })
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void {
    if (typeof message !== "string") {
      this.#store(new Uint8Array(message))
      return socket.send("1")
    }
    const { ref, messages } = JSON.parse(message) as Publish
    const body = text.encode(messages[0]!.body)
    if (this.#burst.push({ socket, ref, body }) === 1) setTimeout(() => this.#flush(), 0)
  }

  override webSocketClose(socket: WebSocket): void {
    socket.close()
  }

  #flush(): void {
    const burst = this.#burst
    this.#burst = []
    this.#store(joinBytes(burst.map(({ body }) => body)))
    const confirms = new Map<WebSocket, string[]>()
    for (const { socket, ref } of burst) {
      const confirm = `{"type":"confirm","ref":${ref},"results":[{"id":"1-0-${++this.#lastId}"}]}`
      const known = confirms.get(socket)
      if (known) known.push(confirm)
      else confirms.set(socket, [confirm])
    }
    for (const [socket, frames] of confirms) socket.send(`[${frames.join(",")}]`)
  }

  #store(bytes: Uint8Array): void {
    this.ctx.storage.sql.exec("INSERT INTO stored (bytes) VALUES (?)", bytes)
  }
}

/** A Worker between client and object that passes every frame on as it came. */
export async function relay(open: () => Promise<Response>): Promise<Response> {
  const { 0: client, 1: server } = new WebSocketPair()
  const { webSocket: object } = await open()
  if (object === null) throw new Error("the object took no socket")
  pass(server, object)
  pass(object, server)
  return new Response(null, { status: 101, webSocket: client })
}

function pass(from: WebSocket, to: WebSocket): void {
  from.binaryType = "arraybuffer"
  from.addEventListener("message", ({ data }) => to.send(data as string | ArrayBuffer))
  from.addEventListener("close", () => to.close())
  from.accept()
}
