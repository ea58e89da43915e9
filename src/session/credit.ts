import type { Failure } from "../core/errors.ts"
import { MAX_CREDIT_BYTES, MAX_CREDIT_MESSAGES } from "../core/limits.ts"
import { ok, type Result } from "../core/result.ts"
import { invalidField } from "../protocol/native/fields.ts"

/** As the client says them: totals since the subscription began; null leaves the bytes to the session. */
export interface Grant {
  readonly messages: number
  readonly bytes: number | null
}

/**
 * The credit of one subscription, all of it in totals since it began. A client that never speaks of bytes has them
 * granted by the session, as far as its frames show that it is still there to read.
 */
export class Credit {
  #grantedMessages = 0
  #grantedBytes = MAX_CREDIT_BYTES
  #deliveredMessages = 0
  #deliveredBytes = 0
  #bytesByClient = false

  get grantedMessages(): number {
    return this.#grantedMessages
  }

  get grantedBytes(): number {
    return this.#grantedBytes
  }

  /** Takes over what the client grants, or refuses it as a whole. */
  grant({ messages, bytes }: Grant): Result<null, Failure> {
    if (messages < this.#grantedMessages) return invalidField("/credit", "is a total and must not go back")
    if (messages - this.#deliveredMessages > MAX_CREDIT_MESSAGES) {
      return invalidField("/credit", `must be at most ${MAX_CREDIT_MESSAGES} beyond what was delivered`)
    }
    const refused = bytes === null ? null : this.#refuseBytes(bytes)
    if (refused !== null) return refused
    this.#grantedMessages = messages
    if (bytes === null) this.#grantBytes()
    else [this.#grantedBytes, this.#bytesByClient] = [bytes, true]
    return ok(null)
  }

  /** Whether more bytes were granted, now that the client has shown that it reads; at half the limit, to do it rarely. */
  renew(): boolean {
    if (this.#bytesByClient || this.#grantedBytes - this.#deliveredBytes > MAX_CREDIT_BYTES / 2) return false
    this.#grantBytes()
    return true
  }

  /** Takes note of a delivery. */
  delivered(messages: number, bytes: number): void {
    this.#deliveredMessages += messages
    this.#deliveredBytes += bytes
  }

  #grantBytes(): void {
    if (!this.#bytesByClient) this.#grantedBytes = this.#deliveredBytes + MAX_CREDIT_BYTES
  }

  #refuseBytes(bytes: number): (Result<never, Failure> & { readonly ok: false }) | null {
    if (this.#bytesByClient && bytes < this.#grantedBytes) {
      return invalidField("/creditBytes", "is a total and must not go back")
    }
    if (bytes - this.#deliveredBytes <= MAX_CREDIT_BYTES) return null
    return invalidField("/creditBytes", `must be at most ${MAX_CREDIT_BYTES} beyond what was delivered`)
  }
}
