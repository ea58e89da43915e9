import { encodeFrames, type FromObject } from "../protocol/internal/frames.ts"

const text = new TextEncoder()

interface Outgoing {
  readonly operation: FromObject
  readonly blob?: Uint8Array
}

/** What a commit has to say, joined to one frame per socket: frames are expensive, bytes are not. */
export class SocketOutbox {
  readonly #frames = new Map<WebSocket, Outgoing[]>()

  add(socket: WebSocket, operation: FromObject, blob?: Uint8Array): void {
    const frames = this.#frames.get(socket)
    const outgoing = blob ? { operation, blob } : { operation }
    if (frames) frames.push(outgoing)
    else this.#frames.set(socket, [outgoing])
  }

  /** Sends everything. A socket that is gone has nobody to tell: its leases go back by themselves. */
  flush(): void {
    for (const [socket, frames] of this.#frames) {
      if (socket.readyState === WebSocket.OPEN) socket.send(encodeFrames(joinConfirms(frames), text))
    }
    this.#frames.clear()
  }
}

/** All confirms of a commit as one operation, in place of the first. */
function joinConfirms(frames: readonly Outgoing[]): Outgoing[] {
  const joined: Outgoing[] = []
  let confirms: Extract<FromObject, { type: "confirm" }>["confirms"][number][] | null = null
  for (const frame of frames) {
    const { operation } = frame
    if (operation.type !== "confirm") joined.push(frame)
    else if (confirms) confirms.push(...operation.confirms)
    else {
      confirms = [...operation.confirms]
      joined.push({ operation: { ...operation, confirms } })
    }
  }
  return joined
}
