/** `true` where the two types are one: assignable to each other is not enough, `any` would be. */
export type Same<One, Other> = (<T>() => T extends One ? 1 : 2) extends <T>() => T extends Other ? 1 : 2 ? true : false

/** Does not compile for anything but `true`. */
export function proves<_Claim extends true>(): void {}
