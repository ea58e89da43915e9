import { WebSocket } from "ws"
import { CreditAudit } from "./credit-audit.ts"

/** What goes over a WebSocket, as its `send` takes it. */
type Data = Parameters<WebSocket["send"]>[0]

/** A WebSocket class for one client, whose sockets can be cut off without a goodbye, and are audited. */
export class Wire {
  readonly audit = new CreditAudit()
  /** For `connect`. */
  readonly webSocket: new (url: string, protocols: string[]) => WebSocket
  readonly #sockets = new Set<WebSocket>()
  #mended: PromiseWithResolvers<void> | null = null

  constructor() {
    const { audit } = this
    const opened = (socket: WebSocket): unknown => this.#sockets.add(socket)
    const whole = async (): Promise<void> => this.#mended?.promise
    this.webSocket = class extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols, { finishRequest: (request) => void whole().then(() => request.end()) })
        this.addEventListener("message", ({ data }) => audit.heard(data))
        opened(this)
      }

      override send(data: Data): void {
        audit.said(data)
        super.send(data)
      }
    }
  }

  /** Cuts the client off, as a crash or a pulled plug does: the broker hears nothing of it, until `mend`. */
  cut(): void {
    this.#mended = Promise.withResolvers()
    for (const socket of this.#sockets) socket.terminate()
    this.#sockets.clear()
  }

  /** Lets the client back. */
  mend(): void {
    this.#mended?.resolve()
    this.#mended = null
  }
}
