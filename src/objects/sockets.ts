import { CorruptError } from "../core/bytes/corrupt.ts"
import type { Failure } from "../core/errors.ts"
import { decodeFrames, encodeFrames, type Framed, type FromObject, type ToObject } from "../protocol/internal/frames.ts"

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Codes of the internal socket; the client's end has codes of its own. */
const CLOSE_GONE = 4404
const CLOSE_DAMAGED = 4400

/** Accepts a session's internal socket, or says why not as JSON. */
export function acceptSocket(ctx: DurableObjectState, request: Request, failure: Failure | null): Response {
  if (failure) return Response.json({ failure }, { status: failure.code === "not_found" ? 404 : 409 })
  if (request.headers.get("Upgrade") !== "websocket") {
    return Response.json({ failure: { code: "upgrade_required" } }, { status: 426 })
  }
  const { 0: client, 1: server } = new WebSocketPair()
  ctx.acceptWebSocket(server)
  return new Response(null, { status: 101, webSocket: client })
}

/** The operations of one frame, or null where it was not one; then the socket is closed. */
export function readFrames(socket: WebSocket, message: string | ArrayBuffer): Framed<ToObject>[] | null {
  try {
    if (typeof message === "string") throw new CorruptError("a text frame")
    return decodeFrames<ToObject>(new Uint8Array(message), decoder)
  } catch (error) {
    if (!(error instanceof CorruptError)) throw error
    socket.close(CLOSE_DAMAGED, "damaged frame")
    return null
  }
}

/**
 * Says that a frame was not served. The socket ends with it where the object is gone, or where something was
 * refused that has no answer of its own: the session would believe for ever that it was done.
 */
export function refuseFrames(socket: WebSocket, frames: readonly Framed<ToObject>[], failure: Failure): void {
  // one that was closed has been told why, and throws
  if (socket.readyState !== WebSocket.OPEN) return
  const refusals = frames.map(({ operation }): { operation: FromObject } => ({
    operation: { type: "failed", refs: refsOf(operation), sub: subOf(operation), failure },
  }))
  socket.send(encodeFrames(refusals, encoder))
  const isUnanswerable = frames.some(({ operation }) => refsOf(operation).length === 0 && subOf(operation) === null)
  if (failure.code === "not_found" || isUnanswerable) socket.close(CLOSE_GONE, failure.code)
}

function refsOf(operation: ToObject): readonly number[] {
  if (operation.type === "publish") return operation.refs
  return operation.type === "settle" || operation.type === "settle-share" ? [operation.ref] : []
}

function subOf(operation: ToObject): number | null {
  switch (operation.type) {
    case "subscribe-queue":
    case "subscribe-partition":
    case "subscribe-share":
    case "watch-member":
      return operation.sub
    case "credit":
    case "unsubscribe":
    case "drain":
    case "publish":
    case "settle":
    case "settle-share":
    case "bye":
      return null
  }
}

/** Tells every session that the object is gone. */
export function closeSockets(ctx: DurableObjectState, failure: Failure): void {
  const operation: FromObject = { type: "failed", refs: [], sub: null, failure }
  for (const socket of ctx.getWebSockets()) {
    if (socket.readyState === WebSocket.OPEN) socket.send(encodeFrames([{ operation }], encoder))
    socket.close(CLOSE_GONE, failure.code)
  }
}
