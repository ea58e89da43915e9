import {
  decodeFrames,
  encodeFrames,
  type Framed,
  type FromObject,
  type ToObject,
} from "../../src/protocol/internal/frames.ts"

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** An internal socket to an object, one question at a time. */
export class ObjectPeer {
  readonly #socket: WebSocket

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.binaryType = "arraybuffer"
    socket.accept()
  }

  static async open(
    object: { fetch(url: string, init: RequestInit): Promise<Response> },
    version: number,
  ): Promise<ObjectPeer> {
    const response = await object.fetch(`https://object/socket?version=${version}`, {
      headers: { Upgrade: "websocket" },
    })
    if (!response.webSocket) throw new Error(`${response.status}: ${await response.text()}`)
    return new ObjectPeer(response.webSocket)
  }

  /** Says `operation` and answers what comes next. */
  async ask(operation: ToObject, blob: Uint8Array): Promise<Framed<FromObject>[]> {
    const { promise, resolve } = Promise.withResolvers<ArrayBuffer>()
    this.#socket.addEventListener("message", ({ data }) => resolve(data as ArrayBuffer), { once: true })
    this.#socket.send(encodeFrames([{ operation, blob }], encoder))
    return decodeFrames<FromObject>(new Uint8Array(await promise), decoder)
  }

  close(): void {
    this.#socket.close(1000)
  }
}
