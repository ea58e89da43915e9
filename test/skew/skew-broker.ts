import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { spawnWorkerd, type Workerd } from "../../scripts/runtime/process.ts"
import type { TestBroker } from "../support/broker.ts"
import { type Layout, skewConfig } from "./skew-config.ts"

const TOKEN = "test-token"
const POLL_MS = 20
const READY_WITHIN_MS = 20_000

/** A broker whose parts are of several releases, always on the same data folder. */
export class SkewBroker implements TestBroker {
  readonly token = TOKEN
  readonly dataDir = mkdtempSync(join(tmpdir(), "millrace-skew-"))
  #layout: Layout
  #workerd: Workerd | null = null
  #url = ""

  private constructor(layout: Layout) {
    this.#layout = layout
  }

  static async start(layout: Layout): Promise<SkewBroker> {
    const broker = new SkewBroker(layout)
    await broker.restart()
    return broker
  }

  get url(): string {
    return this.#url
  }

  /** Ends what runs, as a machine does that is given another release, and starts the parts that `layout` says. */
  async deploy(layout: Layout): Promise<void> {
    await this.kill9()
    this.#layout = layout
    await this.restart()
  }

  async restart(): Promise<void> {
    const [objectsDir, runtimeDir] = [join(this.dataDir, "objects"), join(this.dataDir, "runtime")]
    for (const folder of [objectsDir, runtimeDir]) mkdirSync(folder, { recursive: true })
    const configPath = join(runtimeDir, "config.capnp")
    writeFileSync(configPath, await skewConfig(this.#layout, runtimeDir, objectsDir))
    this.#workerd = spawnWorkerd(configPath, { MILLRACE_TOKEN: TOKEN })
    this.#url = `http://127.0.0.1:${await this.#workerd.port}`
    await healthy(this.#url)
  }

  async kill9(): Promise<void> {
    this.#workerd?.kill("SIGKILL")
    await this.#workerd?.exited
  }

  async stop(): Promise<number | null> {
    this.#workerd?.kill("SIGTERM")
    return (await this.#workerd?.exited)?.code ?? null
  }

  async dispose(): Promise<void> {
    await this.kill9()
    rmSync(this.dataDir, { recursive: true, force: true })
  }
}

async function healthy(url: string): Promise<void> {
  const giveUpAt = performance.now() + READY_WITHIN_MS
  for (;;) {
    const status = await fetch(`${url}/healthz`).then(
      (response) => response.status,
      () => null,
    )
    if (status === 200) return
    if (performance.now() > giveUpAt) throw new Error(`GET /healthz answers ${status ?? "nothing"}`)
    await sleep(POLL_MS)
  }
}
