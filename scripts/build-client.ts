/** `npm run build:client`: the package `millrace/client` as plain modules and their types, into `dist/client`. */
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join, posix } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"

const PROJECT_DIR = fileURLToPath(new URL("../", import.meta.url))
const OUT_DIR = join(PROJECT_DIR, "dist/client")
/** How declarations name each other. */
const MODULE = /"(\.[^"]*)\.ts"/g

rmSync(OUT_DIR, { recursive: true, force: true })
await build({
  entryPoints: [join(PROJECT_DIR, "src/client/index.ts")],
  outdir: OUT_DIR,
  // what a program receives with is loaded when it first does
  splitting: true,
  bundle: true,
  format: "esm",
  platform: "neutral",
  target: "es2022",
  sourcemap: true,
  sourcesContent: true,
  logLevel: "warning",
})
writeDeclarations()

/** The compiler writes those of everything; a user of the package gets what its index leads to. */
function writeDeclarations(): void {
  const scratch = mkdtempSync(join(PROJECT_DIR, "dist/types-"))
  try {
    const flags = ["--noEmit", "false", "--declaration", "--emitDeclarationOnly", "--stripInternal"]
    const tsc = join(PROJECT_DIR, "node_modules/.bin/tsc")
    const args = ["-p", "src/client", ...flags, "--rootDir", "src", "--outDir", scratch]
    const { status } = spawnSync(tsc, args, { cwd: PROJECT_DIR, stdio: "inherit" })
    if (status !== 0) throw new Error("the declarations could not be written")
    copyDeclarations(join(scratch, "client"))
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

function copyDeclarations(fromDir: string): void {
  const names = new Set(["index"])
  for (const name of names) {
    const text = readFileSync(join(fromDir, `${name}.d.ts`), "utf8")
    for (const [, path = ""] of text.matchAll(MODULE)) {
      const named = posix.join(posix.dirname(name), path)
      if (named.startsWith("..")) throw new Error(`${name} shows its users a type of ${path}`)
      names.add(named)
    }
    mkdirSync(dirname(join(OUT_DIR, name)), { recursive: true })
    // not every compiler takes sources from a package
    writeFileSync(join(OUT_DIR, `${name}.d.ts`), text.replaceAll(MODULE, '"$1.js"'))
  }
}
