import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"

/** A proxy that is open until it is closed. */
export interface CrashProxy {
  /** What a client connects to in place of the broker's. */
  readonly url: string
  close(): Promise<void>
}

/**
 * Starts a TCP proxy in front of a broker that has `rewrite` see whatever a client sends at once, as Latin-1, and sends
 * what that answers. What is no request, or a piece of one, is to be answered as it is.
 */
export async function startRewritingProxy(brokerUrl: string, rewrite: (text: string) => string): Promise<CrashProxy> {
  const { hostname, port } = new URL(brokerUrl)
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const broker = connect(Number(port), hostname)
    client.on("data", (bytes: Buffer) => broker.write(rewrite(bytes.toString("latin1")), "latin1"))
    broker.on("data", (bytes: Buffer) => client.write(bytes))
    for (const [one, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      sockets.add(one)
      one.on("end", () => other.end())
      // a broker that is killed breaks its connections, and has none while it is down
      one.on("error", () => other.destroy())
      one.on("close", () => {
        other.destroy()
        sockets.delete(one)
      })
    }
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, "close")
    },
  }
}
