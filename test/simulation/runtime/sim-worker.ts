import { Host } from "./host.ts"
import type { Platform } from "./platform.ts"
import type { SimRequest } from "./sim-request.ts"
import type { SimResponse } from "./sim-response.ts"

/** What a Worker's module exports. */
export interface WorkerProgram {
  readonly fetch: (request: never, env: never, context: never) => unknown
}

/** One life of the Worker: its memory, its requests and its ends of sockets. */
export class SimWorker extends Host {
  readonly socketKind = "client"
  readonly clockOffsetMs = 0
  /** Requests under way: each is told where it ends without an answer. */
  readonly underWay = new Set<{ readonly lost: () => void }>()
  readonly #program: WorkerProgram
  readonly #env: object

  constructor(platform: Platform, number: number, program: WorkerProgram, env: object) {
    super(platform, `worker-${number}`)
    this.#program = program
    this.#env = env
  }

  enter(step: () => void): void {
    if (this.isAlive) step()
  }

  output(leave: () => void): void {
    if (this.isAlive) leave()
  }

  /** Answers a request, however long its body takes. */
  async serve(request: SimRequest): Promise<SimResponse> {
    // made by the `Response` that the platform has put there
    return this.#program.fetch(request as never, this.#env as never, this.#context() as never) as Promise<SimResponse>
  }

  override die(): void {
    super.die()
    for (const request of this.underWay) request.lost()
    this.underWay.clear()
    this.platform.note(this.name, "ends")
  }

  #context(): object {
    return {
      waitUntil: (work: Promise<unknown>) => {
        work.catch((error: unknown) => {
          if (this.isAlive) this.platform.fail(this.name, error)
        })
      },
      passThroughOnException: () => {},
    }
  }
}
