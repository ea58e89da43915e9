import { addressOf } from "./address.ts"
import { type Admin, adminOf } from "./admin.ts"
import { Connection } from "./connection.ts"
import type { Context } from "./context.ts"
import type { ConnectionOptions } from "./options.ts"
import { QueueLanes } from "./queue-lanes.ts"
import { Queue, type QueueOptions } from "./queue.ts"
import type { StandardSchema } from "./standard-schema.ts"
import { Topic, type TopicOptions } from "./topic.ts"
import type { Tracing } from "./tracing.ts"

/** How to reach a broker, and what goes with everything that is said to it. */
export interface ConnectOptions extends ConnectionOptions {
  /** Carries traces along. */
  readonly tracing?: Tracing
}

const DEFAULT_CLOSE_MS = 30_000

/**
 * Connects to a broker. The connection is opened again whenever it breaks, until the client is closed.
 * Rejects with MillraceError `unauthorized`, `unavailable` (nobody answered within `connectTimeoutMs`) or `aborted`.
 */
export async function connect(options: ConnectOptions): Promise<Client> {
  return new Client(await Connection.open(options), options)
}

/** A client of one broker, over one socket. */
export class Client {
  /** Creates, shows and deletes queues, topics, groups and tokens, over HTTP. */
  readonly admin: Admin
  readonly #context: Context

  /** @internal */
  constructor(connection: Connection, options: ConnectOptions) {
    const queues = new QueueLanes(connection)
    const address = addressOf(options)
    this.admin = adminOf(address)
    this.#context = { connection, queues, address, tracing: options.tracing }
    connection.beforeGoodbye.add(() => queues.flush())
  }

  /** A queue whose messages are what a schema says; they are checked when they are read. */
  queue<Input, Output>(
    name: string,
    options: QueueOptions<Input, Output> & { readonly schema: StandardSchema<Input, Output> },
  ): Queue<Input, Output>
  /** A queue; without a codec its messages are JSON. */
  queue<T = unknown>(name: string, options?: QueueOptions<T>): Queue<T>
  queue<Input, Output>(name: string, options: QueueOptions<Input, Output> = {}): Queue<Input, Output> {
    return new Queue(this.#context, name, options)
  }

  /** A topic whose values are what a schema says; they are checked when they are read. */
  topic<Input, Output, Key = string>(
    name: string,
    options: TopicOptions<Key, Input, Output> & { readonly schema: StandardSchema<Input, Output> },
  ): Topic<Key, Input, Output>
  /** A topic; without codecs its keys are text and its values JSON. */
  topic<T = unknown, Key = string>(name: string, options?: TopicOptions<Key, T>): Topic<Key, T>
  topic<Key, Input, Output>(name: string, options: TopicOptions<Key, Input, Output> = {}): Topic<Key, Input, Output> {
    return new Topic(this.#context, name, options)
  }

  /** Aborted when the client is over, with a MillraceError for its reason. */
  get closing(): AbortSignal {
    return this.#context.connection.closing
  }

  /**
   * Ends in good order: consumers finish what they have, then producers send what they hold, then the broker hears goodbye.
   * After `timeoutMs` (30,000) it is over anyhow, and what is unanswered rejects with `closed`.
   */
  async close({ timeoutMs = DEFAULT_CLOSE_MS }: { readonly timeoutMs?: number } = {}): Promise<void> {
    const { connection } = this.#context
    const late = setTimeout(() => void connection.close(), timeoutMs)
    for (const ends of [connection.beforeClose, connection.beforeGoodbye]) {
      if (!connection.closing.aborted) await Promise.allSettled([...ends].map((end) => end()))
    }
    clearTimeout(late)
    await connection.close()
  }

  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
