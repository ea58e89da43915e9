import { LONG_POLL_HEARTBEAT_MS } from "../core/limits.ts"
import type { Scope } from "./env.ts"

/** Text that took its time, and what to do where its client did not wait for it. */
export interface LateText {
  readonly text: string
  readonly undelivered: () => Promise<unknown>
}

/** What a late answer is, before anything is known of it. */
export interface LateForm {
  readonly headers: Readonly<Record<string, string>>
  /** What it begins with. Blanks may stand between that and the rest. */
  readonly start: string
}

const JSON_FORM: LateForm = { headers: { "Content-Type": "application/json" }, start: "" }

const encoder = new TextEncoder()
const BLANK = encoder.encode(" ")
/** A host answers what is written to a client that is gone with a reset, and the write after that fails. */
const RESET_MS = 1

/**
 * 200 at once, with the text that `produce` comes to, JSON unless `form` says otherwise. Until then blanks are written:
 * there are runtimes on which nothing but a failed write shows that a client is gone. `produce` is told so and ends
 * early; it must not reject.
 */
export function answerLate(
  call: Pick<Scope, "waitUntil"> & { readonly request: Request },
  produce: (gone: AbortSignal) => Promise<LateText>,
  form: LateForm = JSON_FORM,
): Response {
  const gone = new AbortController()
  const leave = (): void => gone.abort()
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const writer = writable.getWriter()
  call.request.signal.addEventListener("abort", leave)
  if (form.start !== "") void writer.write(encoder.encode(form.start)).catch(leave)
  const heartbeat = setInterval(() => void writer.write(BLANK).catch(leave), LONG_POLL_HEARTBEAT_MS)
  const finish = async (): Promise<void> => {
    const { text, undelivered } = await produce(gone.signal)
    clearInterval(heartbeat)
    if (gone.signal.aborted || !(await delivered(writer, text))) await undelivered()
  }
  call.waitUntil(finish())
  return new Response(readable, { headers: form.headers })
}

/** In two writes and an end: the first succeeds whether or not anybody is there. Clients read all three as one. */
async function delivered(writer: WritableStreamDefaultWriter<Uint8Array>, text: string): Promise<boolean> {
  try {
    const bytes = encoder.encode(text)
    await writer.write(bytes.subarray(0, -1))
    await reset()
    await writer.write(bytes.subarray(-1))
    await reset()
    await writer.close()
    return true
  } catch {
    return false
  }
}

function reset(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, RESET_MS))
}
