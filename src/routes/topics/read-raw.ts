import type { Failure } from "../../core/errors.ts"
import { err, ok, type Result } from "../../core/result.ts"
import { invalidField } from "../../protocol/native/fields.ts"
import { waitForRecords } from "../../session/wait-for-records.ts"
import { callPartition } from "../objects.ts"
import type { Call } from "../operation.ts"
import { withinIncarnation } from "./incarnation.ts"
import { type PartitionRead, readPartition } from "./partition-read.ts"
import { limitsOf, positionOf, type ReadQuery } from "./read-options.ts"

/** Rows as they are stored: see docs/spec/log.md. */
export const RAW_TYPE = "application/vnd.millrace.batch"

const ETAG = /^"(\d{1,16})-\d{1,16}-\d{1,16}-\d{1,16}"$/

/** Answers stored rows as they are; nothing of them is decoded on the way. */
export async function readRaw(call: Call, partition: number, query: ReadQuery): Promise<Result<Response, Failure>> {
  const decoded = query.key === undefined ? query.header : query.key
  if (decoded !== undefined) {
    return invalidField(query.key === undefined ? "/header" : "/key", "raw records are not looked into")
  }
  const incarnation = wantedIncarnation(call)
  if (!incarnation.ok) return incarnation
  const read = await withinIncarnation(call, incarnation.value, () => readOrWait(call, partition, query))
  return read.ok ? answer(call, read.value) : read
}

async function readOrWait(call: Call, partition: number, query: ReadQuery): Promise<Result<PartitionRead, Failure>> {
  // rows that nobody looks into cost by their bytes only
  const limits = { ...limitsOf(query), maxRecords: query.maxRecords ?? Number.MAX_SAFE_INTEGER }
  const read = await readPartition(call, partition, positionOf(query.from), limits)
  if (!read.ok || !isEmpty(read.value) || !query.waitMs || call.request.method === "HEAD") return read
  const offset = read.value.fromOffset
  const waited = await waitAt(call, partition, offset, query.waitMs)
  if (!waited.ok) return waited
  return waited.value ? readPartition(call, partition, { kind: "offset", offset }, limits) : read
}

function answer({ request }: Call, read: PartitionRead): Result<Response, Failure> {
  const { reply, fromOffset } = read
  const headers = new Headers({
    "Content-Type": RAW_TYPE,
    "Millrace-Next-Offset": String(Math.max(reply.nextOffset, fromOffset)),
    "Millrace-End-Offset": String(reply.endOffset),
    "Millrace-Incarnation": String(reply.incarnation),
    "Cache-Control": "private, no-cache",
    Vary: "Accept",
  })
  for (const { firstOffset, lastOffset } of reply.damaged) {
    headers.append("Millrace-Damaged", `${firstOffset}-${lastOffset}`)
  }
  if (reply.sealed && !isEmpty(read)) {
    const etag = `"${reply.incarnation}-${reply.compactions}-${fromOffset}-${reply.nextOffset}"`
    headers.set("ETag", etag)
    if (tagsOf(request, "if-none-match").some((tag) => tag === etag || tag === "*")) {
      headers.delete("Content-Type")
      return ok(new Response(null, { status: 304, headers }))
    }
  }
  return ok(new Response(reply.rows as Uint8Array<ArrayBuffer>, { headers }))
}

/** The life of the topic that an If-Match names, or null; where the read begins is for `from` to say. */
function wantedIncarnation({ request }: Call): Result<number | null, Failure> {
  const [tag] = tagsOf(request, "if-match")
  if (tag === undefined || tag === "*") return ok(null)
  const incarnation = ETAG.exec(tag)?.[1]
  if (incarnation !== undefined) return ok(Number(incarnation))
  return err({ code: "invalid_request", detail: "If-Match holds the ETag of an earlier read." })
}

/** The tags in a header; a weak one counts as if it were strong. */
function tagsOf({ headers }: Request, name: "if-match" | "if-none-match"): string[] {
  const tags = headers.get(name)?.split(",") ?? []
  return tags.map((tag) => tag.trim().replace(/^W\//, ""))
}

function isEmpty({ fromOffset, reply }: PartitionRead): boolean {
  return reply.nextOffset <= fromOffset
}

function waitAt(call: Call, partition: number, offset: number, waitMs: number): Promise<Result<boolean, Failure>> {
  return callPartition(call, call.params["topic"]!, partition, "idempotent", (stub, { version }) =>
    waitForRecords(stub, version, offset, waitMs, call.request.signal),
  )
}
