import type { Caller } from "../../env.ts"

/** Who asks, in the words of AWS. */
export interface AwsIdentity {
  /** Null where authentication is off and the request names none. */
  readonly accessKeyId: string | null
  /** Twelve digits: what policies call the caller. */
  readonly accountId: string
  /** The account that owns the queues of the caller's namespace. A caller of another one has what their policies allow. */
  readonly ownerAccountId: string
  /** Of the credential's scope: what ARNs name. */
  readonly region: string
}

/** A caller whose signature was right, or who needed none. */
export interface AwsCaller {
  readonly caller: Caller
  readonly identity: AwsIdentity
}

/** Whether the caller is a stranger to whom only policies give anything. */
export function isGuest({ accountId, ownerAccountId }: AwsIdentity): boolean {
  return accountId !== ownerAccountId
}
