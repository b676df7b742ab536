/** What it costs to find out who calls: hello for everybody, for holders of a token and for holders of a JWT, in turns on one server. */
import { join } from "node:path";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { load } from "../load.ts";
import type { BenchOptions } from "../options.ts";
import { appsFolder, type Platform, startPlatform } from "../platform.ts";
import { ms, rate, type Section } from "../report.ts";
import { median } from "../statistics.ts";

const CONNECTIONS = 32;
const WARM_UP_SECONDS = 4;
const MOST_US = 10;
const ISSUER = "https://id.bench.test/";

interface Contestant {
  name: string;
  url: string;
  /** The Authorization header, as wrk takes it. */
  header: string[];
  rounds: { cpuUs: number; perSecond: number; p50: number; failed: number }[];
}

export async function access(options: BenchOptions): Promise<Section[]> {
  const platform = await startPlatform("process", { blanks: 1, idleMs: 600_000 });
  try {
    const contestants = [await everybody(platform), await holdersOfTokens(platform), await holdersOfJwts(platform)];
    for (const { url, header } of contestants) await load(url, CONNECTIONS, WARM_UP_SECONDS, header);
    // Which comes first in a round changes, because what runs after another one may find the host busier.
    for (let round = 0; round < options.rounds; round++)
      for (let at = 0; at < contestants.length; at++)
        await measure(platform, contestants[(round + at) % contestants.length]!, options.seconds);
    return [section(contestants, options)];
  } finally {
    await platform.stop();
  }
}

const hello = join(appsFolder, "hello");

async function everybody(platform: Platform): Promise<Contestant> {
  return { name: "public", url: `${await platform.deployFolder(hello, "open")}/hello`, header: [], rounds: [] };
}

async function holdersOfTokens(platform: Platform): Promise<Contestant> {
  const url = `${await platform.deployFolder(hello, "held", { access: "token" })}/hello`;
  const { token } = await platform.client.createToken({ principal: "bench", role: "operator" });
  return { name: "token", url, header: bearer(token), rounds: [] };
}

async function holdersOfJwts(platform: Platform): Promise<Contestant> {
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
  const keys = { keys: [{ ...(await exportJWK(publicKey)), kty: "EC" as const, kid: "1" }] };
  const url = `${await platform.deployFolder(hello, "issued", { access: { jwt: { issuer: ISSUER, audience: "bench", keys } } })}/hello`;
  const claims = { scope: "read write", email: "ada@bench.test" };
  const made = new SignJWT(claims).setProtectedHeader({ alg: "ES256", kid: "1" }).setIssuer(ISSUER).setAudience("bench").setSubject("ada");
  return { name: "JWT", url, header: bearer(await made.setExpirationTime("8h").sign(privateKey)), rounds: [] };
}

function bearer(token: string): string[] {
  return ["-H", `Authorization: Bearer ${token}`];
}

async function measure({ server }: Platform, { url, header, rounds }: Contestant, seconds: number): Promise<void> {
  const before = server.cpuUs();
  const { requests, requestsPerSecond, p50, failed } = await load(url, CONNECTIONS, seconds, header);
  rounds.push({ cpuUs: (server.cpuUs() - before) / requests, perSecond: requestsPerSecond, p50, failed });
}

function section(contestants: Contestant[], { seconds, rounds }: BenchOptions): Section {
  const rows = contestants.map(({ name, rounds: own }) => {
    const of = (what: "cpuUs" | "perSecond" | "p50") => median(own.map((each) => each[what]));
    // Of the same round, because the host is not the same in each.
    const more = median(own.map(({ cpuUs }, at) => cpuUs - contestants[0]!.rounds[at]!.cpuUs));
    const failed = own.reduce((sum, each) => sum + each.failed, 0);
    const against = name === "public" ? "" : `, ${more.toFixed(1)} µs more than public`;
    const measured = `${of("cpuUs").toFixed(1)} µs CPU of the worker a call${against}; ${rate(of("perSecond"))}, p50 ${ms(of("p50"))}${failed > 0 ? `, ${failed} FAILED` : ""}`;
    return {
      what: name,
      measured,
      ...(name !== "public" && { target: `≤ ${MOST_US} µs more a call`, reached: more <= MOST_US && failed === 0 }),
    };
  });
  return {
    title: `Calls that are checked, ${CONNECTIONS} connections`,
    how: `wrk -t1 -c${CONNECTIONS}, ${seconds} s, median of ${rounds} interleaved rounds, driver process. CPU is that of the worker alone, so that other load on the host moves it little; what is compared is of the same round.`,
    rows,
  };
}
