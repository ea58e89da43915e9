import { app } from "../src/routes/app.ts"
import type { Env } from "../src/routes/env.ts"

export { AccessKeyObject } from "../src/objects/access-key-object.ts"
export { CatalogObject } from "../src/objects/catalog-object.ts"
export { GroupObject } from "../src/objects/group-object.ts"
export { PartitionObject } from "../src/objects/partition-object.ts"
export { QueueObject } from "../src/objects/queue-object.ts"

export default { fetch: app.fetch } satisfies ExportedHandler<Env>
