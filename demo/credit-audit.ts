import { decodeMessage } from "../src/client/wire.ts"
import { decodeMessages, decodeRecords, decodeSharedRecords } from "../src/protocol/native/wire-deliver-decode.ts"

interface Account {
  readonly count: (batch: Uint8Array) => number
  /** Since the subscription began. */
  granted: number
  delivered: number
}

/** Listens to what a client and the broker say, and counts what is delivered without having been asked for. */
export class CreditAudit {
  /** Messages or records. */
  beyondCredit = 0
  readonly #accounts = new Map<unknown, Account>()

  /** The client said `data`. */
  said(data: unknown): void {
    for (const { frame } of decodeMessage(data) ?? []) {
      const { type, sub, credit } = frame
      if (type === "subscribe") {
        const decode = "queue" in frame ? decodeMessages : "share" in frame ? decodeSharedRecords : decodeRecords
        const count = (batch: Uint8Array): number => decode(batch).length
        this.#accounts.set(sub, { count, granted: credit as number, delivered: 0 })
      } else if (type === "credit") {
        const account = this.#accounts.get(sub)
        if (account !== undefined) account.granted = credit as number
      }
    }
  }

  /** The broker said `data`. */
  heard(data: unknown): void {
    for (const { frame, batch } of decodeMessage(data) ?? []) {
      if (frame.type !== "deliver" || batch === null) continue
      const account = this.#accounts.get(frame["sub"])
      if (account === undefined) throw new Error(`nobody subscribed to ${JSON.stringify(frame)}`)
      const count = account.count(batch)
      account.delivered += count
      this.beyondCredit += Math.max(0, Math.min(count, account.delivered - account.granted))
    }
  }
}
