import type { Cost } from "../../src/store/durable-database.ts"

/** What each step of a scenario cost per message. */
export type Report = Readonly<Record<string, Cost>>
