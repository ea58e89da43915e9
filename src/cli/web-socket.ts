/** What `connect` needs on a Node without a WebSocket of its own: the package `ws`, which is in the bundle. */
export async function webSocketOption(): Promise<{ readonly webSocket?: unknown }> {
  if (typeof (globalThis as { WebSocket?: unknown }).WebSocket === "function") return {}
  const { WebSocket } = await import("ws")
  return { webSocket: WebSocket }
}
