/** How to reach the broker, and until when. */
export interface Connection {
  readonly url: string
  readonly token: string
  /** Ends every request and socket. */
  readonly signal: AbortSignal
}

/** A refusal as the broker words it (RFC 9457). */
export interface Problem {
  readonly code: string
  readonly title: string
  readonly status: number
  readonly detail?: string
}

/** The outcome of one entry of a batch: `T`, or why it was refused. */
export type Outcome<T> = T | { readonly problem: Problem }

/** Calls the HTTP API and returns the answer's JSON as `T`; throws where it is not a 2xx. */
export async function call<T>(connection: Connection, method: string, path: string, body?: unknown): Promise<T> {
  const { url, token, signal } = connection
  const headers: Record<string, string> = { authorization: `Bearer ${token}` }
  const request: RequestInit = { method, signal, headers }
  if (body !== undefined) {
    headers["content-type"] = "application/json"
    request.body = JSON.stringify(body)
  }
  const response = await fetch(`${url}/v1${path}`, request)
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${path} answers ${response.status}: ${text}`)
  return JSON.parse(text) as T
}

/** The outcomes of a batch none of whose entries may fail; throws where one did. */
export function expectAll<T extends object>(what: string, outcomes: readonly Outcome<T>[]): T[] {
  return outcomes.map((outcome) => {
    if ("problem" in outcome) throw new Error(`${what}: ${JSON.stringify(outcome.problem)}`)
    return outcome
  })
}
