/** One server-sent event, as a browser's EventSource would show it; also those without data, which it would not. */
export interface ServerEvent {
  readonly id: string
  readonly type: string
  readonly data: string | null
}

const PATIENCE_MS = 30_000

/** A reader of `text/event-stream` that takes an event at a time. */
export class EventReader {
  readonly response: Response
  readonly #client: AbortController
  readonly #chunks: ReadableStreamDefaultReader<string>
  #text = ""
  /** Comments that passed by. */
  comments = 0

  private constructor(response: Response, client: AbortController) {
    this.response = response
    this.#client = client
    this.#chunks = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  }

  static async open(url: string, headers: Readonly<Record<string, string>>): Promise<EventReader> {
    const client = new AbortController()
    const accept = { accept: "text/event-stream" }
    const response = await fetch(url, { headers: { ...accept, ...headers }, signal: client.signal })
    return new EventReader(response, client)
  }

  /** The next event, or null at the end. */
  async next(): Promise<ServerEvent | null> {
    for (;;) {
      const end = this.#text.indexOf("\n\n")
      if (end === -1) {
        const { done, value } = await this.#read()
        if (done) return null
        this.#text += value
        continue
      }
      const lines = this.#text.slice(0, end).split("\n")
      this.#text = this.#text.slice(end + 2)
      const fields = lines.filter((line) => !line.startsWith(":"))
      if (fields.length > 0) return eventOf(fields)
      this.comments++
    }
  }

  /** The next `count` records; what has no data is passed by. */
  async records(count: number): Promise<{ readonly id: string; readonly record: Record<string, unknown> }[]> {
    const records: { id: string; record: Record<string, unknown> }[] = []
    while (records.length < count) {
      const event = await this.next()
      if (event === null) throw new Error(`the stream ended after ${records.length} of ${count} records`)
      if (event.data !== null) records.push({ id: event.id, record: JSON.parse(event.data) as Record<string, unknown> })
    }
    return records
  }

  close(): void {
    this.#client.abort()
  }

  async #read(): Promise<ReadableStreamReadResult<string>> {
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(() => late.reject(new Error("nothing came")), PATIENCE_MS)
    try {
      return await Promise.race([this.#chunks.read(), late.promise])
    } finally {
      clearTimeout(timer)
    }
  }
}

function eventOf(lines: readonly string[]): ServerEvent {
  const valuesOf = (name: string): string[] =>
    lines.filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2))
  const data = valuesOf("data")
  return {
    id: valuesOf("id")[0] ?? "",
    type: valuesOf("event")[0] ?? "message",
    data: data.length > 0 ? data.join("\n") : null,
  }
}
