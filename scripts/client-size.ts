/**
 * `npm run client:size`: what `millrace/client` adds to a page, minified and compressed; fails where that is too much.
 * Counted is what an import loads. What only receivers need is loaded when a program first receives.
 */
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import { build as bundle, type Plugin } from "esbuild"

/** What the library promises. */
const MAX_BYTES = 12 * 1024

/** Leaves out what is loaded on demand, as a bundler does that splits there. */
const ON_DEMAND: Plugin = {
  name: "on-demand",
  setup(build) {
    build.onResolve({ filter: /^/ }, ({ kind, path }) =>
      kind === "dynamic-import" ? { path, external: true } : undefined,
    )
  },
}

const imported = await compressedBytes([ON_DEMAND])
const whole = await compressedBytes([])
console.log(
  `millrace/client: ${imported} bytes gzip, at most ${MAX_BYTES - 1}; ${whole} with all that it loads on demand`,
)
process.exitCode = imported < MAX_BYTES ? 0 : 1

async function compressedBytes(plugins: Plugin[]): Promise<number> {
  const { outputFiles } = await bundle({
    entryPoints: [fileURLToPath(new URL("../src/client/index.ts", import.meta.url))],
    write: false,
    bundle: true,
    minify: true,
    format: "esm",
    platform: "neutral",
    target: "es2022",
    logLevel: "warning",
    plugins,
  })
  return gzipSync(outputFiles[0]!.contents, { level: 9 }).length
}
