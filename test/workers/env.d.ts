import type { ObjectEnv } from "../../src/objects/env.ts"

declare global {
  namespace Cloudflare {
    interface Env extends ObjectEnv {
      /** As vitest.config.ts binds it. */
      readonly MILLRACE_TOKEN: string
    }
    interface GlobalProps {
      mainModule: typeof import("../../worker/index.ts")
    }
  }
}
