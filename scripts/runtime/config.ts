import { readFile } from "node:fs/promises"
import { dirname, resolve } from "node:path"
import { parse, type TomlTable, type TomlValue } from "smol-toml"

/** What a run on `workerd` needs to know of a `wrangler.toml`. */
export interface WorkerConfig {
  readonly name: string
  /** Absolute path of the module that `main` names. */
  readonly entry: string
  readonly compatibilityDate: string
  readonly compatibilityFlags: readonly string[]
  readonly objects: readonly ObjectBinding[]
  /** Classes whose objects keep their data in SQLite, bound or not. */
  readonly sqliteClasses: readonly string[]
  readonly vars: Readonly<Record<string, string>>
}

/** A namespace of Durable Objects as the Worker sees it. */
export interface ObjectBinding {
  readonly binding: string
  readonly className: string
}

/** Reads `path`; throws where a field that the run needs is missing or of another type. */
export async function readWorkerConfig(path: string): Promise<WorkerConfig> {
  const toml = parse(await readFile(path, "utf8"))
  return {
    name: text(toml["name"], "name"),
    entry: resolve(dirname(path), text(toml["main"], "main")),
    compatibilityDate: text(toml["compatibility_date"], "compatibility_date"),
    compatibilityFlags: texts(toml["compatibility_flags"] ?? [], "compatibility_flags"),
    objects: tables(
      table(toml["durable_objects"] ?? {}, "durable_objects")["bindings"],
      "durable_objects.bindings",
    ).map((binding) => ({
      binding: text(binding["name"], "name"),
      className: text(binding["class_name"], "class_name"),
    })),
    sqliteClasses: tables(toml["migrations"], "migrations").flatMap((migration) =>
      texts(migration["new_sqlite_classes"] ?? [], "new_sqlite_classes"),
    ),
    vars: Object.fromEntries(
      Object.entries(table(toml["vars"] ?? {}, "vars")).map(([name, value]) => [name, text(value, `vars.${name}`)]),
    ),
  }
}

function text(value: TomlValue | undefined, field: string): string {
  if (typeof value !== "string") throw new Error(`wrangler.toml: ${field} must be a string`)
  return value
}

function texts(value: TomlValue | undefined, field: string): string[] {
  if (!Array.isArray(value)) throw new Error(`wrangler.toml: ${field} must be a list`)
  return value.map((item) => text(item, field))
}

function table(value: TomlValue | undefined, field: string): TomlTable {
  if (typeof value !== "object" || Array.isArray(value) || value instanceof Date) {
    throw new Error(`wrangler.toml: ${field} must be a table`)
  }
  return value
}

function tables(value: TomlValue | undefined, field: string): TomlTable[] {
  if (value === undefined) return []
  if (!Array.isArray(value)) throw new Error(`wrangler.toml: ${field} must be a list of tables`)
  return value.map((item) => table(item, field))
}
