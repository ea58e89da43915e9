type Content = string | Uint8Array | ReadableStream<Uint8Array> | null

const RealResponse = Response

/** The `Response` of Workers, which may carry a socket: Node's refuses the status of an upgrade. */
export class SimResponse {
  readonly status: number
  readonly headers: Headers
  readonly webSocket: unknown
  /** What it was made of. */
  readonly content: Content

  constructor(content: Content = null, init: ResponseInit = {}) {
    this.content = content
    this.status = init.status ?? 200
    this.headers = new Headers(init.headers)
    this.webSocket = init.webSocket ?? null
    if (typeof content === "string" && !this.headers.has("content-type")) {
      this.headers.set("content-type", "text/plain;charset=UTF-8")
    }
  }

  static json(value: unknown, init: ResponseInit = {}): SimResponse {
    const headers = new Headers(init.headers)
    headers.set("content-type", "application/json")
    return new SimResponse(JSON.stringify(value), { ...init, headers })
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300
  }

  get body(): ReadableStream<Uint8Array> | null {
    const { content } = this
    if (content === null || content instanceof ReadableStream) return content
    return new RealResponse(content).body
  }

  async text(): Promise<string> {
    return typeof this.content === "string" ? this.content : new RealResponse(this.body).text()
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text()) as unknown
  }
}
