import { once } from "node:events"
import { WebSocket } from "ws"
import type { FramesJob, Target } from "./jobs.ts"

const PING = /"type":"ping","id":(\d+)/g

/** A socket of the broker's, or of a peer that takes any; answers the broker's pings. */
export async function openSocket({ url, token }: Target, path: string): Promise<WebSocket> {
  const headers = { authorization: `Bearer ${token}` }
  // a peer answers no subprotocol, and whoever offered one would hang up
  const protocols = path.startsWith("/v1/") ? ["millrace.v1"] : []
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}${path}`, protocols, { headers })
  await once(socket, "open")
  socket.on("message", (data: Buffer) => {
    const said = data.toString("latin1")
    if (said.includes('"type":"error"')) socket.emit("error", new Error(said.slice(0, 500)))
    for (const [, id] of said.matchAll(PING)) socket.send(`{"type":"pong","id":${id}}`)
  })
  return socket
}

/** Makes frame number `ref` of a job. */
export function publishMaker(frame: FramesJob["frame"]): (ref: number) => string | Buffer {
  if ("bytes" in frame) {
    const bytes = Buffer.alloc(frame.bytes, "m")
    return () => bytes
  }
  const start = '{"type":"publish","ref":'
  const end = `,"queue":"${frame.queue}","messages":[{"body":${JSON.stringify(frame.body)}}]}`
  return (ref) => `${start}${ref}${end}`
}
