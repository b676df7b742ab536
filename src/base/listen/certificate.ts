import { createPrivateKey, X509Certificate } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { MayflyError } from "../errors/error.ts";

/** PEM texts. */
export interface Certificate {
  cert: string;
  key: string;
}

/** Chains take some kilobytes. What follows them in a file is read by every handshake's setup, so that megabytes would hold up the server. */
const MOST_BYTES = 1_048_576;

/** Reads what the settings name, and tries it. Throws "bad-config". */
export function readCertificate(files: Certificate): Certificate {
  const texts = { cert: read("tls.cert", files.cert), key: read("tls.key", files.key) };
  try {
    check(texts);
    return texts;
  } catch (error) {
    const what = `names ${files.cert}, which does not work with the key ${files.key}: ${(error as Error).message}`;
    throw new MayflyError("bad-config", { key: "tls.cert", what }, error);
  }
}

/** The names of DNS that the first certificate of a chain is for, in lower case. @param cert PEM */
export function namesIn(cert: string): string[] {
  return Array.from((new X509Certificate(cert).subjectAltName ?? "").matchAll(/DNS:([^,\s"]+)/g), ([, name]) => name!.toLowerCase());
}

/** Reads a pair of files that no setting names by itself, and tries it. Throws an error whose message says why they cannot be used. */
export function readPair(files: Certificate): Certificate {
  const texts = { cert: readBounded(files.cert), key: readBounded(files.key) };
  check(texts);
  return texts;
}

/** createSecureContext() alone takes an empty text for none given, and a chain without its end for a shorter one. */
function check({ cert, key }: Certificate): void {
  const chain = cert.split(/(?=-----BEGIN )/).filter((block) => /^-----BEGIN [A-Z0-9 ]*CERTIFICATE-----/.test(block));
  const [own] = chain.map((block, index) => parsed(`the certificate ${index + 1} of ${chain.length}`, () => new X509Certificate(block)));
  if (own === undefined) throw new Error("the certificate's file holds no certificate in PEM");
  const privateKey = parsed("the key", () => createPrivateKey(key));
  if (!own.checkPrivateKey(privateKey)) throw new Error("the key is not that of the first certificate");
  createSecureContext({ cert, key });
}

function parsed<T>(what: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    // OpenSSL's own words name its parsers: "error:1E08010C:DECODER routines::unsupported".
    const { code = "", message } = error as NodeJS.ErrnoException;
    throw new Error(`${what} cannot be read: ${code.startsWith("ERR_OSSL_") ? `it is damaged, or not PEM (${code})` : message}`, {
      cause: error,
    });
  }
}

function read(key: string, file: string): string {
  try {
    return readBounded(file);
  } catch (error) {
    throw new MayflyError("bad-config", { key, what: `names ${file}, which cannot be read: ${(error as Error).message}` }, error);
  }
}

/** Never waits, because reading a pipe without a writer would block the whole server. */
function readBounded(file: string): string {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new Error("it is not a regular file");
    if (stat.size === 0) throw new Error("it is empty");
    if (stat.size > MOST_BYTES) throw new Error(`it has ${stat.size} bytes, more than the ${MOST_BYTES} allowed`);
    const bytes = Buffer.alloc(stat.size);
    let length = 0;
    for (let got = -1; got !== 0 && length < bytes.length; length += got) got = readSync(fd, bytes, length, bytes.length - length, null);
    return bytes.toString("utf8", 0, length);
  } finally {
    closeSync(fd);
  }
}
