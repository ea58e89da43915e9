import { type Client, connect } from "../../../src/client/index.ts"
import type { LoadTarget } from "./load.ts"
import type { Recorder } from "./recorder.ts"

const CONNECT_TIMEOUT_MS = 60_000

/** Two programs that use the client library, each over a socket of its own. */
export interface SdkClients {
  readonly senders: Client
  readonly consumers: Client
  close(): Promise<void>
}

export async function connectSdk({ url, token }: LoadTarget, recorder: Recorder): Promise<SdkClients> {
  const options = { url, token, connectTimeoutMs: CONNECT_TIMEOUT_MS }
  const senders = await connect(options)
  const consumers = await connect({
    ...options,
    onStateChange: (state) => {
      // while the broker is away that was said already
      if (state === "reconnecting" && !recorder.isDown) recorder.breakAll()
    },
  })
  return {
    senders,
    consumers,
    async close() {
      await Promise.all([senders.close(), consumers.close()])
    },
  }
}
