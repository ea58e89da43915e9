import type { Rights } from "./rights.ts"

/** An access key as it is kept: what it is good for, and its secret, which only the signing secret opens. */
export interface StoredAccessKey {
  readonly namespace: string
  /** Twelve digits: who presents it, in the words of AWS. */
  readonly accountId: string
  readonly subject: string | null
  readonly rights: Rights
  readonly createdAt: number
  /** Milliseconds since the epoch; null for never. */
  readonly expiresAt: number | null
  readonly sealedSecret: Uint8Array
}
