/** Invoke of AWS Lambda's API, signed, beside calls of the same functions at the gateway and serverless-offline's own Invoke, in turns. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Load, load } from "../load.ts";
import type { BenchOptions } from "../options.ts";
import { type Platform, appsFolder, startPlatform } from "../platform.ts";
import { startServerlessInvoke } from "../references.ts";
import { type Section, ms, rate, times } from "../report.ts";
import { median } from "../statistics.ts";
import { makeZip } from "../../src/images/archive/make-zip.ts";
import { signatureOf } from "../../src/doors/signature/signature-of.ts";
import { deriveKey } from "../../src/doors/signature/signing-keys.ts";

const CONNECTIONS = 32;
const WARM_UP_SECONDS = 8;
const RATIO = 0.7;

type Key = Awaited<ReturnType<Platform["client"]["createKey"]>>;

interface Contestant {
  name: string;
  url: string;
  /** Makes wrk's script for a measurement; null: plain GETs. A signature is valid for minutes. */
  script: (() => string) | null;
  /** Whether it is an Invoke, which is compared with the contestant before it. */
  isInvoke: boolean;
  busy: Load[];
}

export async function lambda(options: BenchOptions): Promise<Section[]> {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-bench-lambda-"));
  const platform = await startPlatform("process", { blanks: 1, idleMs: 600_000 });
  const offline = await startServerlessInvoke();
  try {
    const key = await platform.client.createKey({ principal: "bench", role: "operator" });
    const invoke = (name: string): Contestant => {
      const url = `${platform.apiUrl}/2015-03-31/functions/${name}/invocations`;
      return { name: `mayfly, signed Invoke of ${name}`, url, script: () => scriptOf(folder, url, key), isInvoke: true, busy: [] };
    };
    const { token } = await platform.client.createToken({ principal: "bench", role: "operator" });
    await createFunction(platform, key);
    const contestants: Contestant[] = [
      {
        name: "mayfly, gateway, hello-many",
        url: await platform.deployFolder(join(appsFolder, "lambda"), "hello-many"),
        script: null,
        isInvoke: false,
        busy: [],
      },
      invoke("hello-many"),
      {
        name: "mayfly, gateway, hello-aws",
        url: `${platform.gatewayUrl}/hello-aws`,
        script: () => tokenScript(folder, token),
        isInvoke: false,
        busy: [],
      },
      invoke("hello-aws"),
      {
        name: "serverless-offline, Invoke",
        url: offline.url,
        script: () => scriptOf(folder, offline.url, key),
        isInvoke: false,
        busy: [],
      },
    ];
    for (const contestant of contestants) await measure(contestant, WARM_UP_SECONDS);
    for (let round = 0; round < options.rounds; round++)
      for (const contestant of contestants) contestant.busy.push(await measure(contestant, options.seconds));
    return [section(contestants, options)];
  } finally {
    await offline.stop();
    await platform.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function measure({ url, script }: Contestant, seconds: number): Promise<Load> {
  return load(url, CONNECTIONS, seconds, script === null ? [] : ["--script", script()]);
}

function section(contestants: Contestant[], { seconds, rounds }: BenchOptions): Section {
  const rateOf = (contestant: Contestant) => median(contestant.busy.map(({ requestsPerSecond }) => requestsPerSecond));
  const rows = contestants.map((contestant, at) => {
    const { name, busy, isInvoke } = contestant;
    const failed = busy.reduce((sum, each) => sum + each.failed, 0);
    const ratio = isInvoke ? rateOf(contestant) / rateOf(contestants[at - 1]!) : undefined;
    const p = (of: "p50" | "p99") => ms(median(busy.map((each) => each[of])));
    const against = ratio === undefined ? "" : `, ${times(ratio)} the gateway`;
    const measured = `${rate(rateOf(contestant))}, p50 ${p("p50")}, p99 ${p("p99")}${against}${failed > 0 ? `, ${failed} FAILED` : ""}`;
    return { what: name, measured, ...(ratio !== undefined && { target: `≥ ${RATIO} × the gateway`, reached: ratio >= RATIO }) };
  });
  return {
    title: `Invoke by AWS Lambda's API, ${CONNECTIONS} connections`,
    how: `wrk -t1 -c${CONNECTIONS}, ${seconds} s, median of ${rounds} interleaved rounds, driver process. hello-many was deployed by mayfly deploy and runs many calls in a machine; hello-aws was made by CreateFunction and runs one in a machine, as in AWS; the gateway lets holders of a token call it.`,
    rows,
  };
}

/** A script for wrk that sends GETs with a token of Mayfly. */
function tokenScript(folder: string, token: string): string {
  const file = join(folder, "token.lua");
  writeFileSync(file, `wrk.headers["authorization"] = "Bearer ${token}"\n`);
  return file;
}

/** A script for wrk that sends one signed Invoke again and again. Its name differs each time. */
function scriptOf(folder: string, url: string, key: Key): string {
  const body = "{}";
  const headers = signed(new URL(url), body, key);
  const lines = Object.entries(headers).map(([name, value]) => `wrk.headers["${name}"] = "${value}"`);
  const file = join(folder, `${Math.random().toString(36).slice(2)}.lua`);
  writeFileSync(file, [`wrk.method = "POST"`, `wrk.body = '${body}'`, ...lines, ""].join("\n"));
  return file;
}

function signed({ host, pathname }: URL, body: string, { id, secret }: Key): Record<string, string> {
  const date = `${new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
  const day = date.slice(0, 8);
  const given = {
    accessKeyId: id,
    day,
    region: "us-east-1",
    service: "lambda",
    date,
    signedHeaders: ["host", "x-amz-date"],
    signature: "",
    expires: undefined,
  };
  const headers = { host, "x-amz-date": date };
  const signature = signatureOf(
    { method: "POST", path: pathname, query: new URLSearchParams(), headers, body: Buffer.from(body) },
    given,
    deriveKey(secret, given),
  );
  const authorization = `AWS4-HMAC-SHA256 Credential=${id}/${day}/us-east-1/lambda/aws4_request, SignedHeaders=host;x-amz-date, Signature=${signature}`;
  return { "x-amz-date": date, authorization, "content-type": "application/json" };
}

async function createFunction({ apiUrl }: Platform, key: Key): Promise<void> {
  const code = 'exports.handler = async () => ({ statusCode: 200, headers: { "content-type": "text/plain" }, body: "hello\\n" });\n';
  const ZipFile = makeZip([{ name: "index.js", data: Buffer.from(code) }]).toString("base64");
  const body = JSON.stringify({
    FunctionName: "hello-aws",
    Runtime: "nodejs24.x",
    Handler: "index.handler",
    Role: "arn:aws:iam::000000000000:role/bench",
    Code: { ZipFile },
  });
  const url = new URL(`${apiUrl}/2015-03-31/functions`);
  const made = await fetch(url, { method: "POST", body, headers: signed(url, body, key) });
  if (made.status !== 201) throw new Error(`the function was not made: ${await made.text()}`);
}
