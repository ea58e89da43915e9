import { describe } from "vitest"
import { catalogStoreContract } from "./catalog-store.ts"
import { databaseContract } from "./database.ts"
import { deliveryStoreContract } from "./delivery-store.ts"
import { identityStoreContract } from "./identity-store.ts"
import { logStoreContract } from "./log-store.ts"
import { outboxStoreContract } from "./outbox-store.ts"
import { closingAfterEach, type OpenPlace } from "./place.ts"

/** Everything that the stores promise, on the databases that `openPlace` makes. */
export function storesContract(openPlace: OpenPlace): void {
  const open = closingAfterEach(openPlace)
  describe("database", () => {
    databaseContract(open)
  })
  describe("identity store", () => {
    identityStoreContract(open)
  })
  describe("log store", () => {
    logStoreContract(open)
  })
  describe("delivery store", () => {
    deliveryStoreContract(open)
  })
  describe("outbox store", () => {
    outboxStoreContract(open)
  })
  describe("catalog store", () => {
    catalogStoreContract(open)
  })
}
