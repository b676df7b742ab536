/** Buckets as folders, by the messages of NFS 3 that a client sends. test/bucket-mounts.test.ts has a real client. */
import assert from "node:assert/strict";
import { type Duplex, duplexPair } from "node:stream";
import { test, type TestContext } from "node:test";
import { afterwards } from "../../base/testing/afterwards.ts";
import { Random, seedOf } from "../../base/testing/random.ts";
import type { AskedEncryption } from "../../services/objects/object.ts";
import { openObjectsForTest } from "../../services/objects/testing/open-objects-for-test.ts";
import { ownBucketName } from "../../control/own-buckets.ts";
import type { Bindings } from "../../store/catalog/binding-schema.ts";
import { createNfsDoor } from "./nfs-door.ts";
import { XdrReader, XdrWriter } from "./xdr.ts";

const NFS = 100_003;
const MOUNT = 100_005;
const [OK, NO_ENTRY, DENIED, READ_ONLY, STALE, BAD_HANDLE, TOO_SMALL] = [0, 2, 13, 30, 70, 10_001, 10_005];

async function open(t: TestContext) {
  const objects = openObjectsForTest(t);
  const failures: unknown[] = [];
  afterwards(t, () => assert.deepEqual(failures, []));
  let isShared = true;
  const shared = (by: string) => (by === "a" && isShared ? ({ app: "app_a", access: "read" } as const) : undefined);
  const door = createNfsDoor({ objects, shares: { bucket: (_, owner) => shared(owner) }, onError: (error) => failures.push(error) });
  const connect = (app = "app_a", bindings: Bindings = { FILES: { bucket: "files" } }) => {
    const [ours, theirs] = duplexPair();
    afterwards(t, () => ours.destroy());
    door.accept({ tenant: "ten_a", app, revision: "r", appName: "a", bindings }, theirs);
    return clientOf(ours);
  };
  const put = (key: string, content: string, encrypt?: AskedEncryption) =>
    objects.put(
      {
        bucket: ownBucketName("app_a", "files"),
        key,
        about: { headers: {}, metadata: {}, owner: "ten_a" },
        most: 1e9,
        how: "Put",
        encrypt,
      },
      [Buffer.from(content)] as unknown as AsyncIterable<Uint8Array>,
    );
  const takeBack = () => void (isShared = false);
  return { objects, connect, put, takeBack };
}

function clientOf(connection: Duplex) {
  let id = 0;
  let rest = Buffer.alloc(0);
  const waiting = new Map<number, (reply: XdrReader) => void>();
  connection.on("data", (piece: Buffer) => {
    rest = Buffer.concat([rest, piece]);
    while (rest.length >= 4 && rest.length >= 4 + (rest.readUInt32BE(0) & 0x7fff_ffff)) {
      const length = rest.readUInt32BE(0) & 0x7fff_ffff;
      const reply = new XdrReader(rest.subarray(4, 4 + length));
      rest = rest.subarray(4 + length);
      waiting.get(reply.u32())!(reply);
    }
  });
  const call = (program: number, procedure: number, write: (to: XdrWriter) => void = () => {}, version = 3): Promise<XdrReader> => {
    const message = new XdrWriter().u32(++id, 0, 2, program, version, procedure, 0, 0, 0, 0);
    write(message);
    const head = Buffer.alloc(4);
    head.writeUInt32BE((0x8000_0000 | message.length) >>> 0, 0);
    const { promise, resolve } = Promise.withResolvers<XdrReader>();
    waiting.set(id, resolve);
    // In two pieces, as they may come.
    const all = Buffer.concat([head, message.bytes()]);
    connection.write(all.subarray(0, 7));
    connection.write(all.subarray(7));
    return promise;
  };
  /** Of a call that was accepted: what comes after how it was. */
  const done = async (...what: Parameters<typeof call>): Promise<XdrReader> => {
    const reply = await call(...what);
    assert.deepEqual([reply.u32(), reply.u32(), reply.u32(), reply.u32(), reply.u32()], [1, 0, 0, 0, 0]);
    return reply;
  };
  const nfs = async (procedure: number, handle: Uint8Array, write: (to: XdrWriter) => void = () => {}) => {
    const reply = await done(NFS, procedure, (to) => {
      to.opaque(handle);
      write(to);
    });
    return { status: reply.u32(), reply };
  };
  const mount = async (path: string) => {
    const reply = await done(MOUNT, 1, (to) => void to.opaque(Buffer.from(path)));
    const status = reply.u32();
    return status === OK ? reply.opaque(64) : status;
  };
  const root = async (path = "/files") => {
    const handle = await mount(path);
    assert.ok(typeof handle !== "number", `status ${String(handle)}`);
    return handle;
  };
  const find = async (folder: Uint8Array, name: string) => {
    const { status, reply } = await nfs(3, folder, (to) => void to.opaque(Buffer.from(name)));
    return status === OK ? reply.opaque(64) : status;
  };
  const read = async (file: Uint8Array, offset = 0n, count = 1_000) => {
    const { status, reply } = await nfs(6, file, (to) => void to.u64(offset).u32(count));
    if (status !== OK) return status;
    reply.fixed(88);
    const [, isAtEnd] = [reply.u32(), reply.u32()];
    return [reply.opaque(1e6).toString(), isAtEnd === 1] as const;
  };
  const page = async (folder: Uint8Array, cookie: bigint, bytes: number) => {
    const { status, reply } = await nfs(17, folder, (to) => void to.u64(cookie, 0n).u32(bytes, bytes));
    assert.equal(status, OK);
    reply.fixed(96);
    const names: string[] = [];
    let at = cookie;
    while (reply.u32() === 1) {
      reply.u64();
      names.push(reply.opaque(255).toString());
      at = reply.u64();
      reply.fixed(88);
      reply.u32();
      reply.opaque(64);
    }
    return { names, at, isLast: reply.u32() === 1 };
  };
  const list = async (folder: Uint8Array, bytes = 4_096) => {
    const all: string[] = [];
    for (let at = 0n; ;) {
      const next = await page(folder, at, bytes);
      all.push(...next.names);
      if (next.isLast) return all;
      at = next.at;
    }
  };
  return { call, done, nfs, mount, root, find, read, page, list };
}

test("keys are paths: folders are found, listed and read, and what is no path is not seen", async (t) => {
  const { connect, put } = await open(t);
  const client = connect();
  const root = await client.root();
  assert.deepEqual(await client.list(root), []);
  const long = "y".repeat(100);
  for (const key of ["a", "in/b", "in/deep/c", `${long}/${long}/d`, "x//y", "../e", "in/", "both", "both/below"])
    await put(key, `of ${key}`);
  assert.deepEqual((await client.list(root)).toSorted(), ["a", "both", "in", "x", long]);
  const folder = (await client.find(root, "in")) as Buffer;
  assert.deepEqual(await client.list(folder), ["b", "deep"]);
  const file = (await client.find(folder, "b")) as Buffer;
  assert.deepEqual(await client.read(file), ["of in/b", true]);
  assert.deepEqual(await client.read(file, 3n, 2), ["in", false]);
  assert.deepEqual(await client.read(file, 100n, 2), ["", true]);
  const far = (await client.find((await client.find(root, long)) as Buffer, long)) as Buffer;
  assert.ok(far.length <= 64);
  assert.deepEqual(await client.read((await client.find(far, "d")) as Buffer), [`of ${long}/${long}/d`, true]);
  assert.deepEqual(await client.read((await client.find(root, "both")) as Buffer), ["of both", true]);
  assert.deepEqual(await client.find(folder, "none"), NO_ENTRY);
  assert.deepEqual(await client.find(folder, ".."), root);
  // The same by another connection: a handle says what it is of.
  assert.deepEqual(await connect().read(file), ["of in/b", true]);
});

test("a long folder is listed once and whole, in pages of any size, and from any place", async (t) => {
  const { connect, put } = await open(t);
  const client = connect();
  const root = await client.root();
  await client.list(root);
  // Keys sort otherwise than names: "n-1" is before "n/".
  const names = Array.from({ length: 400 }, (_, at) => `n${at % 7 === 0 ? "-" : ""}${at}`);
  for (const [at, name] of names.entries()) await put(at % 5 === 0 ? `${name}/x` : name, "");
  for (const bytes of [700, 4_096, 65_536]) {
    const listed = await client.list(root, bytes);
    assert.equal(listed.length, names.length, `pages of ${bytes} bytes`);
    assert.deepEqual(listed.toSorted(), names.toSorted());
  }
  const all = await client.list(root);
  const { names: some } = await connect().page(root, 277n, 4_096);
  assert.deepEqual(some, all.slice(277, 277 + some.length));
  for (const procedure of [16, 17])
    for (const bytes of [0, 60, 116, 150]) {
      const isPlus = procedure === 17;
      const { status } = await client.nfs(procedure, root, (to) => void to.u64(0n, 0n).u32(...(isPlus ? [bytes, bytes] : [bytes])));
      assert.equal(status, TOO_SMALL, `a page of ${bytes} bytes`);
    }
});

test("a folder says that it has changed when it has; a file that was replaced or removed is stale", async (t) => {
  const { connect, put, objects } = await open(t);
  const client = connect();
  const root = await client.root();
  await client.list(root);
  await put("a", "one");
  const timeOf = async (handle: Uint8Array) => {
    const { reply } = await client.nfs(1, handle);
    reply.fixed(68);
    return reply.fixed(8).toString("hex");
  };
  const file = (await client.find(root, "a")) as Buffer;
  const before = await timeOf(root);
  assert.equal(await timeOf(root), before);
  await put("a", "two");
  assert.notEqual(await timeOf(root), before);
  assert.equal(await client.read(file), STALE);
  const second = (await client.find(root, "a")) as Buffer;
  assert.notDeepEqual(second, file);
  assert.deepEqual(await client.read(second), ["two", true]);
  const between = await timeOf(root);
  await objects.remove({ bucket: ownBucketName("app_a", "files"), key: "a" });
  assert.notEqual(await timeOf(root), between);
  assert.equal(await client.read(second), STALE);
  assert.equal(await client.find(root, "a"), NO_ENTRY);
});

test("what the server has encrypted is read like any other file; what a customer's key has is seen, and not read", async (t) => {
  const { connect, put } = await open(t);
  const client = connect();
  const root = await client.root();
  await client.list(root);
  await put("server", "content", { by: "server" });
  await put("customer", "content", { by: "customer", key: Buffer.alloc(32, 1) });
  assert.deepEqual(await client.list(root), ["customer", "server"]);
  assert.deepEqual(await client.read((await client.find(root, "server")) as Buffer), ["content", true]);
  assert.equal(await client.read((await client.find(root, "customer")) as Buffer), DENIED);
});

test("nothing is written, and other buckets, programs and versions are not there", async (t) => {
  const { connect } = await open(t);
  const client = connect();
  const root = await client.root();
  for (const procedure of [2, 7, 8, 9, 10, 11, 12, 13, 14, 15, 21]) assert.equal((await client.nfs(procedure, root)).status, READ_ONLY);
  assert.equal((await client.done(MOUNT, 1, (to) => void to.opaque(Buffer.from("/others")))).u32(), NO_ENTRY);
  assert.equal((await client.nfs(1, Buffer.alloc(20))).status, BAD_HANDLE);
  const accepted = async (...what: Parameters<typeof client.call>) => {
    const reply = await client.call(...what);
    return [reply.u32(), reply.u32(), reply.u32(), reply.u32(), reply.u32()].at(-1);
  };
  assert.equal(await accepted(100_000, 0), 1);
  assert.equal(await accepted(NFS, 0, undefined, 4), 2);
  assert.equal(await accepted(NFS, 99), 3);
  assert.equal(await accepted(NFS, 1), 4);
  await client.done(NFS, 0);
});

test("a bucket that another app shares is read until the share is taken back; then its handles are stale, and it is mounted no more than one that there is not", async (t) => {
  const { connect, put, takeBack } = await open(t);
  const owner = connect();
  await owner.list(await owner.root());
  await put("in/a", "shared");
  const client = connect("app_b", { A: { bucket: "files", of: "a" }, B: { bucket: "files", of: "nobody" } });
  const root = await client.root("/a.files");
  assert.deepEqual(await client.list(root), ["in"]);
  const folder = (await client.find(root, "in")) as Buffer;
  const file = (await client.find(folder, "a")) as Buffer;
  assert.deepEqual(await client.read(file), ["shared", true]);
  for (const path of ["/files", "/nobody.files", "/a.other"]) assert.equal(await client.mount(path), NO_ENTRY, path);
  takeBack();
  assert.equal(await client.mount("/a.files"), NO_ENTRY);
  assert.equal(await client.read(file), STALE);
  assert.equal(await client.find(folder, "a"), STALE);
  assert.equal(await client.find(root, "."), STALE);
  // Of each handle, whatever is asked.
  for (const handle of [root, folder, file])
    for (const procedure of [1, 4, 18, 19, 20]) {
      const { status } = await client.nfs(procedure, handle, (to) => void to.u32(63));
      assert.equal(status, STALE, `procedure ${procedure}`);
    }
  for (const procedure of [16, 17]) {
    const { status } = await client.nfs(procedure, root, (to) => void to.u64(0n, 0n).u32(4_096, 4_096));
    assert.equal(status, STALE, `procedure ${procedure}`);
  }
});

const seed = seedOf();
test(`whatever comes, the door goes on: it answers or ends the connection (seed ${seed})`, async (t) => {
  const { connect, put } = await open(t);
  const good = connect();
  const root = await good.root();
  await good.list(root);
  await put("a", "here");
  const random = new Random(seed);
  for (let round = 0; round < 300; round++) {
    const client = connect();
    const bytes = Buffer.from(Array.from({ length: random.below(120) }, () => random.below(256)));
    const handle = random.chance(0.5) ? root : Buffer.concat([root.subarray(0, 8), bytes.subarray(0, 40)]);
    const [program, procedure] = [random.pick([NFS, MOUNT]), random.below(23)];
    // Some are never answered, as their connection ends.
    void client.call(program, procedure, (to) => {
      if (random.chance(0.8)) to.opaque(handle);
      to.fixed(bytes);
    });
  }
  assert.deepEqual(await good.read((await good.find(root, "a")) as Buffer), ["here", true]);
});
