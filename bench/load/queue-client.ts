/** One connection to one queue; every call throws where not all of it succeeded. */
export interface QueueClient {
  /** Sends so many messages in one request. */
  readonly send: (count: number) => Promise<void>
  /** Receives at most so many; the receipts. */
  readonly receive: (max: number) => Promise<readonly string[]>
  readonly delete: (receipts: readonly string[]) => Promise<void>
  readonly close: () => void
}

/** What is sent again and again is built once. */
export function kept(requests: Map<number, Buffer>, count: number, make: () => Buffer): Buffer {
  const request = requests.get(count) ?? make()
  requests.set(count, request)
  return request
}
