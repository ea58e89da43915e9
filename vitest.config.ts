import { fileURLToPath } from "node:url"
import { cloudflareTest } from "@cloudflare/vitest-plugin"
import { defineConfig } from "vitest/config"

/** Real processes, kills and restarts: generous, because a loaded machine is slow and not wrong. */
const E2E_TIMEOUT_MS = 60_000

/** Two thousand seeds take half a minute on a machine of their own. */
const SIMULATION_TIMEOUT_MS = 10 * 60_000

/** What looks at no clock may have all of the machine: the usual share is one core less. */
const ALL_CORES = "100%"

/** Real processes that nobody times: some wait while others compute, so two share the machine. */
const UNTIMED = "test/e2e/{access,access-keys,access-namespaces,cli-*,http-fuzz,sdk-runtimes,sqs-fuzz}.test.ts"

/** What objects get there for the platform's module. */
const SIMULATED_WORKERS = fileURLToPath(new URL("test/simulation/runtime/cloudflare-workers.ts", import.meta.url))

export default defineConfig({
  test: {
    // a test plants a bug in a commit: the object aborts, and the runtime reports that besides the caller's error
    onUnhandledError: (error) => !error.message.includes("planted by a test"),
    projects: [
      {
        test: { name: "unit", include: ["test/unit/**/*.test.ts"], testTimeout: 30_000, maxWorkers: ALL_CORES },
      },
      {
        test: {
          name: "contract",
          include: ["test/contract/**/*.test.ts"],
          testTimeout: 30_000,
          maxWorkers: ALL_CORES,
        },
      },
      {
        // thousands of seeds, each a run of a whole group, or of the whole broker on a platform of its own
        resolve: { alias: { "cloudflare:workers": SIMULATED_WORKERS } },
        test: {
          name: "simulation",
          include: ["test/simulation/**/*.test.ts"],
          testTimeout: SIMULATION_TIMEOUT_MS,
          maxWorkers: ALL_CORES,
        },
      },
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: { bindings: { MILLRACE_TOKEN: "test-token" } },
          }),
        ],
        test: {
          name: "workers",
          include: ["test/workers/**/*.test.ts", "test/contract/**/*.worker.ts"],
          testTimeout: 30_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "e2e-untimed",
          include: [UNTIMED],
          testTimeout: E2E_TIMEOUT_MS,
          hookTimeout: E2E_TIMEOUT_MS,
          maxWorkers: ALL_CORES,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          exclude: [UNTIMED],
          testTimeout: E2E_TIMEOUT_MS,
          hookTimeout: E2E_TIMEOUT_MS,
          // After all others and one file at a time: kills are timed, and brokers want the machine for themselves.
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
      {
        // disks that are full, files that are damaged: brokers of their own, as above
        test: {
          name: "damage",
          include: ["test/damage/**/*.test.ts"],
          testTimeout: E2E_TIMEOUT_MS,
          hookTimeout: E2E_TIMEOUT_MS,
          fileParallelism: false,
          sequence: { groupOrder: 4 },
        },
      },
      {
        test: {
          name: "skew",
          include: ["test/skew/**/*.test.ts"],
          testTimeout: E2E_TIMEOUT_MS,
          hookTimeout: E2E_TIMEOUT_MS,
          // stored databases and the older release, one broker at a time
          fileParallelism: false,
          sequence: { groupOrder: 5 },
        },
      },
    ],
  },
})
