import type { Failure, Resource } from "./errors.ts"

/** What is said of a name that is in the catalog, and of whose object nothing is stored. */
export function databaseGone(resource: Resource, name: string): Failure {
  return { code: "corrupt_storage", resource, name, object: null, damaged: "its database is gone" }
}
