import { MAX_PARTITION_CALLS } from "../core/limits.ts"

/** What `work` makes of each of `items`, in order, with a bounded number of them under way at a time. */
export async function each<Item, T>(items: readonly Item[], work: (item: Item) => Promise<T>): Promise<T[]> {
  const results: T[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const place = next++
      results[place] = await work(items[place]!)
    }
  }
  await Promise.all(Array.from({ length: Math.min(items.length, MAX_PARTITION_CALLS) }, worker))
  return results
}
