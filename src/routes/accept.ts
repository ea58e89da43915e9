/**
 * The one of `types` that the Accept header of `request` prefers: the highest quality, then what stands first. Null
 * where it names none of them.
 */
export function preferredType<Type extends string>(request: Request, types: readonly Type[]): Type | null {
  let preferred: { readonly type: Type; readonly quality: number } | null = null
  for (const range of (request.headers.get("accept") ?? "").split(",")) {
    const [name = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase())
    const type = types.find((one) => one === name)
    const quality = qualityOf(parameters)
    if (type !== undefined && quality > (preferred?.quality ?? 0)) preferred = { type, quality }
  }
  return preferred?.type ?? null
}

function qualityOf(parameters: readonly string[]): number {
  const quality = parameters.find((parameter) => parameter.startsWith("q="))
  return quality === undefined ? 1 : Number(quality.slice(2)) || 0
}
