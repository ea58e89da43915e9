import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { CONFIG_NAME } from "../../../scripts/runtime/capnp.ts"
import { readWorkerConfig } from "../../../scripts/runtime/config.ts"
import { spawnWorkerd } from "../../../scripts/runtime/process.ts"
import { bundleWhole } from "./bundle.ts"
import type { Runtime } from "./runtime.ts"

const RUN_MS = 4 * 60_000

/** A Worker that goes out to the broker; as everywhere in `workerd`, a request of it runs all of the suite. */
export const workers: Runtime = {
  name: "Workers",
  httpAllowed: true,
  missing: () => null,
  run: async (place, _stage, folder) => {
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, "suite.js"), await bundleWhole("worker-entry.ts", place))
    const { compatibilityDate } = await readWorkerConfig("wrangler.toml")
    const config = join(folder, "config.capnp")
    await writeFile(config, workerdConfig(compatibilityDate))
    const workerd = spawnWorkerd(config, {})
    try {
      const answer = await fetch(`http://127.0.0.1:${await workerd.port}/`, { signal: AbortSignal.timeout(RUN_MS) })
      const said = (await answer.text()).split("\n").filter((line) => line !== "")
      const complaints = said.filter((line) => line.startsWith("unhandled: "))
      return {
        lines: said.filter((line) => !complaints.includes(line)),
        complaints: complaints.join("\n"),
        exitCode: null,
      }
    } finally {
      workerd.kill("SIGKILL")
      await workerd.exited
    }
  },
}

/** The network of a Worker is the public one, unless it is told that this machine belongs to it. */
function workerdConfig(compatibilityDate: string): string {
  return `using Workerd = import "/workerd/workerd.capnp";

const ${CONFIG_NAME} :Workerd.Config = (
  services = [
    (name = "suite", worker = .suite),
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "suite")],
);

const suite :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "suite.js")],
  compatibilityDate = "${compatibilityDate}",
);
`
}
