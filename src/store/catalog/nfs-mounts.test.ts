import assert from "node:assert/strict";
import { test } from "node:test";
import { mountMessages, serversOf } from "./nfs-mounts.ts";
import { parseManifest } from "./parse-manifest.ts";

function manifestWith(mounts: object[], more: object = {}) {
  return parseManifest(JSON.stringify({ name: "shop", functions: { pay: { entry: "pay.ts" } }, mounts, ...more }), "mayfly.json");
}

const data = { nfs: "nfs.internal:/exports/shop", path: "/data" };

test("a mount without options is NFS 4.1, to the usual port, by an address of the machine's own that stands for the server", () => {
  const { mounts } = manifestWith([data, { nfs: "[fd00::7]:/", path: "/mnt/a", options: "ro,noexec,vers=4,port=3049,soft,timeo=30" }]);
  assert.deepEqual(mountMessages(mounts!), [
    {
      server: "nfs.internal",
      address: "127.77.0.1",
      ports: [2_049],
      source: "nfs.internal:/exports/shop",
      path: "/data",
      flags: 0,
      options: "vers=4.1,addr=127.77.0.1,port=2049,proto=tcp,sec=sys,noresvport",
    },
    {
      server: "fd00::7",
      address: "127.77.0.2",
      ports: [3_049],
      source: "[fd00::7]:/",
      path: "/mnt/a",
      flags: 9,
      options: "vers=4.0,addr=127.77.0.2,port=3049,proto=tcp,sec=sys,noresvport,clientaddr=0.0.0.0,soft,timeo=30",
    },
  ]);
  assert.deepEqual(serversOf(mounts!), ["nfs.internal:2049", "[fd00::7]:3049"]);
});

test("NFS 3 asks the server's mountd, too, and keeps locks in the machine", () => {
  const { mounts } = manifestWith([{ ...data, options: "vers=3,mountport=635" }]);
  const [message] = mountMessages(mounts!);
  assert.deepEqual(message!.ports, [2_049, 635]);
  assert.equal(
    message!.options,
    "vers=3,addr=127.77.0.1,port=2049,proto=tcp,sec=sys,noresvport,mountaddr=127.77.0.1,mountport=635,mountproto=tcp,mountvers=3,nolock",
  );
  assert.deepEqual(serversOf(mounts!), ["nfs.internal:2049", "nfs.internal:635"]);
});

test("sources, paths and options that machines could not have are refused, with the key and what is allowed", () => {
  const unfit = [
    "nfs.internal",
    "nfs.internal:export",
    ":/export",
    "a b:/export",
    "[fd00::x]:/",
    "nfs:/a b",
    'a"b:/',
    "a,b:/",
    "fd00::7:/",
  ];
  const misleading = [
    "nfs:/a/../b",
    "nfs:/..",
    "nfs:/a/./b",
    "nfs:/a\u0000b",
    "nfs:/a\nb",
    `nfs:/${"ü".repeat(500)}`,
    "10.0.0.1,10.0.0.2:/a",
  ];
  for (const nfs of [...unfit, ...misleading])
    assert.throws(() => manifestWith([{ ...data, nfs }]), /mounts\.0\.nfs is .* must be a server and the path of its export/, nfs);
  for (const path of ["data", "/", "/etc", "/data/../etc", "/data/.", "/data/", "/mnt//a", "/database", "/mnt/a b"])
    assert.throws(() => manifestWith([{ ...data, path }]), /mounts\.0\.path is .* must be a path at or below \/data, \/mnt or \/srv/, path);
  for (const word of [
    "addr=10.0.0.1",
    "vers=2",
    "vers",
    "port=0",
    "port=65536",
    "sec=krb5",
    "lock",
    "timeo",
    "timeo=1=2",
    "ro=1",
    "nconnect=9",
    "exotic",
    "RO",
    " ro",
    "clientaddr=10.0.0.1",
    "mountaddr=10.0.0.1",
    "mounthost=other",
    "context=x",
    "fsc",
    "retry=1",
    "port=2049 ",
    "timeo=30\u0000addr=10.0.0.1",
    "__proto__",
    "constructor=1",
  ])
    assert.throws(
      () => manifestWith([{ ...data, options: `rw,${word}` }]),
      (error: Error) => /mounts\.0\.options is /s.test(error.message) && error.message.includes(`must not have ${JSON.stringify(word)}`),
      word,
    );
});

test("what an export's name has beside letters stays in the name, and the last word of several on one thing holds", () => {
  const nfs = "nfs:/a,soft,addr=10.0.0.1/b:c\\d";
  const { mounts } = manifestWith([{ ...data, nfs, options: "ro,vers=3,port=1,rw,noexec,,vers=4.2,port=2,exec,ro" }]);
  const [message] = mountMessages(mounts!);
  assert.deepEqual([message!.source, message!.flags, message!.server], [nfs, 1, "nfs"]);
  assert.equal(message!.options, "vers=4.2,addr=127.77.0.1,port=2,proto=tcp,sec=sys,noresvport");
  assert.deepEqual(serversOf(mounts!), ["nfs:2"]);
});

test("mounts in each other, and mounts of what is frozen, are refused", () => {
  const nested = [data, { ...data, path: "/data/deeper" }];
  assert.throws(() => manifestWith(nested), /mounts must not have one path in another, as \/data and \/data\/deeper are/);
  assert.throws(() => manifestWith([data, data]), /as \/data and \/data are/);
  manifestWith([
    { ...data, path: "/mnt/a" },
    { ...data, path: "/mnt/ab" },
  ]);
  assert.throws(() => manifestWith([data], { snapshot: true }), /snapshot is true, but cannot be with mounts/);
  manifestWith([], { snapshot: true });
});

test("a bucket of another app is mounted as the bindings name it, and not otherwise", () => {
  const bindings = { FILES: { bucket: "files", of: "photos" }, OWN: { bucket: "mine" } };
  const { mounts } = manifestWith(
    [
      { bucket: "files", of: "photos", path: "/data/theirs" },
      { bucket: "mine", path: "/data/own" },
    ],
    { bindings },
  );
  assert.deepEqual(
    mountMessages(mounts!).map(({ source }) => source),
    ["nfs.services.mayfly.internal:/photos.files", "nfs.services.mayfly.internal:/mine"],
  );
  for (const wrong of [{ bucket: "files" }, { bucket: "files", of: "shop" }, { bucket: "mine", of: "photos" }])
    assert.throws(
      () => manifestWith([{ ...wrong, path: "/data" }], { bindings }),
      /mounts\.0\.bucket .*must be a bucket that bindings name/,
      JSON.stringify(wrong),
    );
});
