/** Where the broker is, and until when it is needed. */
export interface Address {
  readonly url: string
  readonly token: string
  /** Ends every request and client. */
  readonly signal: AbortSignal
}

/** Asks the HTTP API for what the client does not bring, and returns the answer's JSON as `T`; throws where it is not a 2xx. */
export async function get<T>({ url, token, signal }: Address, path: string): Promise<T> {
  const response = await fetch(`${url}/v1${path}`, { signal, headers: { authorization: `Bearer ${token}` } })
  const text = await response.text()
  if (!response.ok) throw new Error(`GET ${path} answers ${response.status}: ${text}`)
  return JSON.parse(text) as T
}
