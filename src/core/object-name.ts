/** Names of objects, as `getByName` takes them. */
export function objectName(namespace: string, name: string, index: number): string {
  return `${namespace}/${name}/${index}`
}
