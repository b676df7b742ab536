/**
 * Tries egress against real listeners in network namespaces that the test creates: one namespace is the host, the other stands for the rest
 * of the world.
 */
import { after, before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

const HOST = `mfe-host-${process.pid}`;
const REST = `mfe-rest-${process.pid}`;
const PORT = 7_100;

/** Listeners in the other namespace: other hosts and machines, as the host would reach them. */
const elsewhere = {
  public: "8.8.8.8",
  publicV6: "2606:4700::1111",
  private: "10.1.0.2",
  otherMachine: "192.168.77.2",
  metadata: "169.254.169.254",
  shared: "100.64.0.9",
  privateV6: "fd00::2",
};
/** Listeners of the host itself. */
const own = { loopback: "127.0.0.1", loopbackV6: "::1", own: "10.1.0.1", ownPublic: "1.2.3.4" };

describe("from the host's network namespace", () => {
  const children: ChildProcess[] = [];
  before(async () => {
    makeNetwork();
    await Promise.all([listen(REST, Object.values(elsewhere)), listen(HOST, Object.values(own))]);
  });
  after(async () => {
    for (const child of children) child.kill("SIGKILL");
    await Promise.all(children.filter((child) => child.exitCode === null && child.signalCode === null).map((child) => once(child, "exit")));
    for (const name of [HOST, REST]) execFileSync("ip", ["netns", "delete", name]);
  });

  test("with everything opened, every listener except the cloud's metadata answers, which shows that the test's network works", () => {
    const answers = tryAll({ allow: Object.values({ ...elsewhere, ...own }).map((address) => `${bracketed(address)}:${PORT}`) });
    for (const [address, answer] of Object.entries(answers))
      assert.equal(answer, address === elsewhere.metadata ? "egress-denied" : `I am ${address}`);
  });

  test("public addresses are reached, and nothing else", () => {
    const answers = tryAll({ allow: [] });
    for (const address of [elsewhere.public, elsewhere.publicV6]) assert.equal(answers[address], `I am ${address}`);
    for (const [address, answer] of Object.entries(answers))
      if (address !== elsewhere.public && address !== elsewhere.publicV6) assert.equal(answer, "egress-denied", address);
  });

  test("an entry of the allow list opens exactly what it names", () => {
    const answers = tryAll({ allow: [`10.1.0.0/30:${PORT}`, `[fd00::2]:*`, `169.254.169.254:${PORT + 1}`] });
    const reached = Object.keys(answers).filter((address) => answers[address] !== "egress-denied");
    assert.deepEqual(
      reached.toSorted(),
      [elsewhere.public, elsewhere.publicV6, elsewhere.private, elsewhere.privateV6, own.own].toSorted(),
    );
  });

  async function listen(namespace: string, addresses: string[]): Promise<void> {
    const code = `const { createServer } = require("node:net"), { once } = require("node:events");
      Promise.all(${JSON.stringify(addresses)}.map((address) =>
        once(createServer((socket) => socket.end("I am " + address)).listen(${PORT}, address), "listening"))).then(() => console.log("up"));`;
    const child = spawn("ip", ["netns", "exec", namespace, process.execPath, "-e", code], { stdio: ["ignore", "pipe", "inherit"] });
    children.push(child);
    const [line] = await once(createInterface(child.stdout as NodeJS.ReadableStream), "line");
    assert.equal(line, "up");
  }
});

/** For each address, what its listener said, or the code of the error. */
function tryAll(options: { allow: string[] }): Record<string, string> {
  const code = `import { createEgress } from ${JSON.stringify(new URL("create-egress.ts", import.meta.url).href)};
    const egress = createEgress({ ...${JSON.stringify({ ...options, bound: options.allow })}, attemptMs: 2_000 });
    const ask = async (address) => {
      try {
        const chunks = [];
        for await (const chunk of await egress.connect(address, ${PORT})) chunks.push(chunk);
        return Buffer.concat(chunks).toString();
      } catch (error) { return error.code; }
    };
    const answers = {};
    for (const address of ${JSON.stringify(Object.values({ ...elsewhere, ...own }))}) answers[address] = await ask(address);
    console.log(JSON.stringify(answers));
    process.exit();`;
  const output = execFileSync("ip", ["netns", "exec", HOST, process.execPath, "--input-type=module", "-e", code], { encoding: "utf8" });
  return JSON.parse(output) as Record<string, string>;
}

function makeNetwork(): void {
  const ip = (line: string) => execFileSync("ip", line.split(" "), { stdio: ["ignore", "ignore", "inherit"] });
  for (const name of [HOST, REST]) {
    ip(`netns add ${name}`);
    ip(`-n ${name} link set lo up`);
  }
  ip(`-n ${HOST} link add out type veth peer name out netns ${REST}`);
  for (const name of [HOST, REST]) ip(`-n ${name} link set out up`);
  for (const address of [own.own, own.ownPublic]) ip(`-n ${HOST} addr add ${address}/32 dev out`);
  ip(`-n ${HOST} -6 addr add fd00::1/64 dev out nodad`);
  for (const address of Object.values(elsewhere)) {
    const bits = address.includes(":") ? "/128 dev out nodad" : "/32 dev out";
    ip(`-n ${REST} addr add ${address}${bits}`);
    ip(`-n ${HOST} route add ${address} dev out`);
  }
  ip(`-n ${REST} route add ${own.own} dev out`);
  ip(`-n ${REST} route add ${own.ownPublic} dev out`);
  ip(`-n ${REST} -6 route add fd00::1 dev out`);
}

function bracketed(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}
