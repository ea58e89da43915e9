/** When credit was given, so that a delivery can be told to be younger than that: totals of one subscription. */
export class Credit {
  readonly #grants: { readonly total: number; readonly at: number }[]
  #taken = 0

  constructor(total: number, at: number) {
    this.#grants = [{ total, at }]
  }

  get total(): number {
    return this.#grants.at(-1)!.total
  }

  get left(): number {
    return this.total - this.#taken
  }

  grant(total: number, at: number): void {
    this.#grants.push({ total, at })
  }

  /** When the credit was given that the next delivery uses. */
  take(): number {
    this.#taken++
    const grant = this.#grants.find(({ total }) => total >= this.#taken)
    return (grant ?? this.#grants.at(-1)!).at
  }
}
