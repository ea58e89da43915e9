import type { Failure } from "../core/errors.ts"
import { MAX_CREDIT_BYTES, MAX_CREDIT_MESSAGES, MIN_SUBSCRIPTION_BYTES } from "../core/limits.ts"
import { ok, type Result } from "../core/result.ts"
import { invalidField } from "../protocol/native/fields.ts"
import type { CreditPool } from "./credit-pool.ts"
import type { DeliveryOwner } from "./outflow.ts"

/** As the client says them: totals since the subscription began; null leaves the bytes to the session. */
export interface Grant {
  readonly messages: number
  readonly bytes: number | null
}

/**
 * The credit of one subscription, all of it in totals since it began. What the client grants bounds it; the bytes of
 * it reach the object only as deliveries leave, as far as the socket's pool has room (`[W63]`). A client that never
 * speaks of bytes has them granted by the session, as far as its frames show that it is still there to read.
 */
export class Credit implements DeliveryOwner {
  readonly #pool: CreditPool
  readonly #more: () => void
  #grantedMessages = 0
  #deliveredMessages = 0
  /** What the client takes at most. */
  #maxBytes = MAX_CREDIT_BYTES
  #bytesByClient = false
  /** What the object was told. */
  #grantedBytes = 0
  #deliveredBytes = 0
  #leftBytes = 0
  /** What the pool counts for it. */
  #heldBytes = 0
  #isStopped = false
  #isOver = false

  /** `more` is called where the object is to be granted more because deliveries have left. */
  constructor(pool: CreditPool, more: () => void) {
    this.#pool = pool
    this.#more = more
  }

  get grantedMessages(): number {
    return this.#grantedMessages
  }

  /** What the object may deliver. */
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
    if (bytes !== null) [this.#maxBytes, this.#bytesByClient] = [bytes, true]
    else if (!this.#bytesByClient) this.#maxBytes = this.#deliveredBytes + MAX_CREDIT_BYTES
    this.#allot(1)
    return ok(null)
  }

  /** Whether more bytes were granted, now that the client has shown that it reads; at half the limit, to do it rarely. */
  renew(): boolean {
    if (this.#bytesByClient || this.#maxBytes - this.#deliveredBytes > MAX_CREDIT_BYTES / 2) return false
    this.#maxBytes = this.#deliveredBytes + MAX_CREDIT_BYTES
    return this.#allot(1)
  }

  /** Takes note of a delivery that came from the object. */
  delivered(messages: number, bytes: number): void {
    this.#deliveredMessages += messages
    this.#deliveredBytes += bytes
    this.#hold()
  }

  left(bytes: number): void {
    this.#leftBytes += bytes
    this.#hold()
    // rarely, unless the object can't go on
    const minGainBytes = this.#isStarved ? 1 : this.#allowanceBytes / 2
    if (this.#allot(minGainBytes)) this.#more()
  }

  /** The object delivers nothing more: what was set aside for that goes back to the pool. */
  stop(): void {
    this.#isStopped = true
    this.#grantedBytes = this.#deliveredBytes
    this.#hold()
  }

  /** The subscription is over: the pool counts nothing of it any more. */
  end(): void {
    this.#isStopped = true
    this.#isOver = true
    this.#hold()
  }

  /** Whether nothing waits and nothing may come. */
  get #isStarved(): boolean {
    return this.#leftBytes === this.#deliveredBytes && this.#grantedBytes <= this.#deliveredBytes
  }

  get #allowanceBytes(): number {
    return Math.max(MIN_SUBSCRIPTION_BYTES, this.#pool.shareBytes(this.#heldBytes))
  }

  /** What the object may have sent, whether it has or not. */
  get #reservedBytes(): number {
    return Math.max(this.#grantedBytes, this.#deliveredBytes)
  }

  /** Grants the object what there is room for; false where that is less than `minGainBytes`. */
  #allot(minGainBytes: number): boolean {
    const total = Math.min(this.#maxBytes, this.#leftBytes + this.#allowanceBytes)
    if (this.#isStopped || total - this.#reservedBytes < minGainBytes) return false
    this.#grantedBytes = total
    this.#hold()
    return true
  }

  #hold(): void {
    const heldBytes = this.#isOver ? 0 : this.#reservedBytes - this.#leftBytes
    this.#pool.add(heldBytes - this.#heldBytes)
    this.#heldBytes = heldBytes
  }

  #refuseBytes(bytes: number): (Result<never, Failure> & { readonly ok: false }) | null {
    if (this.#bytesByClient && bytes < this.#maxBytes) {
      return invalidField("/creditBytes", "is a total and must not go back")
    }
    if (bytes - this.#deliveredBytes <= MAX_CREDIT_BYTES) return null
    return invalidField("/creditBytes", `must be at most ${MAX_CREDIT_BYTES} beyond what was delivered`)
  }
}
