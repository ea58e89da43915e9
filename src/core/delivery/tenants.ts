import { MAX_IDLE_TENANTS } from "../limits.ts"
import type { ByKey } from "./by-key.ts"
import { AVAILABLE, DONE, IN_FLIGHT } from "./cells.ts"
import { MinHeap } from "./heap.ts"
import { Noise } from "./noise.ts"
import { Tenant } from "./tenant.ts"
import type { Window } from "./window.ts"

/** A tenant that was listed under `offset`; checked again when it comes up. */
interface Listing {
  readonly offset: number
  readonly tenant: Tenant
}

/**
 * Fair mode's view of the window: whose message is delivered next. Rebuilt from the pages on load, but for
 * the processing times, which begin anew. Quiet tenants are listed by their oldest message; one that comes up
 * and is noisy is set aside until it is noisy no more.
 */
export class Tenants implements ByKey {
  readonly #window: Window
  readonly #tenants = new Map<number, Tenant>()
  readonly #listed = new MinHeap<Listing>((listing) => listing.offset)
  readonly #setAside = new Set<Tenant>()
  /** Tenants without a message, those without one for longest first. */
  readonly #idle = new Set<Tenant>()
  readonly #noise = new Noise()

  constructor(window: Window) {
    this.#window = window
    for (const page of window.pages.from(0)) {
      const { kind, group: hashes } = page.cells
      for (let index = 0; index < page.used; index++) {
        if (kind[index] === DONE) continue
        const tenant = this.#tenantOf(hashes![index]!)
        if (kind[index] === AVAILABLE) tenant.add(page.firstOffset + index)
        if (kind[index] === IN_FLIGHT) this.#noise.count(tenant, 1)
      }
      window.pages.chillBeyond()
    }
    for (const tenant of this.#tenants.values()) this.#settle(tenant)
  }

  /** Tenants that are remembered. */
  get size(): number {
    return this.#tenants.size
  }

  /** Says what time it is, before anything is told that happens at it. */
  advance(now: number): void {
    this.#noise.advance(now)
  }

  /** The oldest available offset of the quiet tenants, or null. */
  get oldestQuiet(): number | null {
    for (const tenant of this.#setAside) if (!this.#noise.isNoisy(tenant)) this.#letIn(tenant)
    for (let top = this.#listed.peek(); top; top = this.#listed.peek()) {
      const { offset, tenant } = top
      const oldest = tenant.listedOffset === offset ? this.#oldestOf(tenant) : null
      const isNoisy = oldest === offset && this.#noise.isNoisy(tenant)
      if (oldest === offset && !isNoisy) return offset
      this.#listed.pop()
      // a listing that no longer stands for its tenant is just dropped
      if (tenant.listedOffset !== offset) continue
      tenant.listedOffset = null
      if (isNoisy) this.#setAside.add(tenant)
      else this.#list(tenant)
    }
    return null
  }

  /** Of the noisy tenants the one with fewest messages in flight: its oldest available offset, or null. */
  get nextNoisy(): number | null {
    let next: { readonly tenant: Tenant; readonly offset: number } | null = null
    for (const tenant of this.#setAside) {
      const offset = this.#oldestOf(tenant)
      if (offset === null) continue
      const isBefore =
        next === null ||
        tenant.inFlight < next.tenant.inFlight ||
        (tenant.inFlight === next.tenant.inFlight && offset < next.offset)
      if (isBefore) next = { tenant, offset }
    }
    return next?.offset ?? null
  }

  add(offset: number, hash: number): void {
    const tenant = this.#tenantOf(hash)
    tenant.seenAt = this.#noise.now
    tenant.add(offset)
    this.#settle(tenant)
  }

  leased(offset: number, hash: number): void {
    const tenant = this.#tenantOf(hash)
    tenant.takeOut(offset)
    this.#noise.count(tenant, 1)
    this.#settle(tenant)
  }

  heldAfter(): number[] {
    return []
  }

  givenBack(offset: number, hash: number, isDelayed: boolean): void {
    const tenant = this.#tenantOf(hash)
    this.#noise.count(tenant, -1)
    if (!isDelayed) tenant.bringBack(offset)
    this.#settle(tenant)
  }

  postponed(offset: number, hash: number): void {
    const tenant = this.#tenantOf(hash)
    tenant.takeOut(offset)
    this.#settle(tenant)
  }

  due(offset: number, hash: number): void {
    const tenant = this.#tenantOf(hash)
    tenant.bringBack(offset)
    this.#settle(tenant)
  }

  finished(offset: number, hash: number, kind: number): void {
    const tenant = this.#tenantOf(hash)
    if (kind === AVAILABLE) tenant.takeOut(offset)
    if (kind === IN_FLIGHT) this.#noise.count(tenant, -1)
    this.#settle(tenant)
  }

  #tenantOf(hash: number): Tenant {
    let tenant = this.#tenants.get(hash)
    if (!tenant) this.#tenants.set(hash, (tenant = new Tenant(hash)))
    return tenant
  }

  /** After anything changed about a tenant: lists it, and forgets it some time after it has nothing left. */
  #settle(tenant: Tenant): void {
    this.#list(tenant)
    const isIdle = tenant.available === 0 && tenant.inFlight === 0
    if (!isIdle) {
      this.#idle.delete(tenant)
      return
    }
    this.#idle.add(tenant)
    if (this.#idle.size <= MAX_IDLE_TENANTS) return
    for (const longest of this.#idle) {
      this.#idle.delete(longest)
      this.#setAside.delete(longest)
      this.#tenants.delete(longest.key)
      return
    }
  }

  #letIn(tenant: Tenant): void {
    this.#setAside.delete(tenant)
    this.#list(tenant)
  }

  /** Lists a tenant under its first offset, unless it stands there already or is set aside. */
  #list(tenant: Tenant): void {
    const { first, listedOffset } = tenant
    if (first === null || this.#setAside.has(tenant)) return
    if (listedOffset !== null && listedOffset <= first) return
    tenant.listedOffset = first
    this.#listed.push({ offset: first, tenant })
  }

  #oldestOf(tenant: Tenant): number | null {
    return tenant.oldest((offset) => {
      const place = this.#window.find(offset)
      return typeof place === "object" && place.page.cells.kind[place.index] === AVAILABLE
    })
  }
}
