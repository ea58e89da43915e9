import { CorruptError } from "../core/bytes/corrupt.ts"
import type { Failure } from "../core/errors.ts"
import { err, ok } from "../core/result.ts"
import { decodeFrames, type Framed, type FromObject } from "../protocol/internal/frames.ts"
import { CLOSE_BROKEN, type Dial, type ObjectSocket, type ObjectSocketEvents, RETRY_AFTER_MS } from "./ports.ts"

/** An object, as far as it takes sockets. */
export interface SocketStub {
  fetch(url: string, init: RequestInit): Promise<Response>
}

/** What the runtime says where a socket ends without a close. */
const CLOSE_ABNORMAL = 1006

const text = new TextDecoder()

/** Opens internal sockets to one object. `stub` gives a new one: a stub that threw is of no more use. */
export function dialer(stub: () => SocketStub): Dial {
  return async (version, events) => {
    const response = (await connect(stub, version)) ?? (await connect(stub, version))
    if (response === null) return err({ code: "unavailable", retryAfterMs: RETRY_AFTER_MS })
    const socket = response.webSocket
    if (socket === null) return err(await failureOf(response))
    return ok(openSocket(socket, events))
  }
}

/** Null where the object could not be reached, which has done nothing. */
async function connect(stub: () => SocketStub, version: number): Promise<Response | null> {
  try {
    return await stub().fetch(`https://object/socket?version=${version}`, { headers: { Upgrade: "websocket" } })
  } catch (error) {
    console.error(JSON.stringify({ event: "object_socket_failed", error: String(error) }))
    return null
  }
}

async function failureOf(response: Response): Promise<Failure> {
  try {
    const { failure } = await response.json<{ readonly failure: Failure }>()
    return failure
  } catch {
    return { code: "unavailable", retryAfterMs: RETRY_AFTER_MS }
  }
}

function openSocket(socket: WebSocket, events: ObjectSocketEvents): ObjectSocket {
  let ended = false
  const end = (code: number, reason: string): void => {
    if (ended) return
    ended = true
    events.closed(code, reason)
  }
  // Else messages come as Blob, whose bytes are not there yet.
  socket.binaryType = "arraybuffer"
  socket.addEventListener("message", ({ data }) => {
    if (ended || receive(data, events)) return
    closeQuietly(socket, CLOSE_BROKEN, "damaged frame")
    end(CLOSE_BROKEN, "damaged frame")
  })
  socket.addEventListener("close", ({ code, reason }) => {
    closeQuietly(socket)
    end(code, reason)
  })
  socket.addEventListener("error", () => end(CLOSE_ABNORMAL, ""))
  socket.accept()
  return {
    send: (frame) => {
      // A socket that has just ended throws; its close says so in a moment.
      if (!ended && socket.readyState === WebSocket.OPEN) socket.send(frame)
    },
    close: (code, reason) => {
      ended = true
      closeQuietly(socket, code, reason)
    },
  }
}

/** False where an object sent what it does not send. */
function receive(data: unknown, events: ObjectSocketEvents): boolean {
  if (!(data instanceof ArrayBuffer)) return false
  try {
    const frames: Framed<FromObject>[] = decodeFrames(new Uint8Array(data), text)
    events.received(frames)
    return true
  } catch (error) {
    if (error instanceof CorruptError) return false
    throw error
  }
}

/** Closing what is closed already throws. */
export function closeQuietly(socket: WebSocket, code?: number, reason?: string): void {
  try {
    socket.close(code, reason)
  } catch {
    return
  }
}
