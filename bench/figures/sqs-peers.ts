import { execFileSync, fork } from "node:child_process"
import { once } from "node:events"
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"

const FOLDER = fileURLToPath(new URL("../peers/", import.meta.url))
const SERVE = fileURLToPath(new URL("../peers/serve.ts", import.meta.url))
/** What npm leaves behind once all is installed. */
const INSTALLED = "node_modules/.package-lock.json"

/** The servers of the SQS API that the door is measured against; both keep everything in memory. */
export const PEERS = ["fauxqs", "local-aws-sqs"] as const

/** Runs `use` with the URL of a peer in a process of its own, which ends with it; installs the peers at the first use. */
export async function withPeer<T>(name: (typeof PEERS)[number], use: (url: string) => Promise<T>): Promise<T> {
  if (!existsSync(FOLDER + INSTALLED)) {
    execFileSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: FOLDER, stdio: "inherit" })
  }
  const child = fork(SERVE, [name], { cwd: FOLDER })
  try {
    const [{ port }] = (await once(child, "message")) as [{ readonly port: number }]
    return await use(`http://127.0.0.1:${port}`)
  } finally {
    child.disconnect()
  }
}
