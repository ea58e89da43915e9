/** The suite as a program: for Node, Deno, Bun and a page. */
import { allChecks } from "./all-checks.ts"
import { runChecks } from "./check.ts"
import type { Place } from "./place.ts"

/** Put in when this is bundled. */
declare const PLACE: Place

await runChecks(allChecks, PLACE, (line) => console.log(line))
