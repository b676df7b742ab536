/**
 * What an agent does for programs beside it, whose connections the machine's first program leads to it: each agent in a network namespace of its own, and
 * plain programs in that. Linux alone; gVisor's way is in test/egress-*.test.ts.
 */
import assert from "node:assert/strict";
import { type Socket, connect, createServer } from "node:net";
import { after, before, describe, test } from "node:test";
import { MayflyError } from "../../base/errors/error.ts";
import { until } from "../../base/clock/until.ts";
import { afterwards } from "../../base/testing/afterwards.ts";
import { listening } from "../../base/testing/listening.ts";
import { Random, seedOf } from "../../base/testing/random.ts";
import { libcFlags } from "../../images/java/java-command.ts";
import { LogLevel } from "../../wire/protocol.ts";
import { spawnJavaAgent } from "../runtimes/java/testing/java-agent.ts";
import { pythonAgent } from "../testing/python-agent.ts";
import { withRepeatingHost } from "../testing/repeating-host.ts";
import { type RunningAgent, startAgentProcess, startNodeAgent } from "../testing/running-agent.ts";
import { ownNetwork, runBeside } from "./testing/own-network.ts";

const agents: Record<string, () => Promise<(taskRoot: string) => ReturnType<typeof startNodeAgent>>> = {
  node: async () => {
    const inNetwork = await ownNetwork(4);
    return (taskRoot) => startNodeAgent(taskRoot, "inherit", inNetwork);
  },
  python: async () => pythonAgent({ suite: "bookworm", inNetwork: await ownNetwork(4) }),
  java: async () => {
    const inNetwork = await ownNetwork(0);
    return (taskRoot) => spawnJavaAgent({ taskRoot, inNetwork, flags: libcFlags });
  },
};

/** What the host's half knows of names. */
const names: Record<string, string[]> = {
  "both.example": ["2001:db8::7", "192.0.2.7"],
  "six.example": ["2001:db8::6"],
  "first.example": ["192.0.2.9"],
  "second.example": ["192.0.2.9"],
  "host.example": ["127.0.0.1"],
  "mixed.example": ["64:ff9b::192.0.2.7", "fe80::"],
  "many.example": Array.from({ length: 60 }, (_, at) => `192.0.2.${at}`),
};

const labels = (name: string) =>
  name
    .split(".")
    .map((label) => label.length.toString(16).padStart(2, "0") + Buffer.from(label, "latin1").toString("hex"))
    .join("") + "00";
const v4 = "00010001";
const v6 = "001c0001";
/** What follows the id of a message: flags, and the numbers of questions, answers and others. */
const plain = "01000001000000000000";
const says = (code: number, answers = 0, questions = 1) => `818${code}000${questions}000${answers}00000000`;
const record = (kind: string, address: string) => `c00c${kind}00000000${(address.length / 2).toString(16).padStart(4, "0")}${address}`;

/** Messages to the resolver, and its answers, all without their ids; null: there is none. */
const messages: Record<string, [asked: string, reply: string | null]> = {
  "an address": [plain + labels("first.example") + v4, says(0, 1) + labels("first.example") + v4 + record(v4, "c0000209")],
  "an address of IPv6": [
    plain + labels("six.example") + v6,
    says(0, 1) + labels("six.example") + v6 + record(v6, "20010db8000000000000000000000006"),
  ],
  "a name in capitals is repeated as it came": [plain + labels("NoBody.Example") + v4, says(3) + labels("NoBody.Example") + v4],
  "an address in another form": [
    plain + labels("mixed.example") + v6,
    says(0, 2) +
      labels("mixed.example") +
      v6 +
      record(v6, "0064ff9b0000000000000000c0000207") +
      record(v6, "fe800000000000000000000000000000"),
  ],
  "IPv6's, of a name that has others": [plain + labels("both.example") + v6, says(0) + labels("both.example") + v6],
  "what a client adds that understands more": [
    `01000001000000000001${labels("first.example")}${v4}0000291000000000000000`,
    says(0, 1) + labels("first.example") + v4 + record(v4, "c0000209"),
  ],
  "no recursion asked": [
    `00000001000000000000${labels("first.example")}${v4}`,
    `80800001000100000000${labels("first.example")}${v4}${record(v4, "c0000209")}`,
  ],
  "nobody's name": [plain + labels("nobody.example") + v4, says(3) + labels("nobody.example") + v4],
  "another kind of record": [plain + labels("first.example") + "000f0001", says(4) + labels("first.example") + "000f0001"],
  "another class": [plain + labels("first.example") + "00010003", says(4) + labels("first.example") + "00010003"],
  "the root": [plain + "00" + v4, says(3) + "00" + v4],
  "no host's name": [plain + labels("a b.example") + v4, says(3) + labels("a b.example") + v4],
  "an answer": [`8180${plain.slice(4)}${labels("first.example")}${v4}`, null],
  "less than a header": ["0100", null],
  "an update": [`2900${plain.slice(4)}${labels("first.example")}${v4}`, `a98400000000${"0".repeat(8)}`],
  "two questions": [`0100000200000000${"0".repeat(4)}${labels("first.example")}${v4}`, says(1, 0, 0)],
  "a pointer": [plain + "c00c" + v4, says(1, 0, 0)],
  "half a question": [plain + labels("first.example") + "0001", says(1, 0, 0)],
  "a name of 305 bytes": [plain + labels(Array.from({ length: 5 }, () => "x".repeat(60)).join(".")) + v4, says(1, 0, 0)],
};

for (const [name, starter] of Object.entries(agents))
  describe(`the network of programs beside the agent of ${name}`, () => {
    const asked: [host: string, port: number, name: string | undefined][] = [];
    const lookedUp: string[] = [];
    const open = new Set<Socket>();
    const echo = createServer({ allowHalfOpen: true }, (socket) => socket.on("error", () => socket.destroy()).pipe(socket));
    let heard = "";
    /** Ends first; what it is told after that is heard. */
    const leaving = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on("error", () => socket.destroy()).on("data", (chunk) => (heard += chunk));
      socket.end("bye");
    });
    let agent: RunningAgent;
    let closed: RunningAgent;
    before(async () => {
      for (const server of [echo, leaving]) await listening(server);
      const start = await starter();
      agent = await startAgentProcess({ start, egress: { connect: reach, resolve: find } });
      closed = await startAgentProcess({ start });
      // No code of the app's runs in these tests; an agent of Node serves programs from when it starts one.
      for (const [each, egress] of [
        [agent, true],
        [closed, false],
      ] as const)
        await begin(each, egress);
    });
    after(async () => {
      await Promise.all([agent.kill(), closed.kill()]);
      for (const server of [echo, leaving]) server.close();
    });

    async function begin(each: RunningAgent, egress: boolean): Promise<void> {
      if (name !== "node") return each.host.bind({ app: "app", revision: "1", functions: [], env: {}, memoryMb: 256, egress }, []);
      await each.bind(
        { main: 'exports.handler = () => new Promise((done) => require("node:child_process").exec("true", done))' },
        { egress },
      );
      assert.equal((await each.call()).status, 200);
    }

    async function reach(host: string, port: number, gone: AbortSignal, by?: string): Promise<Socket> {
      // Java writes IPv6's addresses in full.
      asked.push([host.replace(/(:0){5}:/, "::"), port, by]);
      if (port === 1_000) throw new MayflyError("egress-denied", { address: host, reason: "it is a test's" });
      if (host === "192.0.2.9" && by !== "first.example") throw new MayflyError("egress-denied", { address: host, reason: "of its name" });
      if (port === 1_001) throw Object.assign(new Error("it is not there"), { code: "ECONNREFUSED" });
      if (port === 1_002) await silence(gone);
      const address = (port === 1_003 ? leaving : echo).address();
      assert.ok(typeof address === "object" && address !== null);
      const socket = connect({ port: address.port, host: "127.0.0.1", allowHalfOpen: true });
      open.add(socket.on("close", () => open.delete(socket)));
      return socket;
    }

    async function find(host: string) {
      lookedUp.push(host);
      if (host === "denied.example") throw new MayflyError("egress-denied", { address: host, reason: "it is a test's" });
      if (host === "silent.example") throw Object.assign(new Error("no answer"), { code: "EAI_AGAIN" });
      const found = names[host];
      if (found === undefined) throw Object.assign(new Error("nobody has it"), { code: "ENOTFOUND" });
      return found.map((address) => ({ address, family: address.includes(":") ? (6 as const) : (4 as const) }));
    }

    const run = (expression: string, where = agent) => runBeside(where.child.pid!, expression);
    const said = (text: string, where = agent) =>
      where.logs.filter((line) => line.level === LogLevel.Agent && line.text.includes(text)).length;

    test("names have the addresses that the host finds, and IPv6's only if they have no others", async () => {
      assert.deepEqual(await run(`[await resolver.resolve4("both.example"), await resolver.resolve4("first.example")]`), [
        ["192.0.2.7"],
        ["192.0.2.9"],
      ]);
      assert.equal(await run(`coded(resolver.resolve6("both.example"))`), "ENODATA");
      assert.deepEqual(await run(`resolver.resolve6("six.example")`), ["2001:db8::6"]);
      assert.equal(await run(`coded(resolver.resolve4("six.example"))`), "ENODATA");
      const many = (await run(`resolver.resolve4("many.example")`)) as string[];
      assert.ok(many.length >= 25 && many.every((address) => names["many.example"]!.includes(address)));
    });

    test("each message has the same answer from every agent, to the byte", async () => {
      const cases = Object.entries(messages).map(([what, [asked, reply]], at) => {
        const id = (0x1000 + at).toString(16);
        return { what, asked: id + asked, reply: reply === null ? null : id + reply };
      });
      const got = (await run(`(async () => {
        const socket = dgram.createSocket("udp4"), replies = [];
        const last = new Promise((done) => socket.on("message", (reply) => (replies.push(reply.toString("hex")), reply.toString("hex", 0, 2) === "ffff" && done())));
        for (const message of ${JSON.stringify([...cases.map(({ asked: each }) => each), `ffff${messages["an address"]![0]}`])}) {
          await new Promise((done) => socket.send(Buffer.from(message, "hex"), 53, "127.0.0.1", done));
          await new Promise((done) => setTimeout(done, 20));
        }
        await last; socket.close(); return replies;
      })()`)) as string[];
      for (const { what, asked: each, reply } of cases) {
        const replied = got.filter((one) => one.startsWith(each.slice(0, 4)));
        assert.deepEqual(replied, reply === null ? [] : [reply], what);
      }
    });

    test("a look-up that fails says how, and the log has the reason once", async () => {
      const all = ["nobody.example", "denied.example", "silent.example"].map((each) => `coded(resolver.resolve4(${JSON.stringify(each)}))`);
      for (let time = 0; time < 2; time++)
        assert.deepEqual(await run(`Promise.all([${all.join()}, coded(resolver.resolveMx("both.example"))])`), [
          "ENOTFOUND",
          "EREFUSED",
          "ESERVFAIL",
          "ENOTIMP",
        ]);
      assert.deepEqual([said("denied.example"), said("silent.example"), said("nobody.example")], [1, 1, 0]);
    });

    test("both questions for a name that are asked at once are one look-up", async () => {
      const before = lookedUp.length;
      await run(`Promise.all(["resolve4", "resolve6"].map((way) => coded(resolver[way]("both.example"))))`);
      assert.ok(lookedUp.length - before <= 2);
    });

    test("a connection leads to its address, with the name that the address was found by", async () => {
      asked.length = 0;
      const talk = `(host, port) => { const socket = net.connect({ host, port, allowHalfOpen: true }); socket.end("hello"); return said(socket); }`;
      await run(`resolver.resolve4("both.example")`);
      assert.equal(await run(`(${talk})("192.0.2.7", 443)`), "hello");
      assert.equal(await run(`(${talk})("198.51.100.1", 80)`), "hello");
      assert.equal(await run(`(${talk})("2001:db8::6", 80)`), "hello");
      assert.equal(await run(`(${talk})("::ffff:198.51.100.1", 81)`), "hello");
      assert.deepEqual(asked, [
        ["192.0.2.7", 443, "both.example"],
        ["198.51.100.1", 80, undefined],
        ["2001:db8::6", 80, "six.example"],
        ["198.51.100.1", 81, undefined],
      ]);
    });

    test("localhost and names below it are the machine's own, and are not asked for", async () => {
      const before = lookedUp.length;
      for (const each of ["localhost", "a.LocalHost"]) assert.deepEqual(await run(`resolver.resolve4("${each}")`), ["127.0.0.1"]);
      assert.equal(await run(`coded(resolver.resolve6("a.localhost"))`), "ENODATA");
      assert.equal(lookedUp.length, before);
    });

    test("a name that the host has for itself leads there, and not into the machine", async () => {
      asked.length = 0;
      const [address] = (await run(`resolver.resolve4("host.example")`)) as [string];
      assert.match(address, /^240\./);
      assert.equal(
        await run(`(() => { const socket = net.connect({ host: "${address}", port: 443 }); socket.end("hello"); return said(socket); })()`),
        "hello",
      );
      assert.deepEqual(asked, [["127.0.0.1", 443, "host.example"]]);
    });

    test("an address of two names is tried by each before it is refused", async () => {
      asked.length = 0;
      await run(`[await resolver.resolve4("first.example"), await resolver.resolve4("second.example")]`);
      assert.equal(
        await run(`(() => { const socket = net.connect({ host: "192.0.2.9", port: 443 }); socket.end("hello"); return said(socket); })()`),
        "hello",
      );
      assert.deepEqual(
        asked.map(([, , by]) => by),
        ["second.example", "first.example"],
      );
    });

    test("a refused connection is reset before any byte, and the log has the reason once", async () => {
      for (const [port, reason] of [
        [1_000, "it is a test's"],
        [1_001, "it is not there"],
      ] as const) {
        for (let time = 0; time < 2; time++)
          assert.equal(await run(`coded(said(net.connect({ host: "198.51.100.2", port: ${port} })))`), "ECONNRESET");
        assert.equal(said(`198.51.100.2 port ${port}: `), 1);
        assert.equal(said(reason), port === 1_000 ? 2 : 1, reason);
      }
    });

    test("the agent's own listener leads nowhere", async () => {
      for (const host of ["127.0.0.1", "::1"])
        assert.equal(await run(`coded(said(net.connect({ host: "${host}", port: 1 })))`), "ECONNRESET");
    });

    test("without egress nothing is asked of the host, and the log has the reason", async () => {
      assert.equal(await run(`coded(said(net.connect({ host: "198.51.100.2", port: 443 })))`, closed), "ECONNRESET");
      assert.equal(await run(`coded(resolver.resolve4("both.example"))`, closed), "EREFUSED");
      assert.deepEqual([said("198.51.100.2 port 443: this app has no network", closed), said('both.example": ', closed)], [1, 1]);
    });

    test("many bytes cross in both directions at once", async () => {
      const size = 8_000_000;
      assert.equal(
        await run(
          `(() => { const socket = net.connect({ host: "198.51.100.3", port: 80, allowHalfOpen: true }); socket.end("z".repeat(${size})); return said(socket).then(({ length }) => length); })()`,
        ),
        size,
      );
    });

    test("of a host that answers again and goes on behind its ends, each thing is heard once", async (t) => {
      const start = withRepeatingHost(await starter());
      const other = await startAgentProcess({ start, egress: { connect: reach, resolve: find } });
      afterwards(t, () => other.kill());
      await begin(other, true);
      assert.deepEqual(await run(`resolver.resolve4("first.example")`, other), ["192.0.2.9"]);
      const size = 2_000_000;
      const back = `(() => { const socket = net.connect({ host: "198.51.100.3", port: 80, allowHalfOpen: true }); socket.end("z".repeat(${size})); return said(socket); })()`;
      assert.deepEqual(await run(`${back}.then((text) => [text.length, /^z*$/.test(text)])`, other), [size, true]);
      const last = `(() => {
        const socket = net.connect({ host: "198.51.100.3", port: 1_003, allowHalfOpen: true });
        return said(socket).then(async (text) => { socket.end("still here"); await once(socket, "close"); return text; });
      })()`;
      assert.equal(await run(last, other), "bye");
      await until(() => heard === "still here", { what: "what is said after the server's end" });
      assert.equal(other.child.exitCode, null);
    });

    test("a flood of connections and look-ups is bounded, and others are served afterwards", async () => {
      const one = `coded(said(net.connect({ host: "198.51.100.4", port: 1_002 })))`;
      const ends = (await run(`Promise.all(Array.from({ length: 400 }, () => ${one}))`)) as string[];
      assert.deepEqual(new Set(ends), new Set(["ECONNRESET"]));
      assert.equal(said("this machine has too many connections open"), 1);
      assert.ok(asked.filter(([host]) => host === "198.51.100.4").length <= 256);
      await run(`Promise.all(Array.from({ length: 1_000 }, (_, at) => coded(hasty.resolve4("n" + at + ".example"))))`);
      assert.deepEqual(await run(`resolver.resolve4("first.example")`), ["192.0.2.9"]);
    });

    const seed = seedOf();
    test(`datagrams that are no questions harm nobody (MAYFLY_SEED=${seed})`, async () => {
      const random = new Random(seed);
      const question = Buffer.from("abcd0100000100000000000003777777076578616d706c6503636f6d0000010001", "hex");
      for (let round = 0; round < 4; round++) {
        const messages = Array.from({ length: 300 }, () => hostile(random, question).toString("hex"));
        await run(`(async () => {
          const socket = dgram.createSocket("udp4");
          for (const message of ${JSON.stringify(messages)}) await new Promise((done) => socket.send(Buffer.from(message, "hex"), 53, "127.0.0.1", done));
          socket.close();
        })()`);
      }
      assert.deepEqual(await run(`resolver.resolve4("first.example")`), ["192.0.2.9"]);
      assert.equal(agent.child.exitCode, null);
    });
  });

/** An address that does not answer for a while. */
function silence(gone: AbortSignal): Promise<never> {
  const failed = Object.assign(new Error("no answer"), { code: "ETIMEDOUT" });
  return new Promise((_, reject) => {
    const timer = setTimeout(() => reject(failed), 3_000);
    gone.addEventListener("abort", () => (clearTimeout(timer), reject(failed)));
  });
}

function hostile(random: Random, question: Buffer): Buffer {
  if (random.chance(0.4)) return random.bytes(random.below(120));
  const changed = Buffer.from(question);
  for (let times = 1 + random.below(3); times > 0; times--) changed[random.below(changed.length)] = random.below(256);
  return changed.subarray(0, random.chance(0.3) ? random.below(changed.length) : changed.length);
}
