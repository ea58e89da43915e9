import { existsSync } from "node:fs"
import { basename, join } from "node:path"
import { PROJECT } from "../../scripts/fixtures/release-tree.ts"
import { bundleWorker } from "../../scripts/runtime/bundle.ts"
import { CONFIG_NAME } from "../../scripts/runtime/capnp.ts"
import { readWorkerConfig, type WorkerConfig } from "../../scripts/runtime/config.ts"

/** Which release each part of a broker is of, by the folder of its sources, in the midst of a deploy. */
export interface Layout {
  readonly worker: string
  /** Namespaces of names and groups. */
  readonly coordinators: string
  /** Namespaces of queues and partitions. */
  readonly logs: string
}

/** One release of those in a layout, as a service of `workerd`. */
interface Service {
  readonly name: string
  readonly module: string
  readonly config: WorkerConfig
  readonly hosted: readonly string[]
}

const LOGS = ["QueueObject", "PartitionObject"]

/** Bundles what `layout` names into `folder`, unless it did before, and answers the configuration that runs it. */
export async function skewConfig(layout: Layout, folder: string, objectsDir: string): Promise<string> {
  const today = await readWorkerConfig(join(PROJECT, "wrangler.toml"))
  const trees = [...new Set([layout.worker, layout.coordinators, layout.logs, PROJECT])]
  const configs = await Promise.all(trees.map((tree) => readWorkerConfig(join(tree, "wrangler.toml"))))
  const hosts = new Map(today.sqliteClasses.map((name) => [name, hostOf(name, layout, trees, configs)]))
  const services = trees.map((tree, index) => ({
    name: nameOf(tree),
    module: join(folder, `${nameOf(tree)}.js`),
    config: configs[index]!,
    hosted: [...hosts].filter(([, host]) => host === tree).map(([name]) => name),
  }))
  const missing = services.filter(({ module }) => !existsSync(module))
  await Promise.all(missing.map(({ config, module }) => bundleWorker(config.entry, module)))
  return configText(services, nameOf(layout.worker), (className) => nameOf(hosts.get(className)!), objectsDir)
}

/** A class that its release does not know yet comes with the next one. */
function hostOf(className: string, layout: Layout, trees: readonly string[], configs: readonly WorkerConfig[]): string {
  const wanted = LOGS.includes(className) ? layout.logs : layout.coordinators
  const isKnown = configs[trees.indexOf(wanted)]!.sqliteClasses.includes(className)
  return isKnown ? wanted : PROJECT
}

function nameOf(tree: string): string {
  return tree === PROJECT ? "today" : `release-${basename(tree)}`
}

function configText(
  services: readonly Service[],
  front: string,
  serviceOf: (className: string) => string,
  objectsDir: string,
): string {
  const workers = services.map((service) => `(name = ${quoted(service.name)}, worker = ${worker(service, serviceOf)})`)
  return `using Workerd = import "/workerd/workerd.capnp";

const ${CONFIG_NAME} :Workerd.Config = (
  services = ${list([`(name = "objects", disk = (path = ${quoted(objectsDir)}, writable = true))`, ...workers])},
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = ${quoted(front)})],
);
`
}

function worker({ name, module, config, hosted }: Service, serviceOf: (className: string) => string): string {
  const namespaces = hosted.map(
    (className) =>
      `(className = ${quoted(className)}, uniqueKey = ${quoted(`${config.name}-${className}`)}, enableSql = true)`,
  )
  const bindings = config.objects.map(({ binding, className }) => {
    const host = serviceOf(className)
    const service = host === name ? "" : `, serviceName = ${quoted(host)}`
    return `(name = ${quoted(binding)}, durableObjectNamespace = (className = ${quoted(className)}${service}))`
  })
  return `(
      modules = [(name = "worker", esModule = embed ${quoted(basename(module))})],
      compatibilityDate = ${quoted(config.compatibilityDate)},
      compatibilityFlags = ${list(config.compatibilityFlags.map(quoted))},
      durableObjectNamespaces = ${list(namespaces)},
      durableObjectStorage = (localDisk = "objects"),
      bindings = ${list([...bindings, `(name = "MILLRACE_TOKEN", fromEnvironment = "MILLRACE_TOKEN")`])},
    )`
}

function list(items: readonly string[]): string {
  return `[${items.join(", ")}]`
}

function quoted(value: string): string {
  return JSON.stringify(value)
}
