/** Runs one of the servers of the SQS API that the door is measured against, and tells its parent the port. */
import type { AddressInfo, Server } from "node:net"

const HOST = "127.0.0.1"

interface Fauxqs {
  readonly startFauxqs: (options: { port: number; logger: boolean }) => Promise<{ readonly port: number }>
}
interface LocalAwsSqs {
  readonly createSqsServer: (options: { port: number; hostname: string }) => Promise<Server>
}

const STARTS: Readonly<Record<string, (module: unknown) => Promise<number>>> = {
  // its log of every request would be what is measured
  fauxqs: async (module) => (await (module as Fauxqs).startFauxqs({ port: 0, logger: false })).port,
  "local-aws-sqs": async (module) => {
    const server = await (module as LocalAwsSqs).createSqsServer({ port: 0, hostname: HOST })
    return (server.address() as AddressInfo).port
  },
}

const name = process.argv[2] ?? ""
// known only where it has been installed, so it is no import that could be checked
const port = await STARTS[name]!(await import(name))
process.send!({ port })
process.on("disconnect", () => process.exit())
