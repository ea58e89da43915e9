/** A page of a list, and where the next one begins. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly cursor: string | null
}

const PAGE = 1000

/** All things of a list, or the first `max` of them, page by page. */
export async function* everything<T>(
  page: (query: { limit: number; cursor?: string }) => Promise<Page<T>>,
  max = Number.POSITIVE_INFINITY,
): AsyncGenerator<T, void> {
  let left = max
  let cursor: string | null = null
  while (left > 0) {
    const query = { limit: Math.min(PAGE, left), ...(cursor === null ? {} : { cursor }) }
    const read: Page<T> = await page(query)
    yield* read.items
    left -= read.items.length
    if (read.cursor === null) return
    cursor = read.cursor
  }
}

/** Everything at once, for a table. */
export async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}
