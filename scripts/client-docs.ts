/** `npm run client:docs`: every public name of the client, and every method of one, has a docstring. */
import { readFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import { fileURLToPath } from "node:url"

const FOLDER = fileURLToPath(new URL("../dist/client/", import.meta.url))

/** `export { a, type B as C } from "./x.ts"`, as the compiler writes it. */
const REEXPORT = /^export (?:type )?\{([^}]*)\} from "(\.[^"]*)";$/gm
/** What declares a name at the top of a module. */
const DECLARATION = /^export (?:declare )?(?:abstract )?(class|function|const|interface|type) (\w+)/
/** A method of a class or an interface; what holds a value may speak for itself. */
const METHOD = /^ {4}(?!private )(?:static |abstract |override )*(\w+|\[Symbol\.\w+\])\??[<(]/

const undocumented = [...publicNames(join(FOLDER, "index.d.ts"))].flatMap(([name, file]) => missingIn(file, name))
for (const where of undocumented) console.error(`${where} has no docstring`)
console.log(`${undocumented.length} public names without a docstring`)
process.exitCode = undocumented.length === 0 ? 0 : 1

/** Every exported name, with the module that declares it. */
function publicNames(index: string): Map<string, string> {
  const names = new Map<string, string>()
  for (const [, list = "", source = ""] of readFileSync(index, "utf8").matchAll(REEXPORT)) {
    const file = join(dirname(index), source.replace(/(?:\.d)?\.[jt]s$/, ".d.ts"))
    for (const item of list.split(",")) {
      const name = /(?:type )?(\w+)/.exec(item.trim())?.[1]
      if (name !== undefined) names.set(name, file)
    }
  }
  if (names.size === 0) throw new Error(`${index} exports nothing`)
  return names
}

/** The declaration of `name` in `file` and its methods, as far as no docstring stands above them. */
function missingIn(file: string, name: string): string[] {
  const lines = readFileSync(file, "utf8").split("\n")
  const begin = lines.findIndex((line) => DECLARATION.exec(line)?.[2] === name)
  if (begin === -1) throw new Error(`${file} does not declare ${name}`)
  const place = relative(FOLDER, file)
  const missing = isDocumented(lines, begin) ? [] : [`${place}: ${name}`]
  return [...missing, ...methodsOf(lines, begin).map((method) => `${place}: ${name}.${method}`)]
}

function methodsOf(lines: readonly string[], begin: number): string[] {
  if (!/^(?:class|interface)$/.test(DECLARATION.exec(lines[begin] ?? "")?.[1] ?? "")) return []
  const missing: string[] = []
  let last = "constructor"
  for (let at = begin + 1; at < lines.length && !lines[at]?.startsWith("}"); at++) {
    const method = METHOD.exec(lines[at] ?? "")?.[1]
    if (method === undefined) continue
    // of overloads, the first speaks for all
    if (method !== last && !isDocumented(lines, at)) missing.push(method)
    last = method
  }
  return missing
}

function isDocumented(lines: readonly string[], at: number): boolean {
  return lines[at - 1]?.trimEnd().endsWith("*/") === true
}
