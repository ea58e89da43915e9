import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { ACTIONS } from "../../src/protocol/sqs/actions.ts"
import { canRun, runProgram } from "../support/programs.ts"
import { SqsKeyScene } from "../support/sqs-key-scene.ts"

const scene = new SqsKeyScene()
const SCRIPT = fileURLToPath(new URL("../support/boto3/main.py", import.meta.url))
const GUEST_ACCOUNT = "111122223333"

/** What went wrong with each action, or null; one run for all tests. */
let outcomes: Promise<ReadonlyMap<string, string | null> | null> | null = null

describe("boto3", () => {
  it.for(Object.keys(ACTIONS))("[X90] %s", async (action, { skip }) => {
    const found = await (outcomes ??= callAll())
    if (found === null) return skip("python3 has no boto3 here")
    expect(found.has(action)).toBe(true)
    expect(found.get(action)).toBeNull()
  })
})

/** Null where there is no boto3. */
async function callAll(): Promise<ReadonlyMap<string, string | null> | null> {
  if (!(await canRun("python3", "-c", "import boto3"))) return null
  const guest = await scene.newKey({ accountId: GUEST_ACCOUNT })
  const output = await runProgram("python3", ["-B", SCRIPT], {
    AWS_ENDPOINT_URL_SQS: scene.broker.url,
    AWS_ACCESS_KEY_ID: scene.key.accessKeyId,
    AWS_SECRET_ACCESS_KEY: scene.key.secretAccessKey,
    GUEST_ACCESS_KEY_ID: guest.accessKeyId,
    GUEST_SECRET_ACCESS_KEY: guest.secretAccessKey,
    GUEST_ACCOUNT_ID: GUEST_ACCOUNT,
  })
  const lines = output.trimEnd().split("\n")
  const found = lines.map((line) => JSON.parse(line) as { readonly action: string; readonly error: string | null })
  return new Map(found.map(({ action, error }) => [action, error]))
}
