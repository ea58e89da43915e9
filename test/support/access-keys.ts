import { expect } from "vitest"
import type { SigningKey } from "./aws-signer.ts"
import type { HttpScene } from "./http.ts"

/** What is answered to whoever makes one. */
export interface MadeAccessKey extends SigningKey {
  readonly kind: "aws"
  readonly accountId: string
  readonly namespace: string
  readonly subject: string | null
  readonly expiresAt: number | null
  readonly rights: readonly object[] | null
}

/** Makes an access key of a running broker. */
export async function newAccessKey(scene: HttpScene, request: object = {}): Promise<MadeAccessKey> {
  const made = await scene.post("/v1/tokens", { kind: "aws", ...request })
  expect(made, JSON.stringify(made.body)).toMatchObject({ status: 201 })
  return made.body as MadeAccessKey
}
