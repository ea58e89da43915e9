/** What `cloudflare:workers` is in the simulation: vitest.config.ts puts it there. */
export abstract class DurableObject<Env = unknown> {
  protected readonly ctx: DurableObjectState
  protected readonly env: Env

  constructor(ctx: DurableObjectState, env: Env) {
    this.ctx = ctx
    this.env = env
  }
}
