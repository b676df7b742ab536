/** Makes certificates by Debian's openssl, which runs from the cache: a host need not have it, and Node's own library cannot make any. */
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
  let command: Promise<[string, ...string[]]> | undefined;
  const openssl = () =>
    (command ??= findOpenssl(cacheDir).catch((error: unknown) => {
      command = undefined;
      throw error;
    }));
  return async ({ subject, validity, extensions, issuer }) => {
    const [program, ...before] = await openssl().catch(failed);
    const signed = issuer === undefined ? [] : ["-CA", issuer, "-CAkey", issuer];
    const valid = ["-not_before", timeOf(validity.from), "-not_after", timeOf(validity.until)];
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-keyout", "-"];
    const made = await runProgram(program, [...before, "req", "-x509", "-config", "-", ...key, ...signed, ...valid], {
      name: "openssl",
      bare: true,
      input: configuration(subject, extensions),
    }).catch(failed);
    return splitPair(made);
  };
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
  const block = (label: string) => new RegExp(`-----BEGIN ${label}-----[^-]+-----END ${label}-----\n`).exec(pem)?.[0] ?? "";
  return { key: block("PRIVATE KEY"), cert: block("CERTIFICATE") };
}

function configuration(subject: string, extensions: string[]): string {
  const request = ["distinguished_name = subject", "x509_extensions = extensions", "prompt = no"];
  return ["[req]", ...request, "[subject]", `CN = ${subject}`, "[extensions]", ...extensions, ""].join("\n");
}

/** Such as 20261129093000Z. */
function timeOf(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+/, "").replaceAll(/[-T:]/g, "");
}
