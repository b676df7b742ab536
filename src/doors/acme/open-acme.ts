/** Opens what gets certificates for hosts of apps from an authority, if the settings name one. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SecureContext } from "node:tls";
import { parseAddress } from "../../base/listen/address.ts";
import { CertificateFolder } from "../../base/listen/certificate-folder.ts";
import { listenOn } from "../../base/listen/listen.ts";
import type { ServerStart } from "../../base/config/server-start.ts";
import type { Clock } from "../../base/clock/clock.ts";
import { guarded } from "../../base/errors/guarded.ts";
import { MayflyError } from "../../base/errors/error.ts";
import type { AcmeAccount } from "./acme-client.ts";
import { AcmeClient } from "./acme-client.ts";
import { createAcmeFetch } from "./acme-fetch.ts";
import { Challenges } from "./challenges.ts";
import { HostCertificates, type HostCertificatesOptions } from "./host-certificates.ts";

/** How often hosts are looked at that may need a certificate. */
const LOOK_MS = 10_000;

interface AcmeNeeds extends Pick<HostCertificatesOptions, "wanted" | "isCovered" | "makeRequest" | "tell"> {
  /** The port of the gateway, once it is open. */
  httpsPort: () => number;
}

export interface Acme {
  /** The certificate for the name that a client asks for. */
  contextOf(name: string): SecureContext | undefined;
  /** Called once, when hosts of apps are known and the gateway is open. */
  start(): void;
}

/** Undefined if the settings name no authority. Rejects with "port-in-use", "address-unusable" or "bad-config". */
export async function openAcme(start: ServerStart, needs: AcmeNeeds): Promise<Acme | undefined> {
  const { config, clock, log, closing } = start;
  const settings = config.tls?.acme;
  if (settings === undefined) return undefined;
  const base = join(config.stateDir, "acme");
  mkdirSync(base, { recursive: true, mode: 0o700 });
  const dir = join(base, "hosts");
  const ending = new AbortController();
  const challenges = new Challenges(needs.httpsPort);
  const { host, port } = parseAddress(settings.listen);
  await listenOn(challenges.server, { on: { host, port }, address: settings.listen, key: "tls.acme.listen" });
  closing.defer(() => {
    ending.abort();
    challenges.server.closeAllConnections();
    challenges.server.close();
  });
  const client = new AcmeClient({
    directory: settings.directory,
    account: accountIn(base, settings.email),
    fetch: createAcmeFetch(settings.ca === undefined ? undefined : readCa(settings.ca), ending.signal),
    pause: (ms) => pauseOf(clock, ms, ending.signal),
  });
  const folder = new CertificateFolder(dir, (text) => log.info(text));
  const { wanted, isCovered, makeRequest, tell } = needs;
  const certificates = new HostCertificates({ dir, folder, wanted, isCovered, client, challenges, makeRequest, clock, tell });
  await certificates.open();
  await folder.refresh();
  return {
    contextOf: (name) => folder.contextOf(name),
    start() {
      const look = () => void certificates.look().catch((error: unknown) => log.error({ err: error }, "certificates of hosts"));
      closing.defer(clock.every(LOOK_MS, look));
      look();
    },
  };
}

/** Rejects when the server closes. */
function pauseOf(clock: Pick<Clock, "after">, ms: number, closing: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const end = guarded(() => reject(new Error("the server closes")), reject);
  closing.addEventListener("abort", end, { once: true });
  clock.after(ms, () => {
    closing.removeEventListener("abort", end);
    resolve();
  });
  return promise;
}

/** The account is the key: the authority finds the account by it. It is made at the first start. */
function accountIn(base: string, email: string | undefined): AcmeAccount {
  const file = join(base, "account.key");
  const privateKey = readKey(file) ?? newKey(file);
  return { privateKey, publicJwk: createPublicKey(privateKey).export({ format: "jwk" }), email };
}

function readKey(file: string): KeyObject | undefined {
  try {
    return createPrivateKey(readFileSync(file));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new MayflyError("bad-config", { key: "tls.acme", what: `needs ${file}, which cannot be read` }, error);
  }
}

function newKey(file: string): KeyObject {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  writeFileSync(`${file}.tmp`, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600, flush: true });
  renameSync(`${file}.tmp`, file);
  return privateKey;
}

function readCa(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new MayflyError("bad-config", { key: "tls.acme.ca", what: `names ${file}, which cannot be read` }, error);
  }
}
