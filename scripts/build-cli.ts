/** `npm run build:cli`: the command `millrace` as one file that needs no other package, for any Node from 20 on. */
import { chmodSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"

const EXECUTABLE = 0o755

/** CommonJS packages ask for built-in modules by `require`, which a module does not have. */
const BANNER = `#!/usr/bin/env node
import { createRequire as createBundleRequire } from "node:module"
const require = createBundleRequire(import.meta.url)`

const pathOf = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))
const outfile = pathOf("dist/cli/millrace.js")

await build({
  entryPoints: [pathOf("src/cli/millrace.ts")],
  outfile,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  banner: { js: BANNER },
  // optional native parts of `ws`, and colors that a table does without
  external: ["bufferutil", "utf-8-validate"],
  minifySyntax: true,
  logLevel: "warning",
})
chmodSync(outfile, EXECUTABLE)
