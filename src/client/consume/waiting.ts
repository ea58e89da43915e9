/** What was delivered and is not begun, in its order. What has a `group` must not be mixed up with others of it. */
export class Waiting<Lease extends { readonly group: string | null }> {
  readonly #leases: Lease[] = []
  /** How often each is held. */
  readonly #held = new Map<string, number>()

  add(lease: Lease): void {
    this.#leases.push(lease)
  }

  /** The first whose group is not held. */
  take(): Lease | undefined {
    const held = this.#held
    const at = held.size === 0 ? 0 : this.#leases.findIndex(({ group }) => group === null || !held.has(group))
    return at < 0 ? undefined : this.#leases.splice(at, 1)[0]
  }

  /** Nothing of the group is taken, until it is released as often as it was held. */
  hold({ group }: Lease): void {
    if (group !== null) this.#held.set(group, (this.#held.get(group) ?? 0) + 1)
  }

  release({ group }: Lease): void {
    const count = group === null ? 0 : (this.#held.get(group) ?? 0)
    if (count > 1) this.#held.set(group!, count - 1)
    else if (count === 1) this.#held.delete(group!)
  }

  /** Those of the lease's group. */
  behind({ group }: Lease): Lease[] {
    return group === null ? [] : this.#leases.filter((lease) => lease.group === group)
  }

  takeAll(): Lease[] {
    return this.#leases.splice(0)
  }
}
