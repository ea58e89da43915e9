type DerivedAlgorithm = SubtleCryptoImportKeyAlgorithm & { readonly length: number }

const encoder = new TextEncoder()

/** The key that `secret` stands for, for `purpose` alone: nobody can tell one from another. */
export async function deriveKey(
  secret: string,
  purpose: string,
  algorithm: DerivedAlgorithm,
  usages: readonly ("sign" | "verify" | "encrypt" | "decrypt")[],
): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey("raw", encoder.encode(secret), "HKDF", false, ["deriveKey"])
  const derivation = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: encoder.encode(purpose) }
  return crypto.subtle.deriveKey(derivation, material, algorithm, false, [...usages])
}
