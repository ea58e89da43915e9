import { SQSClient, type SQSClientConfig, type SQSServiceException } from "@aws-sdk/client-sqs"
import { afterEach, beforeAll, expect } from "vitest"
import type { TestBrokerOptions } from "./broker.ts"
import { HttpScene } from "./http.ts"

/** What a refusal of the door must have; what is left out may be anything. */
export interface ExpectedError {
  /** The shape's name in the service model. */
  readonly name?: string
  /** `Error.Code`: what the query protocol calls it. */
  readonly code?: string
  readonly status?: number
  readonly message?: string | RegExp
}

/** An answer of the query protocol. */
export interface QueryAnswer {
  readonly status: number
  readonly headers: Headers
  readonly xml: string
  /** The text of the first element of that name, with its entities resolved; undefined without one. */
  readonly text: (element: string) => string | undefined
  /** The texts of all elements of that name. */
  readonly texts: (element: string) => readonly string[]
}

/** An answer of the JSON protocol; `body` is null where there is none. */
export interface JsonAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: unknown
}

/** What a client without keys of its own signs with: any key will do where authentication is off. */
const ANY_KEY = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" }

/** A broker with its SQS door open to everyone unless told, and AWS's own client of it. */
export class SqsScene extends HttpScene {
  readonly #clients = new Set<SQSClient>()
  #sqs: SQSClient | null = null

  /** As for an HttpScene; settings of the environment are added to `MILLRACE_AUTH=off`. */
  constructor(options: TestBrokerOptions = {}) {
    super({ ...options, env: { MILLRACE_AUTH: "off", ...options.env } })
    beforeAll(() => () => this.#sqs?.destroy())
    afterEach(() => {
      for (const client of this.#clients) client.destroy()
      this.#clients.clear()
    })
  }

  /** AWS's client, which repeats nothing: one for all tests of a file. */
  get sqs(): SQSClient {
    this.#sqs ??= new SQSClient(this.#config({}))
    return this.#sqs
  }

  /** A client with other settings, such as `credentials`; closed with the test that made it. */
  client(config: SQSClientConfig = {}): SQSClient {
    const client = new SQSClient(this.#config(config))
    this.#clients.add(client)
    return client
  }

  /** The URL of a queue of the default namespace, wherever it was made. */
  queueUrl(name: string): string {
    return `${this.broker.url}/000000000000/${name}`
  }

  /** A request of the query protocol, by POST to `path`; unsigned. */
  async query(action: string, parameters: Readonly<Record<string, string>> = {}, path = "/"): Promise<QueryAnswer> {
    const response = await fetch(`${this.broker.url}${path}`, {
      method: "POST",
      body: new URLSearchParams({ Action: action, Version: "2012-11-05", ...parameters }),
    })
    return queryAnswer(response)
  }

  /** A request of the JSON protocol, as current SDKs send it; unsigned. */
  async json(
    action: string,
    input: unknown,
    headers: Readonly<Record<string, string>> = { "x-amzn-query-mode": "true" },
  ): Promise<JsonAnswer> {
    const response = await fetch(this.broker.url, {
      method: "POST",
      headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": `AmazonSQS.${action}`, ...headers },
      body: typeof input === "string" ? input : JSON.stringify(input),
    })
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      body: text === "" ? null : (JSON.parse(text) as unknown),
    }
  }

  #config(config: SQSClientConfig): SQSClientConfig {
    return { endpoint: this.broker.url, region: "us-east-1", credentials: ANY_KEY, maxAttempts: 1, ...config }
  }
}

/** Expects that what was asked of AWS's client is refused in that way. */
export async function expectError(asked: Promise<unknown>, expected: ExpectedError): Promise<void> {
  const error = await asked.then(
    (answer) => expect.unreachable(`answered ${JSON.stringify(answer)}`),
    (reason: unknown) => reason as SQSServiceException & { readonly Code?: string },
  )
  const { name, Code, message, $metadata } = error
  expect({ name, code: Code, status: $metadata?.httpStatusCode, message }).toMatchObject({
    ...expected,
    ...(expected.message instanceof RegExp ? { message: expect.stringMatching(expected.message) as string } : {}),
  })
}

/** What an answer of the query protocol says. */
export async function queryAnswer(response: Response): Promise<QueryAnswer> {
  const xml = await response.text()
  const texts = (element: string): readonly string[] =>
    [...xml.matchAll(new RegExp(`<${element}>([^<]*)</${element}>`, "g"))].map(([, text]) => xmlTextOf(text ?? ""))
  return { status: response.status, headers: response.headers, xml, texts, text: (element) => texts(element)[0] }
}

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" }

/** As an XML reader has it: a carriage return that is not escaped is a line feed. */
function xmlTextOf(text: string): string {
  return text
    .replaceAll(/\r\n?/g, "\n")
    .replaceAll(/&(?:#x([0-9A-Fa-f]+)|#(\d+)|(\w+));/g, (entity, hex, decimal, name) => {
      if (hex !== undefined) return String.fromCodePoint(Number.parseInt(String(hex), 16))
      if (decimal !== undefined) return String.fromCodePoint(Number(decimal))
      return ENTITIES[String(name)] ?? entity
    })
}
