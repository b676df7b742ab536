/**
 * Stands for an issuer of tokens: prints one for the given name, and perhaps role, that holds for an hour. A real issuer gives its public keys at a URL,
 * which mayfly.json then names in place of the file.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exportJWK, generateKeyPair, importJWK, SignJWT } from "jose";

const [name = "ada", role] = process.argv.slice(2);
const [publicFile, privateFile] = ["keys.json", "private-key.json"].map((file) => join(import.meta.dirname, file));

if (!existsSync(privateFile)) {
  const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
  writeFileSync(publicFile, JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: "1", alg: "ES256" }] }));
  writeFileSync(privateFile, JSON.stringify(await exportJWK(privateKey)), { mode: 0o600 });
}

const key = await importJWK(JSON.parse(readFileSync(privateFile, "utf8")), "ES256");
const token = new SignJWT(role === undefined ? {} : { role }).setProtectedHeader({ alg: "ES256", kid: "1" });
console.log(
  await token.setSubject(name).setIssuer("https://id.example").setAudience("members").setIssuedAt().setExpirationTime("1h").sign(key),
);
