/**
 * Cuts the real data that tests and the demo use, from an unpacked npm package:
 * `node scripts/freeze-data.ts <package directory> [output directory]`. The same package gives the same lines.
 */
import { createHash } from "node:crypto"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"

interface Cut {
  readonly version: string
  readonly file: string
  lines(packageDir: string): string[]
}

interface Webhook {
  readonly name: string
  readonly examples: readonly unknown[]
}

const CUTS: Readonly<Record<string, Cut>> = {
  "vega-datasets": {
    version: "3.2.1",
    file: "flights.ndjson.gz",
    lines: (dir) => (readJson(join(dir, "data/flights-20k.json")) as unknown[]).map((flight) => JSON.stringify(flight)),
  },
  "@octokit/webhooks-examples": {
    version: "7.6.1",
    file: "webhooks.ndjson.gz",
    lines: (dir) => (readJson(join(dir, "api.github.com/index.json")) as Webhook[]).flatMap(webhookLines),
  },
}

const DEFAULT_OUTPUT = fileURLToPath(new URL("../test/data/", import.meta.url))

const [packageDir, output = DEFAULT_OUTPUT] = process.argv.slice(2)
if (packageDir === undefined)
  throw new Error("usage: node scripts/freeze-data.ts <package directory> [output directory]")
freeze(packageDir, output)

function freeze(from: string, to: string): void {
  const { name, version } = readJson(join(from, "package.json")) as { name: string; version: string }
  const cut = CUTS[name]
  if (cut === undefined) throw new Error(`nothing is cut from ${name}, only from ${Object.keys(CUTS).join(" and ")}`)
  if (cut.version !== version) throw new Error(`${name} ${version} is not the version that was frozen, ${cut.version}`)
  const lines = cut.lines(from).map((line) => `${line}\n`)
  const unpacked = new TextEncoder().encode(lines.join(""))
  mkdirSync(to, { recursive: true })
  writeFileSync(join(to, cut.file), gzipSync(unpacked, { level: 9 }))
  console.log(`${cut.file}: ${unpacked.length} bytes unpacked, sha256 ${sha256(unpacked)}`)
}

function webhookLines({ name, examples }: Webhook): string[] {
  return examples.map((payload) => JSON.stringify({ event: name, payload }))
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8"))
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex")
}
