import { build } from "esbuild"

/** Bundles a Worker's `entry` into the single module `outfile`, with the settings that wrangler bundles with. */
export async function bundleWorker(entry: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    format: "esm",
    target: "es2024",
    supported: { using: true },
    conditions: ["workerd", "worker", "browser"],
    define: {
      "process.env.NODE_ENV": '"production"',
      "navigator.userAgent": '"Cloudflare-Workers"',
    },
    external: ["cloudflare:*", "node:*"],
    sourcemap: "inline",
    sourcesContent: false,
    logLevel: "silent",
  })
}
