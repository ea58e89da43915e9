/** What this library needs of a WebSocket: those of browsers, Deno, Bun, Workers, Node and of `ws` have it. */
export interface WebSocketLike {
  binaryType: string
  send(data: string | Uint8Array): void
  close(code?: number, reason?: string): void
  addEventListener(type: string, listener: (event: SocketEvent) => void): void
  /** `ws` alone can break off as a crash would, so that leases wait for the client to come back. */
  terminate?(): void
}

/** The parts of the events of a WebSocket that are read. */
export interface SocketEvent {
  readonly data?: unknown
}

/** A WebSocket class. */
export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike

/** The class to use: the given one, else the platform's, else that of the package `ws` where it is installed. */
export async function webSocketClass(given: unknown): Promise<WebSocketConstructor> {
  const own = given ?? (globalThis as { readonly WebSocket?: unknown }).WebSocket
  if (typeof own === "function") return own as WebSocketConstructor
  // not a literal: a bundler would want to find the package where nobody needs it
  const name = ["w", "s"].join("")
  try {
    const module = (await import(/* @vite-ignore */ /* webpackIgnore: true */ name)) as { readonly WebSocket: unknown }
    return module.WebSocket as WebSocketConstructor
  } catch (error) {
    throw new TypeError("There is no WebSocket here: install the package ws, or give the option webSocket.", {
      cause: error,
    })
  }
}
