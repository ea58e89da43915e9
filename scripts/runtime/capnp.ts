import type { WorkerConfig } from "./config.ts"

/** Where a run listens and keeps its data; paths are absolute. */
export interface Placement {
  /** `host:port`; port 0 lets the system choose. */
  readonly address: string
  readonly objectsDir: string
  /** The bundle, relative to the configuration file. */
  readonly module: string
  /** Text bindings that `workerd` takes from its environment, so that no secret stands in the file. */
  readonly environment: readonly string[]
}

/** Name of the constant that holds the configuration. */
export const CONFIG_NAME = "config"

/** The `workerd` configuration, as Cap'n Proto text, that runs `worker` as it would run on Cloudflare. */
export function workerdConfig(worker: WorkerConfig, place: Placement): string {
  return `using Workerd = import "/workerd/workerd.capnp";

const ${CONFIG_NAME} :Workerd.Config = (
  services = [
    (name = "objects", disk = (path = ${quoted(place.objectsDir)}, writable = true)),
    (name = "broker", worker = .broker),
  ],
  sockets = [(name = "http", address = ${quoted(place.address)}, http = (), service = "broker")],
);

const broker :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed ${quoted(place.module)})],
  compatibilityDate = ${quoted(worker.compatibilityDate)},
  compatibilityFlags = ${list(worker.compatibilityFlags.map(quoted))},
  durableObjectNamespaces = ${list(classNames(worker).map((name) => namespace(worker, name)))},
  durableObjectStorage = (localDisk = "objects"),
  bindings = ${list(bindings(worker, place))},
);
`
}

function classNames(worker: WorkerConfig): string[] {
  return [...new Set([...worker.objects.map((object) => object.className), ...worker.sqliteClasses])]
}

/** The key names the class's folder on disk and enters every object id: it must never change. */
function namespace(worker: WorkerConfig, className: string): string {
  const sql = worker.sqliteClasses.includes(className)
  return `(className = ${quoted(className)}, uniqueKey = ${quoted(`${worker.name}-${className}`)}, enableSql = ${sql})`
}

function bindings(worker: WorkerConfig, place: Placement): string[] {
  const vars = Object.entries(worker.vars).filter(([name]) => !place.environment.includes(name))
  return [
    ...worker.objects.map(
      (object) => `(name = ${quoted(object.binding)}, durableObjectNamespace = ${quoted(object.className)})`,
    ),
    ...vars.map(([name, value]) => `(name = ${quoted(name)}, text = ${quoted(value)})`),
    ...place.environment.map((name) => `(name = ${quoted(name)}, fromEnvironment = ${quoted(name)})`),
  ]
}

function list(items: readonly string[]): string {
  return items.length === 0 ? "[]" : `[\n    ${items.join(",\n    ")},\n  ]`
}

function quoted(value: string): string {
  return JSON.stringify(value)
}
