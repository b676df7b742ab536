/**
 * Secrets that the host adds to HTTPS requests of machines: a real server of TLS in a network namespace, a Mayfly that finds its names in a hosts file of its own and
 * trusts its authority, and machines of each driver. What is the host's alone is tested beside the source.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { systemClock } from "../src/base/clock/clock.ts";
import { loadConfig } from "../src/base/config/load.ts";
import { afterwards } from "../src/base/testing/afterwards.ts";
import { bundleApp } from "../src/bundle/bundle-app.ts";
import { type Client, createClient } from "../src/doors/admin/client.ts";
import { compileOnce } from "../src/guest/runtimes/testing/compile-once.ts";
import type { Manifest } from "../src/store/catalog/manifest.ts";
import { certificateMaker } from "../src/store/authority/make-certificate.ts";
import { openAuthority } from "../src/store/authority/open-authority.ts";
import { firstLine } from "./command.ts";
import { type Network, createNetwork } from "./network.ts";
import { createScope, drivers, eventually, projectDir, type Scope, temporaryFolder } from "./platform.ts";

/** Its certificate is by an authority that Mayfly trusts. */
const API = "api.inject.example";
/** Its certificate is by one that only the code trusts. */
const OTHER = "other.inject.example";
/** Likewise, and it is to get a secret. */
const BAD = "bad.inject.example";
const PORT = 443;
const SECRET = "secret-of-all";

type Answer = { status: number; text: string } | { error: string };
interface Seen {
  name: string;
  url: string;
  headers: Record<string, string>;
  bytes: number;
  connection: number;
}

describe("secrets that the host adds to requests", () => {
  const scope = createScope();
  let network: Network;
  /** Files: the authority that Mayfly trusts, and a hosts file. */
  let [trusted, hosts] = ["", ""];
  /** The authority of the other servers, as PEM. */
  let foreign = "";
  before(async () => {
    network = await createNetwork(scope, 21);
    const folder = temporaryFolder(scope);
    const make = certificateMaker(loadConfig({}).cacheDir);
    const [good, bad] = ["good.pem", "bad.pem"].map((name) => openAuthority({ file: join(folder, name), make, clock: systemClock }));
    trusted = join(folder, "trusted.pem");
    hosts = join(folder, "hosts");
    writeFileSync(trusted, await good!.certificate());
    foreign = await bad!.certificate();
    writeFileSync(hosts, `127.0.0.1 localhost\n${network.publicAddress} ${API} ${OTHER} ${BAD}\n`);
    const pairs = { [API]: await good!.certificateOf(API), [OTHER]: await bad!.certificateOf(OTHER), [BAD]: await bad!.certificateOf(BAD) };
    await serveInside(scope, network, pairs);
  });
  after(() => scope.close());

  for (const driver of ["process", ...drivers])
    describe(`in machines of ${driver}`, () => {
      const inside = createScope();
      let mayfly: Awaited<ReturnType<typeof startInNamespace>>;
      before(async () => {
        mayfly = await startInNamespace(inside, { driver, hosts, trusted });
      });
      after(() => inside.close());

      async function deploy(folder: string, name: string, secret: string, more: Partial<Manifest> = {}): Promise<void> {
        const app = join(temporaryFolder(inside), "app");
        cpSync(join(projectDir, "test/apps/inject", folder), app, { recursive: true });
        const source = join(app, "bootstrap.go");
        if (existsSync(source)) writeFileSync(join(app, "bootstrap"), await compileOnce(source), { mode: 0o755 });
        const { manifest, bundles } = await bundleApp(app);
        await mayfly.client.setSecret(name, "API_KEY", secret);
        const inject = [API, BAD].map((host) => ({ host, header: "Authorization", secret: "API_KEY", prefix: "Bearer " }));
        await mayfly.client.deploy(
          { ...manifest, name, network: "egress", inject, env: { CA: foreign }, ...more } satisfies Manifest,
          bundles,
        );
      }

      async function answers(app: string, order: Record<string, string>): Promise<{ answers: Answer[]; holds: string[] }> {
        const query = new URLSearchParams({ way: "https", times: "1", secret: SECRET, ...order });
        const response = await fetch(`${mayfly.gatewayUrl}/${app}/call?${query.toString()}`);
        const text = await response.text();
        assert.equal(response.status, 200, text);
        return JSON.parse(text);
      }

      /** What the server saw of the one request. */
      async function seen(app: string, order: Record<string, string>): Promise<Seen> {
        const [answer] = (await answers(app, order)).answers;
        assert.ok(answer !== undefined && "text" in answer && answer.status === 200, JSON.stringify(answer));
        return JSON.parse(answer.text);
      }

      const agents = ["https", "fetch", "websocket"];
      const withChild = [...agents, "child"];
      // In machines of process, programs and Java use this host's network. What makes each language trust the host is the same in machines of all drivers; those of
      // qemu, which start slowly, show an agent's own connections and those of a program that it starts.
      const languagesOf: Record<string, [folder: string, ways: string[]][]> = {
        process: [
          ["node", agents],
          ["python", agents],
        ],
        qemu: [["node", withChild]],
        gvisor: [
          ["node", withChild],
          ["python", withChild],
          ["provided", ["https"]],
          ["java", ["https", "fetch"]],
        ],
      };
      const languages = languagesOf[driver]!;
      const withBody = new Set(["https", "fetch"]);

      for (const [folder, ways] of languages)
        describe(`of ${folder}`, () => {
          before(() => deploy(folder, folder, SECRET));

          test("the server gets the secret, whatever the code sends in its place, and the code does not have it", async () => {
            for (const way of ways) {
              const url = `https://${API}/${way}?a=b`;
              const { headers, ...rest } = await seen(folder, { way, url, mine: "mine" });
              assert.deepEqual([headers["authorization"], rest.url, rest.name], [`Bearer ${SECRET}`, `/${way}?a=b`, API], way);
              assert.equal(headers["x-mine"], "1");
            }
            assert.deepEqual((await answers(folder, { url: `https://${API}/` })).holds, []);
          });

          test("a body of many times what may be on its way arrives whole", async () => {
            for (const way of ways.filter((each) => withBody.has(each)))
              assert.equal((await seen(folder, { way, url: `https://${API}/`, bytes: "1000000" })).bytes, 1_000_000, way);
          });

          test("several requests share a connection", async () => {
            const many = await answers(folder, { url: `https://${API}/`, times: "5" });
            const connections = many.answers.map((answer) => "text" in answer && (JSON.parse(answer.text) as Seen).connection);
            assert.equal(new Set(connections).size, 1, JSON.stringify(many));
          });

          test("TLS to other servers is between the code and them", async () => {
            const other = await seen(folder, { url: `https://${OTHER}/`, ca: "", mine: "mine" });
            assert.deepEqual([other.name, other.headers["authorization"]], [OTHER, "mine"]);
            const [untrusted] = (await answers(folder, { url: `https://${OTHER}/` })).answers;
            assert.ok(untrusted !== undefined && "error" in untrusted, JSON.stringify(untrusted));
          });

          test("a server whose certificate the host does not trust gets nothing, and the code and the log are told why", async () => {
            const [answer] = (await answers(folder, { url: `https://${BAD}/` })).answers;
            assert.ok(answer !== undefined && "text" in answer, JSON.stringify(answer));
            assert.equal(answer.status, 502);
            const { error } = JSON.parse(answer.text);
            assert.equal(error.code, "injection-failed");
            assert.match(error.message, /the server's certificate is not one that this host trusts/);
            await logged(mayfly.client, folder, /did not complete the request to bad\.inject\.example: the server's certificate/);
          });
        });

      test("each app's requests get its own secret, and a changed one at once", async () => {
        await deploy("node", "two", "secret-of-two");
        const secretOf = async (app: string) => (await seen(app, { url: `https://${API}/` })).headers["authorization"];
        assert.deepEqual(await Promise.all([secretOf("node"), secretOf("two")]), [`Bearer ${SECRET}`, "Bearer secret-of-two"]);
        await mayfly.client.setSecret("node", "API_KEY", "changed-secret");
        assert.deepEqual(await Promise.all([secretOf("node"), secretOf("two")]), ["Bearer changed-secret", "Bearer secret-of-two"]);
      });

      // One more kind of machine, whose template takes minutes on a busy host; what runs in it is the same.
      if (driver === "gvisor")
        test("a server whose command begins with java trusts the host, too", async () => {
          await deploy("java-server", "java-server", SECRET);
          const response = await fetch(`${mayfly.gatewayUrl}/java-server/call/${API}/x`);
          assert.equal((JSON.parse(await response.text()) as Seen).headers["authorization"], `Bearer ${SECRET}`);
        });

      if (driver === "qemu")
        test("machines that start from a snapshot trust the host, too, and have no secret", async () => {
          await deploy("node", "frozen", "secret-of-one", { snapshot: true });
          await logged(mayfly.client, "frozen", /The snapshot of revision 1 is there/, 600_000);
          assert.equal((await seen("frozen", { url: `https://${API}/` })).headers["authorization"], "Bearer secret-of-one");
          await mayfly.client.setSecret("frozen", "API_KEY", "changed-secret");
          assert.equal((await seen("frozen", { url: `https://${API}/` })).headers["authorization"], "Bearer changed-secret");
        });

      test("no log has a secret", async () => {
        for (const app of [...languages.map(([name]) => name), "two"])
          for (const { text } of await mayfly.client.logs({ app, tail: 10_000 })) assert.doesNotMatch(text, /secret-of|changed-secret/);
      });
    });
});

/** Serves all names at PORT of the public address; each response tells what came. */
async function serveInside(scope: Scope, { namespace, publicAddress }: Network, pairs: Record<string, object>): Promise<void> {
  const code = `const { createServer } = require("node:https");
    const { createSecureContext } = require("node:tls");
    const { createHash } = require("node:crypto");
    const contexts = new Map(Object.entries(${JSON.stringify(pairs)}).map(([name, pair]) => [name, createSecureContext(pair)]));
    let connections = 0;
    const server = createServer({ SNICallback: (name, done) => done(null, contexts.get(name)) }, (request, response) => {
      let bytes = 0;
      request.on("data", (chunk) => (bytes += chunk.length)).on("end", () => {
        const { servername: name, number: connection } = request.socket;
        response.end(JSON.stringify({ name, url: request.url, headers: request.headers, bytes, connection }));
      });
    });
    server.keepAliveTimeout = 600000;
    server.on("secureConnection", (socket) => (socket.number = ++connections));
    server.on("tlsClientError", () => {});
    server.on("upgrade", (request, socket) => {
      const accepted = createHash("sha1").update(request.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest("base64");
      const told = Buffer.from(JSON.stringify({ name: socket.servername, url: request.url, headers: request.headers, bytes: 0, connection: socket.number }));
      socket.on("error", () => {});
      socket.write(["HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Accept: " + accepted, "", ""].join("\\r\\n"));
      socket.write(Buffer.concat([Buffer.from([0x81, 126, told.length >> 8, told.length & 255]), told]));
    });
    server.listen(${PORT}, "${publicAddress}", () => console.log("listening"));`;
  const child = spawn("ip", ["netns", "exec", namespace, process.execPath, "-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  afterwards(scope, async () => {
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  await once(child.stdout, "data");
}

/** A server whose processes see another /etc/hosts, in a mount namespace of their own. */
async function startInNamespace(scope: Scope, { driver, hosts, trusted }: { driver: string; hosts: string; trusted: string }) {
  const stateDir = temporaryFolder(scope);
  const args = ["serve", "--json", "--state", stateDir, "--listen", "127.0.0.1:0", "--api", "127.0.0.1:0", "--driver", driver];
  const command = ["sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', hosts, `${projectDir}mayfly`, ...args];
  const child = spawn("unshare", ["--mount", ...command], {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: trusted, MAYFLY_BLANKS: "0", MAYFLY_KERNEL: "linux" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = once(child, "exit");
  afterwards(scope, async () => {
    child.kill("SIGTERM");
    await exited;
  });
  const complaints: string[] = [];
  createInterface(child.stderr).on("line", (line) => complaints.push(line));
  const line = await firstLine(child);
  if (line === "") throw new Error(`serve did not start: ${complaints.join("\n")}`);
  const { gatewayUrl, apiUrl } = JSON.parse(line) as { gatewayUrl: string; apiUrl: string };
  const client = createClient({ url: apiUrl, token: readFileSync(join(stateDir, "api-token"), "utf8").trim() });
  return { client, gatewayUrl, complaints };
}

async function logged(client: Client, app: string, pattern: RegExp, ms?: number): Promise<void> {
  const matches = (lines: { text: string }[]) => lines.some(({ text }) => pattern.test(text));
  await eventually(`a line that matches ${pattern}`, () => client.logs({ app, tail: 10_000 }), matches, ms);
}
