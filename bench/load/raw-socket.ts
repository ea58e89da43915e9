import { once } from "node:events"
import { connect, type Socket } from "node:net"
import type { Target } from "./jobs.ts"

const HEAD_END = "\r\n\r\n"
const TEXT = 0x81
const BINARY = 0x82
const CLOSE = 0x88
const OPCODE_MASK = 0x0f
const LENGTH_MASK = 0x7f
const SHORT_LENGTH = 126
const LONG_LENGTH = 127
/** A client must mask; with a key of zeros its bytes stay what they are. */
const MASKED = 0x80
const MASK_BYTES = 4

/** A message as it goes over the wire. */
export function clientFrame(payload: Buffer, kind: "text" | "binary"): Buffer {
  const isShort = payload.length < SHORT_LENGTH
  const header = Buffer.alloc((isShort ? 2 : 4) + MASK_BYTES)
  header[0] = kind === "text" ? TEXT : BINARY
  header[1] = MASKED | (isShort ? payload.length : SHORT_LENGTH)
  if (!isShort) header.writeUInt16BE(payload.length, 2)
  return Buffer.concat([header, payload])
}

/**
 * A WebSocket that costs next to nothing. What a library spends on a frame is as much as the broker does, and would
 * be what is measured.
 */
export class RawSocket {
  readonly #socket: Socket
  readonly #received: (message: Buffer) => void
  #rest = Buffer.alloc(0)

  private constructor(socket: Socket, received: (message: Buffer) => void) {
    this.#socket = socket
    this.#received = received
  }

  /** Opens `path`; `received` gets every message, and what ended the socket is thrown by `ended`. */
  static async open(
    { url, token }: Target,
    path: string,
    protocol: string | null,
    received: (message: Buffer) => void,
  ): Promise<RawSocket> {
    const { hostname, port, host } = new URL(url)
    const socket = connect(Number(port), hostname)
    socket.setNoDelay(true)
    await once(socket, "connect")
    const lines = [
      `GET ${path} HTTP/1.1`,
      `Host: ${host}`,
      `Authorization: Bearer ${token}`,
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: bWlsbHJhY2UgYmVuY2htYXJrIQ==",
      ...(protocol === null ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
    ]
    socket.write(lines.join("\r\n") + HEAD_END)
    const [head] = (await once(socket, "data")) as [Buffer]
    if (!head.toString("latin1").startsWith("HTTP/1.1 101")) throw new Error(`${path}: ${head.toString("latin1")}`)
    const raw = new RawSocket(socket, received)
    raw.#take(head.subarray(head.indexOf(HEAD_END) + HEAD_END.length))
    socket.on("data", (bytes: Buffer) => raw.#take(bytes))
    return raw
  }

  /** Frames made by `clientFrame`, one behind the other. */
  write(frames: readonly Buffer[]): void {
    this.#socket.write(Buffer.concat(frames))
  }

  close(): void {
    this.#socket.destroy()
  }

  #take(bytes: Buffer): void {
    const buffer = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    let at = 0
    for (let next = messageEnd(buffer, at); next !== null; next = messageEnd(buffer, at)) {
      if ((buffer[at]! & OPCODE_MASK) === (CLOSE & OPCODE_MASK)) throw new Error("the socket was closed")
      this.#received(buffer.subarray(next.start, next.end))
      at = next.end
    }
    this.#rest = buffer.subarray(at)
  }
}

/** Where the payload of the message at `at` is, or null where it has not all come. */
function messageEnd(buffer: Buffer, at: number): { readonly start: number; readonly end: number } | null {
  if (buffer.length < at + 2) return null
  const short = buffer[at + 1]! & LENGTH_MASK
  const headerBytes = short === LONG_LENGTH ? 10 : short === SHORT_LENGTH ? 4 : 2
  if (buffer.length < at + headerBytes) return null
  const start = at + headerBytes
  const length =
    short === LONG_LENGTH
      ? Number(buffer.readBigUInt64BE(at + 2))
      : short === SHORT_LENGTH
        ? buffer.readUInt16BE(at + 2)
        : short
  return buffer.length < start + length ? null : { start, end: start + length }
}
