/** Makes certificates, and requests for them, by Debian's openssl, which runs from the cache: a host need not have it, and Node's own library cannot make any. */
import { MayflyError } from "../../base/errors/error.ts";
import { fetchProgramRoot, hostCommand } from "../../images/debian/program-root.ts";
import { runProgram } from "../../images/run-program.ts";

/** A certificate and its private key, as PEM. */
export interface KeyPair {
  key: string;
  cert: string;
}

/** Milliseconds since the epoch. */
interface Validity {
  from: number;
  until: number;
}

export type MakeCertificate = (order: {
  /** The common name of the certificate's subject. */
  subject: string;
  validity: Validity;
  /** Lines of openssl's configuration: what the certificate may be used for. */
  extensions: string[];
  /** The file with the certificate and the key of the one that signs it, as PEM; itself where it is missing. */
  issuer?: string;
}) => Promise<KeyPair>;

/** From Debian 13, because the openssl of Debian 12 cannot say from when on a certificate is valid. */
const suite = "trixie";

/** What is returned rejects with "certificate-failed" if openssl cannot be had or fails, and with "missing-part" if apt is not there. */
export function certificateMaker(cacheDir: string): MakeCertificate {
  const openssl = opensslIn(cacheDir);
  return async ({ subject, validity, extensions, issuer }) => {
    const [program, ...before] = await openssl().catch(failed);
    const signed = issuer === undefined ? [] : ["-CA", issuer, "-CAkey", issuer];
    const valid = ["-not_before", timeOf(validity.from), "-not_after", timeOf(validity.until)];
    const made = await runProgram(program, [...before, "req", "-x509", "-config", "-", ...NEW_KEY, ...signed, ...valid], {
      name: "openssl",
      bare: true,
      input: configuration(subject, extensions, "x509_extensions"),
    }).catch(failed);
    return splitPair(made);
  };
}

/** Makes a new key and the request (PKCS #10) for a certificate for one name of DNS, as PEM. Rejects as certificateMaker() does. */
export function requestMaker(cacheDir: string): (name: string) => Promise<{ key: string; request: string }> {
  const openssl = opensslIn(cacheDir);
  return async (name) => {
    const [program, ...before] = await openssl().catch(failed);
    // A common name may have 64 characters; the name counts that is among the extensions.
    const input = configuration(name.slice(0, 64), [`subjectAltName = DNS:${name}`], "req_extensions");
    const made = await runProgram(program, [...before, "req", "-new", "-config", "-", ...NEW_KEY], {
      name: "openssl",
      bare: true,
      input,
    }).catch(failed);
    return { key: blockIn(made, "PRIVATE KEY"), request: blockIn(made, "CERTIFICATE REQUEST") };
  };
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-keyout", "-"];

function opensslIn(cacheDir: string): () => Promise<[string, ...string[]]> {
  let command: Promise<[string, ...string[]]> | undefined;
  return () =>
    (command ??= findOpenssl(cacheDir).catch((error: unknown) => {
      command = undefined;
      throw error;
    }));
}

/** What fetches and runs programs speaks of images, which are what it is mostly for. */
function failed(error: unknown): never {
  if (!(error instanceof MayflyError && error.code === "image-build-failed")) throw error;
  throw new MayflyError("certificate-failed", { what: error.details["what"] ?? error.message }, error);
}

async function findOpenssl(cacheDir: string): Promise<[string, ...string[]]> {
  return hostCommand(await fetchProgramRoot({ suite, packages: ["openssl"], cacheDir }), "/usr/bin/openssl");
}

/** Takes apart a text with a private key and a certificate. */
export function splitPair(pem: string): KeyPair {
  return { key: blockIn(pem, "PRIVATE KEY"), cert: blockIn(pem, "CERTIFICATE") };
}

function blockIn(pem: string, label: string): string {
  return new RegExp(`-----BEGIN ${label}-----[^-]+-----END ${label}-----\n`).exec(pem)?.[0] ?? "";
}

/** @param place what openssl calls the extensions: of a certificate, or of a request */
function configuration(subject: string, extensions: string[], place: "x509_extensions" | "req_extensions"): string {
  const request = ["distinguished_name = subject", `${place} = extensions`, "prompt = no"];
  return ["[req]", ...request, "[subject]", `CN = ${subject}`, "[extensions]", ...extensions, ""].join("\n");
}

/** Such as 20261129093000Z. */
function timeOf(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+/, "").replaceAll(/[-T:]/g, "");
}
