/** Appliances on a real server: examples/notes for two customers, in real virtual machines. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { ApplianceInfo, ApplianceSpec } from "../src/appliances/spec.ts";
import { defaultCacheDir } from "../src/base/config/folders.ts";
import type { MayflyError } from "../src/base/errors/error.ts";
import { buildImage } from "../src/images/builder/build-image.ts";
import { mayfly } from "./command.ts";
import { createScope, eventually, type Platform, projectDir, startPlatform, temporaryFolder } from "./platform.ts";
import { createUids } from "../src/base/uids/uids.ts";
import { freePort } from "../src/base/testing/listening.ts";

const cacheDir = process.env["MAYFLY_CACHE_DIR"] ?? defaultCacheDir(process.env);
/** A boot takes three seconds, and up to a minute on a host with no core to spare. */
const BOOT_MS = 180_000;
const scope = createScope();
const stateDir = temporaryFolder(scope);
/** A folder that this server's operator allows appliances to read. */
const shared = temporaryFolder(scope);
const ports = { ada: await freePort(), bob: await freePort() };
const settings = { driver: "process", blanks: 0, stateDir, appliances: { folders: [shared] } };
let platform: Platform;
let image: string;
let tiny: string;

before(
  async () => {
    const build = async (modules: string[]) =>
      (await buildImage({ uids: createUids(), cacheDir, modules, from: projectDir, progress: () => {} })).id;
    image = await build(["node", "./examples/notes"]);
    tiny = await build(["./test/modules/tiny"]);
    platform = await startPlatform(scope, settings);
    for (const customer of ["ada", "bob"] as const) await platform.client.runAppliance(notebook(customer));
    for (const customer of ["ada", "bob"] as const) await open(customer);
  },
  { timeout: 2 * BOOT_MS },
);
after(() => scope.close());

/** A command about appliances, with --json. */
async function command(...args: string[]): Promise<any> {
  const [name = "", ...rest] = args;
  const { code, stdout, stderr } = await mayfly(["appliance", name, "--json", "--state", stateDir, ...rest]);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

test("two customers each have a notebook with its own data and its own token", async () => {
  assert.equal((await write("ada", "milk", "token-of-ada")).status, 201);
  assert.equal((await write("bob", "rope", "token-of-bob")).status, 201);
  assert.equal((await write("bob", "a forged note", "token-of-ada")).status, 403);
  assert.deepEqual(await read("ada"), { customer: "ada", notes: ["milk"] });
  assert.deepEqual(await read("bob"), { customer: "bob", notes: ["rope"] });
});

test("no appliance reaches another one, the host, or its API; a proxy leads out only if requested, and only to public addresses", async () => {
  const url = (host: string) => [`http://${host}:${ports.ada}/`, `${platform.running.apiUrl.replace(/127\.0\.0\.1/, host)}/v1/health`];
  const tries = [...url("10.0.2.2"), ...url("127.0.0.1"), ...url("10.0.2.15"), "http://192.0.2.1/"];
  const script = `for (const url of ${JSON.stringify(tries)}) {
    const reply = await fetch(url, { signal: AbortSignal.timeout(5000) }).catch((error) => ({ status: error.cause?.code ?? error.name, text: () => "" }));
    console.log("tried", url, reply.status, await reply.text());
  }
  (await import("node:fs")).writeFileSync("/dev/stdout", "written to the path of output\\n");
  console.log("proxy", process.env.HTTP_PROXY)`;
  const command = ["/bin/node", "--input-type=module", "-e", script];
  for (const network of ["none", "egress"] as const) {
    const name = `probe-${network}`;
    await platform.client.runAppliance({ name, image, command, network });
    const lines = await logged(name, /^proxy /);
    const tried = lines.filter((line) => line.startsWith("tried "));
    assert.equal(tried.length, tries.length);
    assert.ok(lines.includes("written to the path of output"), lines.join("\n"));
    for (const line of tried) assert.doesNotMatch(line, / 200 |customer/, line);
    assert.match(lines.join("\n"), network === "egress" ? /proxy http:\/\/10\.0\.2\.2:3128/ : /proxy undefined/);
    if (network === "egress") assert.match(lines.join("\n"), /403 The app may not reach/);
    await platform.client.removeAppliance(name, "keep");
  }
});

test("an appliance's variables appear in no process's arguments or environment, and in no file of the server", async () => {
  const machine = (await appliance("ada")).machine!;
  const processes = globSync("/proc/[0-9]*").filter((folder) => textOf(`${folder}/cmdline`).includes(machine));
  assert.ok(processes.length > 0);
  for (const folder of processes) for (const file of ["cmdline", "environ"]) assert.doesNotMatch(textOf(`${folder}/${file}`), /token-of/);
  for (const file of globSync("**/*", { cwd: stateDir }).filter((name) => !name.startsWith("run"))) {
    assert.doesNotMatch(textOf(join(stateDir, file)), /token-of-ada/, file);
  }
});

test("a machine that is killed is replaced, with its data", { timeout: BOOT_MS }, async () => {
  const { machine } = await appliance("ada");
  const qemu = globSync("/proc/[0-9]*").find(
    (folder) => textOf(`${folder}/cmdline`).startsWith("/usr/bin/qemu") && textOf(`${folder}/cmdline`).includes(machine!),
  );
  process.kill(Number(qemu!.slice("/proc/".length)), "SIGKILL");
  await eventually(
    "another machine",
    () => appliance("ada"),
    (now) => now.state === "running" && now.machine !== null && now.machine !== machine,
    BOOT_MS,
  );
  await open("ada");
  assert.deepEqual(await read("ada"), { customer: "ada", notes: ["milk"] });
  assert.equal((await appliance("ada")).restarts, 1);
  const lines = (await logged("notes-ada", /starts again in 1 s/)).join("\n");
  assert.match(lines, /ended: it crashed: QEMU was ended by SIGKILL/);
  // The kernel prints this at every boot of a machine without PCI.
  assert.doesNotMatch(lines, /Fatal/);
});

test("both are listed, shown among the machines, and on the bill under their names", async () => {
  const outcome = await mayfly(["appliance", "list", "--json", "--state", stateDir]);
  const { appliances } = JSON.parse(outcome.stdout) as { appliances: ApplianceInfo[] };
  assert.deepEqual(
    appliances.map(({ name, env }) => [name, env.toSorted()]),
    [
      ["notes-ada", ["CUSTOMER", "TOKEN"]],
      ["notes-bob", ["CUSTOMER", "TOKEN"]],
    ],
  );
  const machines = (await platform.client.machines()).map(({ app, state }) => `${app} ${state}`);
  for (const { name } of appliances) assert.ok(machines.includes(`${name} appliance, running`), machines.join());
  const { apps } = await platform.client.bill();
  for (const { name } of appliances) {
    const bill = apps.find(({ app }) => app === name)!;
    assert.ok(bill.cpuRunSeconds > 0.5 && bill.gbSeconds > 0.1 && bill.cost > 0, JSON.stringify(bill));
  }
});

test(
  "a stopped appliance stays down even after a restart of the server; the other one comes back with its data",
  { timeout: 2 * BOOT_MS },
  async () => {
    assert.equal((await command("stop", "notes-ada")).state, "stopped");
    assert.match((await logged("notes-ada", /closing the notebook/)).join("\n"), /ended: stopped/);
    await platform.running.close();
    // Another program takes the port of the other appliance for a while.
    const thief = createServer().listen(ports.bob, "127.0.0.1");
    await once(thief, "listening");
    platform = await startPlatform(scope, settings);
    await eventually(
      "bob's wait",
      () => appliance("bob"),
      ({ state }) => state === "waiting",
      BOOT_MS,
    );
    const looked = await mayfly(["status", "--state", stateDir]);
    assert.match(looked.stdout, new RegExp(`the appliance notes-bob is down, and started soon: .*${ports.bob}`));
    thief.close();
    await open("bob");
    assert.deepEqual(await read("bob"), { customer: "bob", notes: ["rope"] });
    assert.equal((await appliance("ada")).state, "stopped");
    assert.equal((await command("start", "notes-ada")).name, "notes-ada");
    await open("ada");
    assert.deepEqual(await read("ada"), { customer: "ada", notes: ["milk"] });
  },
);

test(
  "an appliance reads a shared folder of the host; a command that succeeds is not started again, one that fails is",
  { timeout: BOOT_MS },
  async () => {
    const folder = join(shared, "texts");
    mkdirSync(folder);
    writeFileSync(join(folder, "greeting"), "hello from the host\n");
    const shell = (text: string) => ["/bin/busybox", "sh", "-c", text];
    const reading = shell("/bin/busybox cat /texts/greeting; echo x > /texts/y || echo read-only");
    await platform.client.runAppliance({
      name: "reader",
      image: tiny,
      command: reading,
      volumes: [{ folder, path: "/texts" }],
      memoryMb: 128,
    });
    assert.match((await logged("reader", /ended: /)).join("\n"), /hello from the host[^]*read-only[^]*ended with code 0/);
    assert.equal((await named("reader")).state, "ended");
    const failing = await command("run", "--name", "failing", "--memory", "128", tiny, "--", ...shell("exit 3"));
    assert.equal(failing.memoryMb, 128);
    assert.match((await logged("failing", /starts again/)).join("\n"), /the command ended with code 3/);
    assert.equal((await command("logs", "-n", "1", "failing")).app, "failing");
    for (const name of ["reader", "failing"])
      assert.deepEqual(await command("remove", "--volumes", name), { removed: name, volumes: true });
  },
);

test("an appliance can be stopped or removed while it starts", { timeout: BOOT_MS }, async () => {
  const begin = (name: string) => {
    const command = ["/bin/busybox", "sleep", "1000"];
    const begun = platform.client.runAppliance({ name, image: tiny, command, memoryMb: 128 }).catch((error: unknown) => error);
    return eventually(
      `the start of ${name}`,
      () => named(name),
      (found) => found !== undefined,
      BOOT_MS,
    ).then(() => ({ begun }));
  };
  const stopped = await begin("hasty");
  assert.equal((await platform.client.stopAppliance("hasty")).state, "stopped");
  await stopped.begun;
  const started = platform.client.startAppliance("hasty");
  await eventually(
    "its second start",
    () => named("hasty"),
    ({ state }) => state !== "stopped",
    BOOT_MS,
  );
  await platform.client.stopAppliance("hasty");
  await started;
  assert.equal((await named("hasty")).state, "stopped");
  await platform.client.removeAppliance("hasty", "keep");
  const removed = await begin("hasty");
  await platform.client.removeAppliance("hasty", "keep");
  await removed.begun;
  assert.equal(await named("hasty"), undefined);
});

test("an invalid appliance is refused with the reason", async () => {
  const bad = async (spec: Partial<ApplianceSpec>, code: string, text: RegExp) => {
    const whole = { name: "bad", image: tiny, ...spec };
    await assert.rejects(platform.client.runAppliance(whole), (error: MayflyError) => {
      assert.equal(error.code, code, error.message);
      assert.match(error.message, text);
      return true;
    });
  };
  await bad({ name: "notes-ada" }, "name-taken", /an appliance/);
  await bad({ image: "no-such" }, "no-such-image", /no-such/);
  await bad({ ports: [{ address: "127.0.0.1", host: ports.ada, guest: 80 }] }, "port-in-use", new RegExp(String(ports.ada)));
  await bad({ volumes: [{ disk: "ada", path: "/data", sizeMb: 64 }] }, "bad-appliance", /belongs to .*notes-ada/);
  await bad({ volumes: [{ folder: join(shared, "none"), path: "/data" }] }, "bad-appliance", /not a folder/);
  await bad({ volumes: [{ folder: "/", path: "/data" }] }, "not-permitted", /appliances\.folders/);
  await bad({ volumes: [{ folder: stateDir, path: "/data" }] }, "not-permitted", /appliances\.folders/);
  await bad({ ports: [{ address: "0.0.0.0", host: 28_199, guest: 1 }] }, "not-permitted", /appliances\.publish/);
  await bad({ name: "Bad Name" }, "bad-request", /name/);
  await assert.rejects(platform.deploy("examples/hello", { name: "notes-bob" }), (error: MayflyError) => error.code === "name-taken");
  assert.deepEqual(
    (await platform.client.appliances()).map(({ name }) => name),
    ["notes-ada", "notes-bob"],
  );
});

test("a removed appliance is gone; its disk is removed only on request", async () => {
  const disks = () => globSync("volumes/*", { cwd: stateDir }).toSorted();
  await platform.client.removeAppliance("notes-ada", "keep");
  assert.deepEqual(disks(), ["volumes/ada.ext4", "volumes/bob.ext4"]);
  await platform.client.removeAppliance("notes-bob", "remove");
  assert.deepEqual(disks(), ["volumes/ada.ext4"]);
  assert.deepEqual(await platform.client.appliances(), []);
  assert.equal(globSync("/proc/[0-9]*").filter((folder) => /notes-(ada|bob)-/.test(textOf(`${folder}/cmdline`))).length, 0);
});

type Customer = keyof typeof ports;

function notebook(customer: Customer) {
  return {
    name: `notes-${customer}`,
    image,
    env: { CUSTOMER: customer, TOKEN: `token-of-${customer}` },
    ports: [{ address: "127.0.0.1", host: ports[customer], guest: 8000 }],
    volumes: [{ disk: customer, path: "/data", sizeMb: 64 }],
  };
}

function open(customer: Customer) {
  const probe = () => read(customer).then(Boolean, () => false);
  return eventually(`the notebook of ${customer}`, probe, (answers) => answers, BOOT_MS);
}

async function read(customer: Customer): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${ports[customer]}/`, { signal: AbortSignal.timeout(10_000) });
  return await response.json();
}

function write(customer: Customer, note: string, token: string): Promise<Response> {
  const headers = { authorization: `Bearer ${token}` };
  return fetch(`http://127.0.0.1:${ports[customer]}/`, { method: "POST", body: note, headers });
}

function appliance(customer: Customer): Promise<ApplianceInfo> {
  return named(`notes-${customer}`);
}

async function named(name: string): Promise<ApplianceInfo> {
  return (await platform.client.appliances()).find((found) => found.name === name)!;
}

async function logged(app: string, pattern: RegExp): Promise<string[]> {
  const probe = async () => (await platform.client.logs({ app, tail: 10_000 })).map(({ text }) => text);
  return eventually(`a line of ${app} like ${pattern}`, probe, (lines) => lines.some((line) => pattern.test(line)), BOOT_MS);
}

/** Returns "" if the file is gone or is not readable. */
function textOf(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return ""; // The process has ended, or the path is a folder.
  }
}
