/** How traces go through the broker: in headers, which it carries and does not read. W3C's name is `traceparent`. */
export interface Tracing {
  /** Called for everything that is sent, in the sender's context: sets headers. Those the caller gave are there. */
  inject?(headers: Record<string, string>): void
  /** Runs a handler in the context that the headers of its message or record describe. */
  run?<T>(headers: Readonly<Record<string, string>>, handler: () => Promise<T>): Promise<T>
}

/** Runs what handles a message, in its trace where there is something that knows how. */
export async function runTraced(
  tracing: Tracing | undefined,
  { headers }: { readonly headers: Readonly<Record<string, string>> },
  handler: () => unknown,
): Promise<void> {
  const run = async (): Promise<unknown> => handler()
  await (tracing?.run ? tracing.run(headers, run) : run())
}
