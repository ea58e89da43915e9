/** The suite as a Worker: every request runs it and is answered line by line. */
import { allChecks } from "./all-checks.ts"
import { runChecks } from "./check.ts"
import type { Place } from "./place.ts"

/** Put in when this is bundled. */
declare const PLACE: Place

export default {
  fetch(): Response {
    const lines = new TransformStream<Uint8Array, Uint8Array>()
    const writer = lines.writable.getWriter()
    const encoder = new TextEncoder()
    const say = (line: string): void => void writer.write(encoder.encode(`${line}\n`))
    // what nobody handles would end the process elsewhere
    addEventListener("unhandledrejection", ({ reason }) => say(`unhandled: ${String(reason)}`))
    void runChecks(allChecks, PLACE, say).finally(() => void writer.close())
    return new Response(lines.readable)
  },
}
