import { cloudflareTest } from "@cloudflare/vitest-plugin"
import { defineConfig } from "vitest/config"

/** Real processes, kills and restarts: generous, because a loaded machine is slow and not wrong. */
const E2E_TIMEOUT_MS = 60_000

/** Two thousand seeds take half a minute on a machine of their own. */
const SIMULATION_TIMEOUT_MS = 10 * 60_000

/** What looks at no clock may have all of the machine: the usual share is one core less. */
const PURE_WORKERS = "100%"

export default defineConfig({
  test: {
    // a test plants a bug in a commit: the object aborts, and the runtime reports that besides the caller's error
    onUnhandledError: (error) => !error.message.includes("planted by a test"),
    projects: [
      {
        test: { name: "unit", include: ["test/unit/**/*.test.ts"], testTimeout: 30_000, maxWorkers: PURE_WORKERS },
      },
      {
        test: {
          name: "contract",
          include: ["test/contract/**/*.test.ts"],
          testTimeout: 30_000,
          maxWorkers: PURE_WORKERS,
        },
      },
      {
        // thousands of seeds, each a run of a whole group
        test: {
          name: "simulation",
          include: ["test/simulation/**/*.test.ts"],
          testTimeout: SIMULATION_TIMEOUT_MS,
          maxWorkers: PURE_WORKERS,
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
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: E2E_TIMEOUT_MS,
          hookTimeout: E2E_TIMEOUT_MS,
          // After all others and one file at a time: kills are timed, and brokers want the machine for themselves.
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
