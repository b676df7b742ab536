/** Look-ups of many apps, some with silent name servers. The name servers are real ones on this machine's loopback. */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createEgress } from "./create-egress.ts";
import { openLookUp } from "./look-up.ts";
import { createNames } from "./names.ts";

/** A name server that never answers for *.silent.example; nearly all other names have one address of each family. */
let server: Socket;
let asked: { name: string; type: number }[] = [];
const folder = mkdtempSync(join(tmpdir(), "mayfly-names-"));
const resolvConf = join(folder, "resolv.conf");
const hostsFile = join(folder, "hosts");

before(async () => {
  server = createSocket("udp4");
  server.on("message", (query, { port, address }) => {
    const { name, type } = question(query);
    asked.push({ name, type });
    if (!name.endsWith(".silent.example") && !(name === "half.example" && type === 28)) server.send(answerTo(query), port, address);
  });
  server.bind(0, "127.0.0.1");
  await once(server, "listening");
});
after(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

const never = new AbortController().signal;
const lookUp = () => openLookUp({ servers: [`127.0.0.1:${server.address().port}`], hostsFile, resolvConf });

test("an app whose name server is silent keeps no other app waiting", async () => {
  const names = createNames(lookUp());
  const machines = Array.from({ length: 4 }, () => createEgress({ allow: [], app: "hostile", names }));
  let given = 0;
  const hanging = machines.flatMap((machine, m) =>
    Array.from({ length: 16 }, (_, n) => machine.resolve(`h${m}-${n}.silent.example`, 0).finally(() => given++)),
  );
  const settled = Promise.allSettled(hanging);
  for (const name of ["a.example", "b.example", "c.example"])
    assert.deepEqual(await createEgress({ allow: [], app: "other", names }).resolve(name, 4), [{ address: "9.9.9.9", family: 4 }]);
  assert.equal(given, 0, "the silent ones were given up before the others were answered");
  for (const machine of machines) machine.close();
  await settled;
});

test("a look-up ends after at most five seconds, including its wait in the queue, with an error that allows another try", async () => {
  const names = createNames(lookUp());
  const all = await Promise.allSettled(Array.from({ length: 40 }, (_, n) => names.lookUp("app", `n${n}.silent.example`, never)));
  for (const each of all) assert.equal(each.status === "rejected" && each.reason.code, "EAI_AGAIN");
});

test("an abandoned look-up sends no query and makes room", async () => {
  const running = new Set<string>();
  const names = createNames(
    (name, signal) =>
      new Promise((_, reject) => {
        running.add(name);
        signal.addEventListener("abort", () => {
          running.delete(name);
          reject(new Error("stopped"));
        });
      }),
  );
  const one = new AbortController();
  const two = new AbortController();
  const gone = [one, two, two].map(({ signal }, n) =>
    names.lookUp("app", n === 2 ? "other" : "same", signal).catch((error: Error) => error.name),
  );
  await settle();
  assert.deepEqual([...running], ["same", "other"]);
  one.abort();
  assert.equal(await gone[0], "AbortError");
  assert.ok(running.has("same"), "somebody else waits for it");
  two.abort();
  await Promise.all(gone);
  await settle();
  assert.equal(running.size, 0);
});

test("apps take turns, and two look-ups of each app never wait for other apps", async () => {
  const running: string[] = [];
  const ends: (() => void)[] = [];
  const names = createNames((name) => {
    running.push(name);
    return new Promise((resolve) => ends.push(() => resolve([{ address: "9.9.9.9", family: 4 }])));
  });
  const ask = (app: string, count: number) => {
    for (let n = 0; n < count; n++) void names.lookUp(app, `${app}-${n}`, never);
  };
  for (let app = 0; app < 8; app++) ask(`big${app}`, 20);
  await settle();
  assert.equal(running.length, 8 * 16);
  ask("late", 4);
  await settle();
  assert.deepEqual(running.slice(8 * 16), ["late-0", "late-1"]);
  // Each app in turn gets one of the places that become free.
  for (const end of ends.slice(0, 10)) end();
  await settle();
  assert.ok(running.slice(8 * 16).includes("late-2"));
  for (let n = 10; n < ends.length; n++) ends[n]!();
});

test("one app can't queue names without limit", async () => {
  const names = createNames(() => new Promise(() => {}));
  const refused: unknown[] = [];
  for (let n = 0; n < 1_000; n++) names.lookUp("app", `n${n}`, never).catch((error) => refused.push(error.code));
  await settle();
  assert.ok(refused.length > 0 && refused.every((code) => code === "egress-denied"));
});

test("addresses of both families are found; if one family gets no answer, the other waits for a second", async () => {
  const found = await lookUp()("both.example", never);
  assert.deepEqual(found.map(({ address }) => address).toSorted(), ["2606:4700::9", "9.9.9.9"]);
  assert.deepEqual(await lookUp()("half.example", never), [{ address: "9.9.9.9", family: 4 }]);
});

test("a name without an address, or that does not exist, is not found; a server's trouble may pass", async () => {
  await assert.rejects(lookUp()("empty.example", never), { code: "ENOTFOUND", syscall: "getaddrinfo", hostname: "empty.example" });
  await assert.rejects(lookUp()("missing.example", never), { code: "ENOTFOUND" });
  await assert.rejects(lookUp()("broken.example", never), { code: "EAI_AGAIN" });
});

test("/etc/hosts comes first, in any case, and is read anew when it changes", async () => {
  const look = lookUp();
  writeFileSync(hostsFile, "# comment\n10.1.2.3\tdb.internal DB2 # more\nnonsense x\nfd00::5 db.internal\n");
  assert.deepEqual(await look("Db.Internal.", never), [
    { address: "10.1.2.3", family: 4 },
    { address: "fd00::5", family: 6 },
  ]);
  assert.deepEqual(await look("db2", never), [{ address: "10.1.2.3", family: 4 }]);
  writeFileSync(hostsFile, "10.1.2.4 db.internal\n::1 something.longer\n");
  assert.deepEqual(await look("db.internal", never), [{ address: "10.1.2.4", family: 4 }]);
});

test("localhost is this host, without a query", async () => {
  asked = [];
  for (const name of ["localhost", "LOCALHOST.", "app.localhost"])
    assert.deepEqual(
      (await lookUp()(name, never)).map(({ address }) => address),
      ["127.0.0.1", "::1"],
    );
  assert.deepEqual(asked, []);
});

test("short names are completed as resolv.conf says", async () => {
  const order = async (conf: string, name: string) => {
    writeFileSync(resolvConf, conf);
    asked = [];
    await lookUp()(name, never).catch(() => {});
    return asked.filter(({ type }) => type === 1).map((one) => one.name);
  };
  assert.deepEqual(await order("search one.missing two.missing\n", "db"), ["db.one.missing", "db.two.missing", "db"]);
  assert.deepEqual(await order("search one.missing\n", "missing"), ["missing.one.missing", "missing"]);
  assert.deepEqual(await order("search one.missing\n", "a.missing"), ["a.missing", "a.missing.one.missing"]);
  assert.deepEqual(await order("domain one.missing\noptions ndots:2 rotate\n", "a.missing"), ["a.missing.one.missing", "a.missing"]);
  assert.deepEqual(await order("search one.missing\n", "missing."), ["missing"]);
  assert.deepEqual(await order("", "missing"), ["missing"]);
  rmSync(resolvConf);
});

/** Lets pending work continue. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

function question(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at]!; length > 0; length = query[at]!) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join(".").toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function answerTo(query: Buffer): Buffer {
  const { name, type, end } = question(query);
  const code = name.endsWith("missing") || name.startsWith("missing") ? 3 : name === "broken.example" ? 2 : 0;
  const address = type === 1 ? Buffer.from([9, 9, 9, 9]) : Buffer.from("26064700000000000000000000000009", "hex");
  const record = Buffer.concat([Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, address.length]), address]);
  const found = code === 0 && name !== "empty.example";
  const head = Buffer.from([query[0]!, query[1]!, 0x81, 0x80 | code, 0, 1, 0, found ? 1 : 0, 0, 0, 0, 0]);
  return Buffer.concat([head, query.subarray(12, end), ...(found ? [record] : [])]);
}
