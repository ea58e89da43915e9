import { expect, test } from "vitest"
import type { ErrorCode, Failure } from "../../../src/core/errors.ts"
import { problemOf, statusOf } from "../../../src/protocol/native/problems.ts"

const EXAMPLES: { readonly [Code in ErrorCode]: Extract<Failure, { code: Code }> } = {
  invalid_json: { code: "invalid_json" },
  invalid_name: { code: "invalid_name", name: "a b" },
  invalid_receipt: { code: "invalid_receipt" },
  invalid_request: { code: "invalid_request", detail: "why" },
  unauthorized: { code: "unauthorized" },
  not_configured: { code: "not_configured" },
  forbidden: { code: "forbidden", action: "consume", resource: "queue", name: "jobs" },
  not_found: { code: "not_found", resource: "queue", name: "jobs" },
  route_not_found: { code: "route_not_found" },
  method_not_allowed: { code: "method_not_allowed", allow: ["GET", "PUT"] },
  being_deleted: { code: "being_deleted", resource: "topic", name: "clicks" },
  conflict: { code: "conflict", detail: "why" },
  stale_metadata: { code: "stale_metadata", version: 3 },
  receipt_expired: { code: "receipt_expired" },
  payload_too_large: { code: "payload_too_large", limitBytes: 10 },
  unsupported_media_type: { code: "unsupported_media_type", accepted: ["application/json"] },
  invalid_field: { code: "invalid_field", pointer: "/messages/0", detail: "why" },
  offset_trimmed: { code: "offset_trimmed", earliestOffset: 7 },
  offset_out_of_range: { code: "offset_out_of_range", latestOffset: 9 },
  corrupt_batch: { code: "corrupt_batch", firstOffset: 1, lastOffset: 2 },
  offset_mismatch: { code: "offset_mismatch", endOffset: 9 },
  sequence_gap: { code: "sequence_gap", expectedSequence: 4 },
  fenced: { code: "fenced", epoch: 2 },
  partition_sealed: { code: "partition_sealed", retryAfterMs: 1000 },
  share_not_open: { code: "share_not_open" },
  no_committed_offset: { code: "no_committed_offset" },
  upgrade_required: { code: "upgrade_required" },
  overloaded: { code: "overloaded", retryAfterMs: 1500 },
  unavailable: { code: "unavailable", retryAfterMs: 1000 },
  storage_full: { code: "storage_full" },
  disk_full: { code: "disk_full", retryAfterMs: 1000 },
  corrupt_storage: {
    code: "corrupt_storage",
    resource: "queue",
    name: "jobs",
    object: "57880ede",
    damaged: "delivery page 3",
  },
  queue_full: { code: "queue_full", retryAfterMs: 1000 },
  dedup_full: { code: "dedup_full", retryAfterMs: 1000 },
  queue_paused: { code: "queue_paused" },
  consumer_active: { code: "consumer_active" },
  message_in_flight: { code: "message_in_flight" },
  log_recreated: { code: "log_recreated" },
}

test.each(Object.values(EXAMPLES))("$code is a problem document with its data", (failure) => {
  const { status, document } = problemOf(failure)
  expect(document).toMatchObject(failure)
  expect(document).toMatchObject({ type: `/problems/${failure.code}`, status })
  expect(document.title).toMatch(/^[A-Z]/)
  expect(document.detail.length).toBeGreaterThan(0)
  expect(status).toBe(statusOf(failure.code))
})

test("headers say when to come back, what is allowed, and how to authenticate", () => {
  expect(problemOf(EXAMPLES.overloaded).headers).toEqual({ "Retry-After": "2" })
  expect(problemOf(EXAMPLES.unavailable).headers).toEqual({ "Retry-After": "1" })
  expect(problemOf(EXAMPLES.queue_full).headers).toEqual({ "Retry-After": "1" })
  expect(problemOf(EXAMPLES.dedup_full).headers).toEqual({ "Retry-After": "1" })
  expect(problemOf(EXAMPLES.stale_metadata).headers).toEqual({ "Retry-After": "1" })
  expect(problemOf(EXAMPLES.method_not_allowed).headers).toEqual({ Allow: "GET, PUT" })
  expect(problemOf(EXAMPLES.unauthorized).headers).toEqual({ "WWW-Authenticate": "Bearer" })
  expect(problemOf(EXAMPLES.upgrade_required).headers).toEqual({ Upgrade: "websocket" })
})
