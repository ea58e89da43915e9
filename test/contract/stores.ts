import { describe } from "vitest"
import { accessKeyStoreContract } from "./access-key-store.ts"
import { catalogGroupsContract } from "./catalog-groups.ts"
import { catalogQueuesContract } from "./catalog-queues.ts"
import { catalogStoreContract } from "./catalog-store.ts"
import { databaseContract } from "./database.ts"
import { dedupStoreContract } from "./dedup-store.ts"
import { deliveryStoreContract } from "./delivery-store.ts"
import { groupOffsetStoreContract } from "./group-offset-store.ts"
import { groupStoreContract } from "./group-store.ts"
import { identityStoreContract } from "./identity-store.ts"
import { latestKeyStoreContract } from "./latest-key-store.ts"
import { logExpiryContract } from "./log-expiry.ts"
import { logStoreContract } from "./log-store.ts"
import { outboxStoreContract } from "./outbox-store.ts"
import { closingAfterEach, type OpenPlace } from "./place.ts"
import { producerStoreContract } from "./producer-store.ts"
import { queueStoreContract } from "./queue-store.ts"
import { receiveAttemptStoreContract } from "./receive-attempt-store.ts"
import { redriveStoreContract } from "./redrive-store.ts"
import { scheduledStoreContract } from "./scheduled-store.ts"

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
  describe("the expiry of a row of the log", () => {
    logExpiryContract(open)
  })
  describe("index of keys", () => {
    latestKeyStoreContract(open)
  })
  describe("delivery store", () => {
    deliveryStoreContract(open)
  })
  describe("outbox store", () => {
    outboxStoreContract(open)
  })
  describe("scheduled store", () => {
    scheduledStoreContract(open)
  })
  describe("deduplication store", () => {
    dedupStoreContract(open)
  })
  describe("receive attempt store", () => {
    receiveAttemptStoreContract(open)
  })
  describe("redrive store", () => {
    redriveStoreContract(open)
  })
  describe("queue store", () => {
    queueStoreContract(open)
  })
  describe("producer store", () => {
    producerStoreContract(open)
  })
  describe("group offset store", () => {
    groupOffsetStoreContract(open)
  })
  describe("group store", () => {
    groupStoreContract(open)
  })
  describe("access key store", () => {
    accessKeyStoreContract(open)
  })
  describe("catalog store", () => {
    catalogStoreContract(open)
    catalogGroupsContract(open)
    catalogQueuesContract(open)
  })
}
