/**
 * The server's own certificate authority, which machines trust whose app has credentials at the host (decisions/credentials-at-the-host.md).
 *
 * Owns: its file, with the key and the certificate; and the certificates of names that are in use.
 * 1. The file is made at first need, readable by its owner alone. The key leaves it only to sign.
 * 2. A name's certificate is made once, and made anew well before it ends.
 * 3. The authority's own certificate is replaced while no machine trusts it, by a server that has just started; or when its time is over or has not come, because
 *    a clock was set: then it serves no machine any more.
 */
import { createPrivateKey, randomBytes, X509Certificate } from "node:crypto";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { basename } from "node:path";
import type { Clock } from "../../base/clock/clock.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { failureText } from "../../base/errors/failure-text.ts";
import { makeOnce } from "../state-folder/make-once.ts";
import { type KeyPair, type MakeCertificate, splitPair } from "./make-certificate.ts";

export interface Authority {
  /** The authority's certificate, as PEM. The same as long as it is valid. Rejects with "certificate-failed", "missing-part" or "state-damaged". */
  certificate(): Promise<string>;
  /** A certificate for a name of DNS, in lower case, with its key. Rejects like certificate(). */
  certificateOf(name: string): Promise<KeyPair>;
}

interface AuthorityOptions {
  /** Where its key and certificate are kept. */
  file: string;
  make: MakeCertificate;
  clock: Pick<Clock, "wall">;
}

const DAY_MS = 86_400_000;
/** Before now: clocks of machines may be late. */
const EARLY_MS = DAY_MS;
const AUTHORITY_MS = 3_650 * DAY_MS;
const NAME_MS = 90 * DAY_MS;
/** How long before its end a certificate is replaced. */
const AUTHORITY_REST_MS = 365 * DAY_MS;
const NAME_REST_MS = 30 * DAY_MS;
/** The most names whose certificates are remembered. */
const MOST_NAMES = 1_000;

export function openAuthority(options: AuthorityOptions): Authority {
  return new FileAuthority(options);
}

class FileAuthority implements Authority {
  readonly #options: AuthorityOptions;
  readonly #names = new Map<string, { pair: Promise<KeyPair>; from: number; until: number }>();
  #own: { cert: Promise<string>; from: number; until: number } | undefined;

  constructor(options: AuthorityOptions) {
    this.#options = options;
  }

  certificate(): Promise<string> {
    const now = this.#options.clock.wall();
    if (this.#own !== undefined && isWithin(now, this.#own)) return this.#own.cert;
    // Those that the last one signed are of no use either.
    this.#names.clear();
    const own = { cert: this.#open(), from: -Infinity, until: Infinity };
    this.#own = own;
    own.cert.then(
      (cert) => Object.assign(own, spanOf(cert)),
      () => {
        if (this.#own === own) this.#own = undefined;
      },
    );
    return own.cert;
  }

  async certificateOf(name: string): Promise<KeyPair> {
    await this.certificate();
    const now = this.#options.clock.wall();
    const known = this.#names.get(name);
    if (known !== undefined && isWithin(now, { ...known, until: known.until - NAME_REST_MS })) return known.pair;
    const [from, until] = [now - EARLY_MS, now + NAME_MS];
    const pair = this.#make(name, from, until);
    this.#names.delete(name);
    this.#names.set(name, { pair, from, until });
    if (this.#names.size > MOST_NAMES) this.#names.delete(this.#names.keys().next().value!);
    pair.catch(() => {
      if (this.#names.get(name)?.pair === pair) this.#names.delete(name);
    });
    return pair;
  }

  async #make(name: string, from: number, until: number): Promise<KeyPair> {
    const { make, file } = this.#options;
    const extensions = [
      "basicConstraints = critical, CA:FALSE",
      "keyUsage = critical, digitalSignature",
      "extendedKeyUsage = serverAuth",
      `subjectAltName = DNS:${name}`,
      "subjectKeyIdentifier = hash",
      "authorityKeyIdentifier = keyid",
    ];
    return make({ subject: "Mayfly", validity: { from, until }, extensions, issuer: file });
  }

  async #open(): Promise<string> {
    const { file, clock } = this.#options;
    if (existsSync(file)) {
      const { from, until } = spanOf(read(file));
      if (!isWithin(clock.wall(), { from, until: until - AUTHORITY_REST_MS })) rmSync(file);
    }
    if (!existsSync(file)) await this.#create();
    return read(file);
  }

  async #create(): Promise<void> {
    const { file, make, clock } = this.#options;
    const now = clock.wall();
    const { key, cert } = await make({
      subject: `Mayfly authority ${randomBytes(4).toString("hex")}`,
      validity: { from: now - EARLY_MS, until: now + AUTHORITY_MS },
      extensions: ["basicConstraints = critical, CA:TRUE, pathlen:0", "keyUsage = critical, keyCertSign", "subjectKeyIdentifier = hash"],
    });
    makeOnce(file, key + cert);
  }
}

/** The certificate. Throws "state-damaged" if the file has none, or another one's key. */
function read(file: string): string {
  try {
    const { key, cert } = splitPair(readFileSync(file, "utf8"));
    if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) throw new Error("its key is not that of its certificate");
    return cert;
  } catch (error) {
    throw damaged(file, error);
  }
}

interface Span {
  /** Milliseconds since the epoch. */
  from: number;
  until: number;
}

function spanOf(cert: string): Span {
  const { validFromDate, validToDate } = new X509Certificate(cert);
  return { from: validFromDate.getTime(), until: validToDate.getTime() };
}

function isWithin(now: number, { from, until }: Span): boolean {
  return now >= from && now < until;
}

function damaged(file: string, error: unknown): MayflyError {
  const what = failureText(error);
  return new MayflyError("state-damaged", { file: basename(file), what: `${what}. Without the file, a new authority is made` }, error);
}
