import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { MayflyError } from "../errors/error.ts";

/** PEM texts. */
export interface Certificate {
  cert: string;
  key: string;
}

/** Reads what the settings name, and tries it. Throws "bad-config". */
export function readCertificate(files: Certificate): Certificate {
  const texts = { cert: read("tls.cert", files.cert), key: read("tls.key", files.key) };
  try {
    createSecureContext(texts);
    return texts;
  } catch (error) {
    const what = `names ${files.cert}, which is of no use with the key ${files.key}: ${(error as Error).message}`;
    throw new MayflyError("bad-config", { key: "tls.cert", what }, error);
  }
}

function read(key: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new MayflyError("bad-config", { key, what: `names ${file}, which cannot be read: ${(error as Error).message}` }, error);
  }
}
