import { expect } from "vitest"
import * as v from "valibot"
import { OPERATIONS } from "../../src/routes/operations.ts"
import { type Answer, HttpScene, type RequestOptions } from "../support/http.ts"
import { SocketClient } from "../support/socket-client.ts"
import { SkewBroker } from "./skew-broker.ts"
import type { Layout } from "./skew-config.ts"

/** Something that clients do through a deploy: each step finds what the one before it left. */
export interface Strand {
  readonly name: string
  /** `phase` counts from 0. */
  step(phase: number): Promise<void>
}

/** What today's operations say that they answer. */
const DESCRIBED = OPERATIONS.map(({ method, path, responses }) => ({
  method,
  pattern: new RegExp(`^${path.replaceAll(/:\w+/g, "[^/]+")}$`),
  responses,
}))

/** A client of a broker in the midst of a deploy. */
export class SkewScene extends HttpScene {
  readonly #skew: { broker: SkewBroker | null }
  /** Whether the Worker is of today: then every answer must be what today's API describes. */
  #isToday = false

  private constructor(skew: { broker: SkewBroker | null }, layout: Layout) {
    super({}, async () => (skew.broker = await SkewBroker.start(layout)))
    this.#skew = skew
  }

  /** For a test file: the broker is there, in its first layout, while its tests run. */
  static create(layout: Layout): SkewScene {
    return new SkewScene({ broker: null }, layout)
  }

  async deploy(layout: Layout, isToday: boolean): Promise<void> {
    await this.#skew.broker!.deploy(layout)
    this.#isToday = isToday
  }

  override async request(method: string, path: string, options: RequestOptions = {}): Promise<Answer> {
    const answer = await super.request(method, path, options)
    if (this.#isToday) checkDescribed(method, path, answer)
    return answer
  }

  /** A request that must succeed; answers its JSON. */
  async ask<T>(method: string, path: string, json?: object): Promise<T> {
    const answer = await this.request(method, path, json === undefined ? {} : { json })
    expect(answer.status, `${method} ${path}: ${JSON.stringify(answer.body)}`).toSatisfy(isGood)
    return answer.body as T
  }

  connect(): Promise<SocketClient> {
    return SocketClient.open(this.broker)
  }
}

function isGood(status: number): boolean {
  return status >= 200 && status < 300
}

function checkDescribed(method: string, path: string, { status, body }: Answer): void {
  const { pathname } = new URL(path, "http://broker")
  const operation = DESCRIBED.find((one) => one.method === method && one.pattern.test(pathname))
  const schema = operation?.responses[status]?.schema
  if (!schema) return
  const { issues = [] } = v.safeParse(schema, body)
  const wrong = issues.map((issue) => `${v.getDotPath(issue) ?? ""}: ${issue.message}`)
  expect(wrong, `${method} ${path} answered ${JSON.stringify(body)}`).toEqual([])
}
