import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net"

/** A TCP proxy in front of a broker whose connections a test breaks off as a network would. */
export interface CutProxy {
  /** What a client connects to in place of the broker's. */
  readonly url: string
  /** Connections that are open. */
  readonly connections: number
  /** Resets every connection; new ones are let through. */
  cut(): void
  /** Lets nothing through from the broker to its clients, whose own words still arrive, until `cut` or `thaw`. */
  freezeAnswers(): void
  /** Lets through what was held, and everything from then on. */
  thaw(): void
  /** Resets every connection, and every new one, until `up`. */
  down(): void
  up(): void
  close(): Promise<void>
}

/** Starts a proxy on a free port. `brokerUrl` is asked for every connection, as a broker that restarts may move. */
export async function startCutProxy(brokerUrl: () => string): Promise<CutProxy> {
  const pairs = new Set<readonly [client: Socket, broker: Socket]>()
  let isDown = false
  let isFrozen = false
  const server = createServer((client) => {
    if (isDown) return void client.resetAndDestroy()
    const { hostname, port } = new URL(brokerUrl())
    const broker = connect(Number(port), hostname)
    const pair = [client, broker] as const
    pairs.add(pair)
    join(client, broker, () => pairs.delete(pair))
    if (isFrozen) broker.pause()
  })
  const cut = (): void => {
    isFrozen = false
    for (const socket of [...pairs].flat()) socket.resetAndDestroy()
  }
  const setFrozen = (value: boolean): void => {
    isFrozen = value
    for (const [, broker] of pairs) {
      if (value) broker.pause()
      else broker.resume()
    }
  }
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connections() {
      return pairs.size
    },
    cut,
    freezeAnswers: () => setFrozen(true),
    thaw: () => setFrozen(false),
    down() {
      isDown = true
      cut()
    },
    up() {
      isDown = false
    },
    close: () => closeAll(server, cut),
  }
}

function join(client: Socket, broker: Socket, ended: () => void): void {
  for (const [from, to] of [
    [client, broker],
    [broker, client],
  ] as const) {
    from.setNoDelay(true)
    from.on("data", (bytes: Buffer) => to.write(bytes))
    from.on("end", () => to.end())
    // a reset is what this is for
    from.on("error", () => to.resetAndDestroy())
    from.on("close", () => {
      to.destroy()
      ended()
    })
  }
}

async function closeAll(server: Server, cut: () => void): Promise<void> {
  const closed = once(server, "close")
  server.close()
  cut()
  await closed
}
