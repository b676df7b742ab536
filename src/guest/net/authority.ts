/** Makes TLS in the machine trust the host's certificate authority, which stands for the servers for which the host adds secrets to requests. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withAuthority } from "./java-trust.ts";

/** The authorities that Debian's programs trust. */
const SYSTEM = "/etc/ssl/certs/ca-certificates.crt";

/** Those that Debian's Java trusts, where a machine has Java for the programs of an app. */
const JAVA = "/etc/ssl/certs/java/cacerts";

/**
 * From now on, this process trusts the authority besides what it trusts anyway.
 *
 * @param authority its certificate, as PEM
 * @returns the variables by which programs do so, too: most take a file with all authorities, some one with those that are added
 */
export function trust(authority: string): Record<string, string> {
  // Loaded at need, because most machines trust nothing more.
  const tls = process.getBuiltinModule("node:tls");
  const all = tls.getCACertificates("default");
  tls.setDefaultCACertificates([...all, authority]);
  const added = join(tmpdir(), "mayfly-authority.pem");
  const whole = join(tmpdir(), "mayfly-authorities.pem");
  writeFileSync(added, authority);
  writeFileSync(whole, `${existsSync(SYSTEM) ? readFileSync(SYSTEM, "utf8") : all.join("\n")}\n${authority}`);
  return {
    SSL_CERT_FILE: whole,
    CURL_CA_BUNDLE: whole,
    REQUESTS_CA_BUNDLE: whole,
    AWS_CA_BUNDLE: whole,
    GIT_SSL_CAINFO: whole,
    NODE_EXTRA_CA_CERTS: added,
    DENO_CERT: added,
    ...(existsSync(JAVA) && trustInJava(authority)),
  };
}

/** Java has no variable for its store, but one for its options. It tells on its standard error that it has read it. */
function trustInJava(authority: string): Record<string, string> {
  const store = join(tmpdir(), "mayfly-authorities.jks");
  writeFileSync(store, withAuthority(readFileSync(JAVA), authority));
  return { JAVA_TOOL_OPTIONS: `-Djavax.net.ssl.trustStore=${store} -Djavax.net.ssl.trustStoreType=JKS` };
}
