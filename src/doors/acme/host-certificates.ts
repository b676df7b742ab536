/**
 * Which hosts of apps get a certificate from the authority, and when: those that apps list and have, whose name no certificate of the operator's is for.
 *
 * Owns: the folder with the certificates that were made, and when each host is tried next.
 * 1. One order at a time. Tenants take turns, so that one with many hosts does not keep others from theirs.
 * 2. At most MOST_AN_HOUR orders in an hour, and MOST_HOSTS hosts: authorities have limits, which all hosts of the server share.
 * 3. What failed is tried again after an hour, then after two, four … at most a day; or when the authority says, if that is later.
 * 4. A certificate is renewed when a third of its time is left. The one before is used until then, and after that if the renewal fails, until it ends.
 * 5. A new pair of files has names that no other has, and its certificate comes last, so that whoever reads the folder finds whole pairs.
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../base/clock/clock.ts";
import type { CertificateFolder } from "../../base/listen/certificate-folder.ts";
import { AcmeFailure } from "./acme-answers.ts";
import type { AcmeClient } from "./acme-client.ts";
import type { Challenges } from "./challenges.ts";

const MOST_HOSTS = 1_000;
const MOST_AN_HOUR = 20;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** A host that an app lists and has. */
export interface WantedHost {
  host: string;
  /** Ids. */
  tenant: string;
  app: string;
}

export interface HostCertificatesOptions {
  /** Of the certificates that were made. */
  dir: string;
  /** What reads that folder for the gateway. */
  folder: Pick<CertificateFolder, "refresh">;
  wanted: () => WantedHost[];
  /** Whether a certificate of the operator's is for the host. */
  isCovered: (host: string) => boolean;
  client: Pick<AcmeClient, "order">;
  challenges: Pick<Challenges, "answer">;
  /** Makes a key and the request for its certificate, as PEM. */
  makeRequest: (host: string) => Promise<{ key: string; request: string }>;
  clock: Pick<Clock, "wall">;
  /** Writes a sentence to the server's log and the app's. */
  tell: (app: string, text: string) => void;
}

interface Made {
  /** The file's name without its ending. */
  name: string;
  from: number;
  until: number;
}

export class HostCertificates {
  readonly #options: HostCertificatesOptions;
  /** By host. */
  readonly #made = new Map<string, Made>();
  readonly #failed = new Map<string, { times: number; nextAt: number }>();
  /** When the latest orders began. */
  #orders: number[] = [];
  /** By tenant, when it had its last order. */
  readonly #lastOrder = new Map<string, number>();
  #looking: Promise<void> | undefined;

  constructor(options: HostCertificatesOptions) {
    this.#options = options;
  }

  /** Finds the certificates that were made before. */
  async open(): Promise<void> {
    const { dir } = this.#options;
    await mkdir(dir, { recursive: true, mode: 0o700 });
    await chmod(dir, 0o700);
    const files = await readdir(dir);
    for (const file of files.filter((each) => each.endsWith(".tmp"))) await rm(join(dir, file), { force: true });
    for (const file of files.filter((each) => each.endsWith(".crt"))) await this.#found(file.slice(0, -".crt".length));
  }

  /** Makes what is wanted and due, one after the other. Never rejects. Called often. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  async #look(): Promise<void> {
    for (let due = this.#due(); due !== undefined; due = this.#due()) await this.#order(due);
    await this.#dropEnded();
  }

  #due(): WantedHost | undefined {
    const { wanted, isCovered, clock } = this.#options;
    const now = clock.wall();
    this.#orders = this.#orders.filter((at) => now - at < HOUR_MS);
    if (this.#orders.length >= MOST_AN_HOUR) return undefined;
    const hosts = wanted().slice(0, MOST_HOSTS);
    const names = new Set(hosts.map(({ host }) => host));
    for (const host of this.#failed.keys()) if (!names.has(host)) this.#failed.delete(host);
    const due = hosts.filter(({ host }) => canBeProven(host) && !isCovered(host) && this.#isDue(host, now));
    return due.toSorted((a, b) => (this.#lastOrder.get(a.tenant) ?? 0) - (this.#lastOrder.get(b.tenant) ?? 0))[0];
  }

  #isDue(host: string, now: number): boolean {
    const made = this.#made.get(host);
    const isFresh = made !== undefined && now < made.until - (made.until - made.from) / 3;
    return !isFresh && now >= (this.#failed.get(host)?.nextAt ?? 0);
  }

  async #order({ host, tenant, app }: WantedHost): Promise<void> {
    const { client, challenges, makeRequest, clock, folder, tell } = this.#options;
    const now = clock.wall();
    this.#orders.push(now);
    this.#lastOrder.set(tenant, now);
    try {
      const { key, request } = await makeRequest(host);
      const chain = await client.order(host, { request: derOf(request), answer: (token, text) => challenges.answer(token, text) });
      const before = this.#made.get(host);
      const made = await this.#keep(host, chain, key);
      this.#failed.delete(host);
      tell(app, `${host} has a certificate until ${new Date(made.until).toISOString()}.`);
      await folder.refresh();
      if (before !== undefined) await this.#remove(before.name);
    } catch (error) {
      const times = (this.#failed.get(host)?.times ?? 0) + 1;
      const waitMs = Math.min(DAY_MS, HOUR_MS * 2 ** (times - 1));
      const asked = error instanceof AcmeFailure ? (error.retryAfterMs ?? 0) : 0;
      const nextAt = now + Math.max(waitMs, Math.min(asked, 7 * DAY_MS));
      this.#failed.set(host, { times, nextAt });
      const why = error instanceof Error ? error.message : String(error);
      tell(app, `No certificate could be had for ${host}: ${why}. The next try is at ${new Date(nextAt).toISOString()}.`);
    }
  }

  async #keep(host: string, chain: string, key: string): Promise<Made> {
    const { dir, clock } = this.#options;
    const found = new X509Certificate(chain);
    if (found.checkHost(host) === undefined) throw new AcmeFailure("the authority's certificate is for another name");
    if (!found.checkPrivateKey(createPrivateKey(key))) throw new AcmeFailure("the authority's certificate is for another key");
    const made = { name: `${host}.${clock.wall()}`, from: found.validFromDate.getTime(), until: found.validToDate.getTime() };
    for (const [ending, text] of [
      ["key", key],
      ["crt", chain],
    ] as const) {
      const temporary = join(dir, `${made.name}.${ending}.tmp`);
      await writeFile(temporary, text, { mode: 0o600, flush: true });
      await rename(temporary, join(dir, `${made.name}.${ending}`));
    }
    this.#made.set(host, made);
    return made;
  }

  /** A pair that cannot be read is left alone: CertificateFolder says why. */
  async #found(name: string): Promise<void> {
    try {
      const found = new X509Certificate(await readFile(join(this.#options.dir, `${name}.crt`)));
      const host = name.slice(0, name.lastIndexOf("."));
      const made = { name, from: found.validFromDate.getTime(), until: found.validToDate.getTime() };
      if (found.checkHost(host) !== undefined && made.until > (this.#made.get(host)?.until ?? 0)) this.#made.set(host, made);
    } catch {
      // Said above.
    }
  }

  async #dropEnded(): Promise<void> {
    const now = this.#options.clock.wall();
    for (const [host, { name, until }] of this.#made) {
      if (until > now) continue;
      this.#made.delete(host);
      await this.#remove(name);
    }
  }

  /** The certificate first, so that no certificate is left without its key. */
  async #remove(name: string): Promise<void> {
    for (const ending of ["crt", "key"]) await rm(join(this.#options.dir, `${name}.${ending}`), { force: true }).catch(() => undefined);
  }
}

/** Authorities make certificates for names of DNS that have a dot; names below `localhost` and the like lead nowhere. */
function canBeProven(host: string): boolean {
  return /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(host);
}

function derOf(pem: string): Buffer {
  return Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ""), "base64");
}
