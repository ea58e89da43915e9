import type { KnownDamage } from "./known-damage.ts"

/**
 * Leaves of everything that an object has stored what `writeTombstone` writes in one transaction. What is damaged can't be
 * dropped table by table: then the whole database goes before, and a crash in between leaves an object without a tombstone,
 * for the step to be done again. An attempt that fails resets the object, and is known by the next.
 */
export async function dropStorage(
  storage: Pick<DurableObjectStorage, "deleteAll" | "sync" | "transactionSync">,
  damage: KnownDamage,
  writeTombstone: () => void,
): Promise<void> {
  if (damage.isAny) await storage.deleteAll()
  damage.dropping()
  storage.transactionSync(writeTombstone)
  await storage.sync()
  damage.clear()
}
