const RealResponse = Response
const encoder = new TextEncoder()

/** What a request is made of. */
export interface RequestParts {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | string | null
  /** Aborts where its client goes away. */
  readonly signal?: AbortSignal
}

/** The `Request` of Workers, as far as anybody looks at it: Node's own costs more than all else that a request does. */
export class SimRequest {
  readonly url: string
  readonly method: string
  readonly headers: Headers
  readonly signal: AbortSignal | null
  readonly #bytes: Uint8Array | null
  #body: ReadableStream<Uint8Array> | null = null
  #isRead = false

  constructor(url: string, { method, headers, body, signal }: RequestParts) {
    this.url = url
    this.method = method
    this.headers = new Headers(headers)
    this.signal = signal ?? null
    this.#bytes = typeof body === "string" ? encoder.encode(body) : body
    if (this.#bytes !== null) this.headers.set("content-length", String(this.#bytes.length))
  }

  get body(): ReadableStream<Uint8Array> | null {
    if (this.#bytes === null) return null
    // read already, it is an empty stream
    this.#body ??= new RealResponse(this.#isRead ? "" : this.#bytes).body
    return this.#body
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    if (this.#isRead || this.#body?.locked === true) throw new TypeError("The body has been read.")
    this.#isRead = true
    return (this.#bytes ?? new Uint8Array()).slice().buffer
  }
}
