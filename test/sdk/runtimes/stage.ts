import { once } from "node:events"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { buffer } from "node:stream/consumers"
import { type CutProxy, startCutProxy } from "../../support/cut-proxy.ts"

/** What stands around a broker while a suite plays: a way to it that can be cut, and an origin for a page. */
export interface Stage {
  /** Of the broker, through the proxy. */
  readonly brokerUrl: string
  /** Of the stage itself: what the suite asks of it, the broker's `/v1` over HTTP, and the page. */
  readonly url: string
  /** What `GET /` and `GET /suite.js` answer. */
  setPage(script: Uint8Array): void
  close(): Promise<void>
}

const PAGE = `<!doctype html><meta charset="utf-8"><title>suite</title><link rel="icon" href="data:,"><script type="module" src="/suite.js"></script>`
/** Of one hop, so not to be passed on; the body was decoded on the way, so these no longer tell the truth either. */
const OWN_HEADERS = new Set([
  "connection",
  "content-encoding",
  "content-length",
  "host",
  "keep-alive",
  "transfer-encoding",
])

/** Sets up a stage in front of the broker at `brokerUrl`. */
export async function startStage(brokerUrl: string): Promise<Stage> {
  const proxy = await startCutProxy(() => brokerUrl)
  let script = new Uint8Array()
  const server = createServer((request, response) => {
    answer(request, response, { brokerUrl, proxy, script }).catch((error: unknown) => {
      response.writeHead(500).end(String(error))
    })
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return {
    brokerUrl: proxy.url,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    setPage: (built) => void (script = new Uint8Array(built)),
    close: async () => {
      await proxy.close()
      await closed(server)
    },
  }
}

interface Backstage {
  readonly brokerUrl: string
  readonly proxy: CutProxy
  readonly script: Uint8Array
}

async function answer(request: IncomingMessage, response: ServerResponse, stage: Backstage): Promise<void> {
  const path = request.url ?? "/"
  if (path.startsWith("/v1/")) return passOn(request, response, `${stage.brokerUrl}${path}`)
  if (path === "/") return void response.writeHead(200, { "content-type": "text/html" }).end(PAGE)
  if (path === "/suite.js") {
    return void response.writeHead(200, { "content-type": "text/javascript" }).end(stage.script)
  }
  response.writeHead(obeyed(path, stage.proxy) ? 204 : 404).end()
}

function obeyed(path: string, proxy: CutProxy): boolean {
  if (path === "/stage/break") proxy.cut()
  if (path === "/stage/close") proxy.down()
  if (path === "/stage/open") proxy.up()
  return ["/stage/break", "/stage/close", "/stage/open"].includes(path)
}

async function passOn(request: IncomingMessage, response: ServerResponse, url: string): Promise<void> {
  const method = request.method ?? "GET"
  const headers = Object.entries(request.headers).flatMap(([name, value]): [string, string][] =>
    typeof value === "string" && !OWN_HEADERS.has(name) ? [[name, value]] : [],
  )
  const body = method === "GET" || method === "HEAD" ? null : new Uint8Array(await buffer(request))
  const answered = await fetch(url, { method, headers, body })
  const kept = [...answered.headers].filter(([name]) => !OWN_HEADERS.has(name))
  response.writeHead(answered.status, Object.fromEntries(kept)).end(new Uint8Array(await answered.arrayBuffer()))
}

async function closed(server: Server): Promise<void> {
  server.close()
  server.closeAllConnections()
  await once(server, "close")
}
