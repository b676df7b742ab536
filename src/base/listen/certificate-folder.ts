/**
 * Certificates for hosts of apps: pairs of files in one folder of the operator, of which a TLS client gets the one for the name that it asks for.
 *
 * Owns: the pairs that were read last, each in the form in which handshakes take it.
 * 1. A pair is `<any name>.crt` or `.pem` with `<same name>.key`, or a folder with `fullchain.pem` and `privkey.pem`, as certbot makes them.
 * 2. A certificate is for the names that stand in it, whatever its file is called. Of several for one name, the one that ends last counts.
 * 3. Files are read again when they change. A pair that cannot be used changes nothing: what was read of it before stays, and the reason is told once.
 * 4. At most MOST_PAIRS pairs are read. No file is read in a way that could wait for somebody.
 */
import { X509Certificate } from "node:crypto";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { createSecureContext, type SecureContext } from "node:tls";
import { type Certificate, namesIn, readPair } from "./certificate.ts";

const MOST_PAIRS = 1_000;

interface Known {
  /** Changes with either file. */
  version: string;
  /** Undefined if the pair could never be used. */
  usable: Usable | undefined;
}

interface Usable {
  names: string[];
  endsAt: number;
  context: SecureContext;
}

export class CertificateFolder {
  readonly #dir: string;
  readonly #tell: (text: string) => void;
  #pairs = new Map<string, Known>();
  #byName = new Map<string, Usable>();
  #looking: Promise<void> | undefined;
  #problem: string | undefined;

  /** @param tell gets sentences for the server's log */
  constructor(dir: string, tell: (text: string) => void) {
    this.#dir = dir;
    this.#tell = tell;
  }

  /** The certificate for the name, or for all names beside it (`*.example.com`). @param name as a client sends it */
  contextOf(name: string): SecureContext | undefined {
    const lower = name.toLowerCase();
    const found = this.#byName.get(lower) ?? this.#byName.get(`*${lower.slice(Math.max(0, lower.indexOf(".")))}`);
    return found?.context;
  }

  /** Reads what has changed since it was last called. Never rejects. */
  refresh(): Promise<void> {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  async #look(): Promise<void> {
    try {
      const files = await pairsIn(this.#dir);
      const pairs = new Map<string, Known>();
      for (const [name, pair] of files) pairs.set(name, await this.#pair(name, pair));
      this.#pairs = pairs;
      this.#byName = byName([...pairs.values()].flatMap(({ usable }) => usable ?? []));
      this.#problem = undefined;
    } catch (error) {
      const problem = `tls.hosts: ${this.#dir} cannot be read: ${(error as Error).message}; the certificates that were read before stay.`;
      if (problem !== this.#problem) this.#tell(problem);
      this.#problem = problem;
    }
  }

  async #pair(name: string, files: Certificate): Promise<Known> {
    const before = this.#pairs.get(name);
    const version = `${await versionOf(files.cert)} ${await versionOf(files.key)}`;
    if (before?.version === version) return before;
    try {
      const usable = read(files);
      this.#tell(`tls.hosts: the certificate ${files.cert} is used for ${usable.names.join(", ")} from now on.`);
      return { version, usable };
    } catch (error) {
      const stays = before?.usable === undefined ? "it is not used" : "the one that was read before stays";
      this.#tell(`tls.hosts: the certificate ${files.cert} cannot be used: ${(error as Error).message}; ${stays}.`);
      return { version, usable: before?.usable };
    }
  }
}

/** The files of each pair, by the name that they share. */
async function pairsIn(dir: string): Promise<[string, Certificate][]> {
  const entries = (await readdir(dir)).toSorted();
  const there = new Set(entries);
  const pairs = entries.flatMap((entry): [string, Certificate][] => {
    const name = entry.replace(/\.(crt|pem)$/, "");
    if (name !== entry) return there.has(`${name}.key`) ? [[entry, { cert: join(dir, entry), key: join(dir, `${name}.key`) }]] : [];
    const folder = join(dir, entry);
    return entry.includes(".key") ? [] : [[`${entry}/`, { cert: join(folder, "fullchain.pem"), key: join(folder, "privkey.pem") }]];
  });
  const found: [string, Certificate][] = [];
  for (const pair of pairs.slice(0, MOST_PAIRS)) if ((await versionOf(pair[1].cert)) !== "") found.push(pair);
  return found;
}

/** Empty if there is no such file. */
async function versionOf(file: string): Promise<string> {
  const found = await stat(file).catch(() => undefined);
  return found === undefined ? "" : `${found.ino} ${found.mtimeMs} ${found.size}`;
}

function read(files: Certificate): Usable {
  const { cert, key } = readPair(files);
  const names = namesIn(cert);
  if (names.length === 0) throw new Error("it is for no name");
  return { names, endsAt: new X509Certificate(cert).validToDate.getTime(), context: createSecureContext({ cert, key }) };
}

function byName(all: Usable[]): Map<string, Usable> {
  const found = new Map<string, Usable>();
  for (const usable of all)
    for (const name of usable.names) if ((found.get(name)?.endsAt ?? -Infinity) < usable.endsAt) found.set(name, usable);
  return found;
}
