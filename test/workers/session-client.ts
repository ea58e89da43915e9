import { env, exports } from "cloudflare:workers"

/** A frame from the broker, or a body of its answers. */
export type Frame = Readonly<Record<string, unknown>>

const HEADERS = { authorization: `Bearer ${env.MILLRACE_TOKEN}`, "content-type": "application/json" }
const PATIENCE_MS = 10_000

/** A request to the broker; answers its JSON. */
export async function call(method: string, path: string, body: object | null): Promise<Frame> {
  const init = { method, headers: HEADERS, body: body === null ? null : JSON.stringify(body) }
  const response = await exports.default.fetch(new Request(`https://broker${path}`, init))
  return response.json<Frame>()
}

/** A client of `GET /v1/connect`. */
export class Client {
  readonly frames: Frame[] = []
  /** Whether the broker's pings are answered, and kept from the test. */
  answersPings = true
  readonly #socket: WebSocket

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.addEventListener("message", ({ data }) => {
      const message = JSON.parse(String(data)) as Frame | Frame[]
      const frames = Array.isArray(message) ? message : [message]
      this.frames.push(...frames.filter((frame) => !this.#answerPing(frame)))
    })
    socket.accept()
  }

  static async open(): Promise<Client> {
    const headers = { ...HEADERS, Upgrade: "websocket", "Sec-WebSocket-Protocol": "millrace.v1" }
    const response = await exports.default.fetch(new Request("https://broker/v1/connect", { headers }))
    if (response.webSocket === null) throw new Error(`${response.status}: ${await response.text()}`)
    return new Client(response.webSocket)
  }

  send(frame: object): void {
    this.#socket.send(JSON.stringify(frame))
  }

  /** Takes the first frame of a type, or of those for which `matches` holds. */
  async take(type: string, matches: (frame: Frame) => boolean = () => true): Promise<Frame> {
    for (const deadlineAt = Date.now() + PATIENCE_MS; Date.now() < deadlineAt; await scheduler.wait(5)) {
      const index = this.frames.findIndex((frame) => frame["type"] === type && matches(frame))
      if (index !== -1) return this.frames.splice(index, 1)[0]!
    }
    throw new Error(`no ${type} in ${JSON.stringify(this.frames)}`)
  }

  #answerPing({ type, id }: Frame): boolean {
    if (type !== "ping" || !this.answersPings) return false
    this.send({ type: "pong", id })
    return true
  }

  close(): void {
    this.#socket.close(1000)
  }
}
