import { type Admin, type Client, connect, type ConnectOptions, createAdmin } from "millrace/client"
import type { Place } from "./place.ts"

/** Runs `use` with a client of its own, and closes it. */
export async function withBroker<T>(
  place: Place,
  use: (broker: Client) => Promise<T>,
  options: Partial<ConnectOptions> = {},
): Promise<T> {
  const broker = await connect({ url: place.url, token: place.token, ...options })
  try {
    return await use(broker)
  } finally {
    await broker.close()
  }
}

/** Administration by way of the stage, which a page may ask over HTTP. */
export function adminOf(place: Place): Admin {
  return createAdmin({ url: place.stageUrl, token: place.token })
}

/** Settles after `ms`. */
export function sleep(ms: number): Promise<void> {
  return new Promise((settle) => setTimeout(settle, ms))
}

/** A promise that is settled from outside. */
export interface Gate<T = void> {
  readonly passed: Promise<T>
  open(value: T): void
}

/** Not every runtime has `Promise.withResolvers`. */
export function gate<T = void>(): Gate<T> {
  let open: (value: T) => void = () => {}
  const passed = new Promise<T>((resolve) => (open = resolve))
  return { passed, open: (value) => open(value) }
}
