import type { AdminOptions, Ask } from "./admin-http.ts"

/** What somebody may do, and where: exact names, or patterns with `*`. */
export interface Right {
  readonly actions: readonly ("read" | "produce" | "consume" | "manage")[]
  readonly queues?: readonly string[]
  readonly topics?: readonly string[]
  readonly groups?: readonly string[]
}

/** A token to be made. */
export interface TokenRequest {
  readonly namespace?: string
  /** Who has it. */
  readonly subject?: string | null
  /** A day unless told; null for no end. */
  readonly expiresInMs?: number | null
  /** Everything in the namespace where it is left out. */
  readonly rights?: readonly Right[] | null
}

/** A token. Nobody can take it back before its end. */
export interface TokenView {
  readonly token: string
  readonly namespace: string
  readonly subject: string | null
  readonly expiresAt: number | null
  readonly rights: readonly Required<Right>[] | null
}

/** An access key to be made, for clients of AWS. */
export interface AccessKeyRequest extends TokenRequest {
  /** Twelve digits; the account of the namespace where it is left out. Another one may do what policies of queues allow it. */
  readonly accountId?: string
}

/** An access key. Its secret is told this once. */
export interface AccessKeyView extends Omit<TokenView, "token"> {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly accountId: string
}

/** Administration of tokens and access keys; takes the broker's own secret. */
export interface AdminTokens {
  /** Makes a token. */
  create(request?: TokenRequest, options?: AdminOptions): Promise<TokenView>
  /** Makes an access key. */
  createAccessKey(request?: AccessKeyRequest, options?: AdminOptions): Promise<AccessKeyView>
  /** Takes an access key back: everywhere within half a minute. */
  deleteAccessKey(accessKeyId: string, options?: AdminOptions): Promise<void>
}

/**
 * Administration of tokens, by `ask`.
 * @internal
 */
export function adminTokens(ask: Ask): AdminTokens {
  return {
    create: (json = {}, options) => ask("POST tokens", options, { json }),
    createAccessKey: (request, options) => ask("POST tokens", options, { json: { kind: "aws", ...request } }),
    deleteAccessKey: (accessKeyId, options) => ask(`DELETE tokens/${encodeURIComponent(accessKeyId)}`, options),
  }
}
