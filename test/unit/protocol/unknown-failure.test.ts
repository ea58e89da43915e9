import { describe, expect, it } from "vitest"
import type { Failure } from "../../../src/core/errors.ts"
import { problemOf } from "../../../src/protocol/native/problems.ts"
import { sqsFailureOf } from "../../../src/protocol/sqs/failures.ts"

/** A reason that only the next version has: its objects may answer this version's Worker. */
const LATER = { code: "of_the_next_version", detail: "something" } as unknown as Failure

describe("a refusal that the Worker does not know", () => {
  it("is one that may be asked for again, to a native client", () => {
    expect(problemOf(LATER)).toMatchObject({
      status: 503,
      headers: { "Retry-After": "1" },
      document: { code: "unavailable", retryAfterMs: 1000 },
    })
  })

  it("likewise to one of SQS", () => {
    expect(sqsFailureOf(LATER)).toMatchObject({ name: "ServiceUnavailable" })
  })
})
