import { closeQuietly } from "./dial.ts"
import type { ClientMessage, SessionContext } from "./ports.ts"
import { Session } from "./session.ts"

/** The subprotocol that a client offers and the broker takes. */
export const SUBPROTOCOL = "millrace.v1"

const NORMAL = 1000
const GOING_AWAY = 1001
const NO_STATUS = 1005
const FIRST_OF_APPLICATIONS = 3000

/** Answers a client's upgrade, and serves its socket from then on. */
export function openSession(context: SessionContext): Response {
  const { 0: client, 1: server } = new WebSocketPair()
  serve(server, context)
  return new Response(null, { status: 101, webSocket: client, headers: { "Sec-WebSocket-Protocol": SUBPROTOCOL } })
}

function serve(socket: WebSocket, context: SessionContext): void {
  const send = (message: ClientMessage): void => {
    // A client that has just gone; its close says so in a moment.
    if (socket.readyState === WebSocket.OPEN) socket.send(message)
  }
  const close = (code: number, reason: string): void => closeQuietly(socket, code, reason)
  const session = new Session({ send, close }, context)
  // Else messages come as Blob.
  socket.binaryType = "arraybuffer"
  socket.addEventListener("message", ({ data }) => {
    session.receive(typeof data === "string" ? data : new Uint8Array(data))
  })
  socket.addEventListener("close", ({ code }) => {
    session.close(isGoodbye(code))
    // Without this the client waits for its own close for ever.
    closeQuietly(socket, code === NO_STATUS ? NORMAL : code)
  })
  socket.addEventListener("error", () => session.close(false))
  socket.accept()
}

/** Whether the client meant to leave: its leases need not wait for it then. */
function isGoodbye(code: number): boolean {
  return code === NORMAL || code === GOING_AWAY || code === NO_STATUS || code >= FIRST_OF_APPLICATIONS
}
