import { once } from "node:events"
import { createServer } from "node:net"

/** Below those that connections to the outside get, which could take it while nobody listens there. */
const FIRST = 20_000
const LAST = 32_000

/** A port of this machine that is free, and stays so while its broker is killed and started. */
export async function ownPort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST))
    if (await isFree(port)) return port
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, "127.0.0.1")
    await once(server, "listening")
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}
