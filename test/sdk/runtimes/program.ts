import { spawn } from "node:child_process"
import { once } from "node:events"
import { text } from "node:stream/consumers"
import { bundleProgram } from "./bundle.ts"
import { executable } from "./executables.ts"
import type { Run, Runtime } from "./runtime.ts"

/** A client that keeps its process alive would hang: that is a failure to be seen, and not waited for. */
const RUN_MS = 4 * 60_000

/** A runtime that is started with a file. */
export function programRuntime(options: {
  readonly name: string
  /** Path of its executable, or null. */
  readonly path: string | null
  readonly missing: string
  readonly args: readonly string[]
}): Runtime {
  const { name, path, args } = options
  return {
    name,
    httpAllowed: true,
    missing: () => (path === null ? options.missing : null),
    run: async (place, _stage, folder) => {
      if (path === null) throw new Error(options.missing)
      return await runProgram(path, [...args, await bundleProgram(folder, place)], folder)
    },
  }
}

/** The Node that runs the tests. */
export const nodeCurrent = programRuntime({
  name: `Node ${process.versions.node.split(".")[0]}`,
  path: process.execPath,
  missing: "",
  args: [],
})

/** The oldest Node that the client supports: it has no WebSocket of its own. */
export const nodeOldest = programRuntime({
  name: "Node 20",
  path: executable("node", (version) => version.startsWith("v20.")),
  missing: "no Node 20 on PATH",
  args: [],
})

export const deno = programRuntime({
  name: "Deno",
  path: executable("deno"),
  missing: "deno is not installed: npm ci",
  args: ["run", "--allow-all", "--no-lock", "--node-modules-dir=manual"],
})

export const bun = programRuntime({
  name: "Bun",
  path: executable("bun"),
  missing: "bun is not installed: npm ci",
  args: ["run", "--no-install"],
})

async function runProgram(path: string, args: readonly string[], folder: string): Promise<Run> {
  const { FORCE_COLOR: _, ...inherited } = process.env
  const child = spawn(path, args, {
    cwd: folder,
    // its own caches stay in the folder, so that runs know nothing of each other
    env: { ...inherited, NO_COLOR: "1", DENO_DIR: folder, DENO_NO_UPDATE_CHECK: "1" },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: RUN_MS,
    killSignal: "SIGKILL",
  })
  const [said, complaints] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")])
  return { lines: said.split("\n").filter((line) => line !== ""), complaints, exitCode: child.exitCode }
}
