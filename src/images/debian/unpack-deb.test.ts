/** Packages made by dpkg-deb, and packages that it would never make. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { MayflyError } from "../../base/errors/error.ts";
import { debWith, type TarPart, tarWith } from "../archive/testing/make-tar.ts";
import { Random, seedOf } from "../../base/testing/random.ts";
import { unpackDeb } from "./unpack-deb.ts";

const scratch = mkdtempSync(join(tmpdir(), "mayfly-deb-"));
after(() => rmSync(scratch, { recursive: true }));
const outside = join(scratch, "o");
mkdirSync(outside);
writeFileSync(join(outside, "secret"), "secret", { mode: 0o600 });
let count = 0;

async function unpack(bytes: Buffer): Promise<string> {
  const deb = join(scratch, `package-${++count}.deb`);
  writeFileSync(deb, bytes);
  const into = join(scratch, `tree-${count}`);
  await unpackDeb(deb, into).finally(() => rmSync(deb));
  return into;
}

function debOf(parts: TarPart[]): Buffer {
  return debWith({ "debian-binary": "2.0\n", "control.tar": "", "data.tar": tarWith(parts) });
}

const long = `${"a-long-name-".repeat(12)}ü`;
function packedBy(method: string): Buffer {
  const from = join(scratch, `from-${++count}`);
  mkdirSync(join(from, "DEBIAN"), { recursive: true });
  const control = "Package: a\nVersion: 1\nArchitecture: all\nMaintainer: a <a@b.example>\nDescription: a\n";
  writeFileSync(join(from, "DEBIAN/control"), control);
  mkdirSync(join(from, "usr/share", long), { recursive: true });
  writeFileSync(join(from, "usr/share", long, long), "x".repeat(100_000));
  writeFileSync(join(from, "usr/program"), "#!", { mode: 0o4755 });
  linkSync(join(from, "usr/program"), join(from, "usr/twin"));
  symlinkSync(`/usr/${long}`, join(from, "usr/link"));
  const file = join(scratch, `${method}.deb`);
  execFileSync("dpkg-deb", [`-Z${method}`, "--root-owner-group", "-b", from, file], { stdio: "ignore" });
  return readFileSync(file);
}

for (const method of ["xz", "gzip", "zstd", "none"]) {
  test(`a package that dpkg-deb packed by ${method} is unpacked as dpkg does it, with the modes of images`, async () => {
    const tree = await unpack(packedBy(method));
    assert.equal(readFileSync(join(tree, "usr/share", long, long), "utf8"), "x".repeat(100_000));
    assert.equal(statSync(join(tree, "usr/share", long, long)).mode & 0o7777, 0o444);
    assert.equal(statSync(join(tree, "usr/twin")).mode & 0o7777, 0o555);
    assert.equal(readlinkSync(join(tree, "usr/link")), `/usr/${long}`);
    assert.deepEqual(readdirSync(tree), ["usr"]);
  });
}

const longName = (name: string): TarPart => ({ name: "././@LongLink", type: "L", content: `${name}\0` });
const link = (name: string, target: string): TarPart => ({ name, type: "2", target });
const hardLink = (name: string, target: string): TarPart => ({ name, type: "1", target });
const folder = (name: string): TarPart => ({ name, type: "5" });

const hostile: [string, TarPart[], RegExp][] = [
  ["a name that climbs", [{ name: "./usr/../../evil" }], /an entry named/],
  ["an absolute name", [{ name: "/tmp/evil" }], /absolute name/],
  ["an absolute name behind a dot", [{ name: ".//tmp/evil" }], /absolute name|an entry named/],
  ["a long name that climbs", [longName(`${"../".repeat(50)}evil`), { name: "x" }], /an entry named/],
  ["a file below a symbolic link", [link("dir", outside), { name: "dir/evil" }], /something else before/],
  ["a link in the place of a folder", [folder("dir/"), link("dir", outside), { name: "dir/evil" }], /"dir" twice/],
  ["a folder in the place of a link", [link("dir", outside), folder("dir/")], /something else before/],
  ["a file in the place of a link", [link("a", join(outside, "secret")), { name: "a", content: "evil" }], /"a" twice/],
  ["a hard link to the host", [hardLink("a", join(outside, "secret"))], /absolute name/],
  ["a hard link that climbs", [hardLink("a", "../o/secret")], /an entry named/],
  ["a hard link through a symbolic one", [link("d", outside), hardLink("a", "d/secret")], /is not a file in it/],
  ["a hard link to a symbolic one", [link("d", join(outside, "secret")), hardLink("a", "d")], /is not a file in it/],
  ["a device", [{ name: "sda", type: "4" }], /not a file, folder or link/],
  ["a pipe", [{ name: "pipe", type: "6" }], /not a file, folder or link/],
  ["a file in the place of all", [{ name: "./", content: "x" }], /"" twice/],
  ["folders that lie too deep", [longName("d/".repeat(200)), folder("d")], /too deep/],
  ["a name without end", [longName("x".repeat(5_000)), { name: "d" }], /a name of 5001 bytes/],
];

for (const [what, parts, complaint] of hostile) {
  test(`${what} is refused, and nothing is written outside`, async () => {
    await assert.rejects(unpack(debOf(parts)), (error: MayflyError) => {
      assert.equal(error.code, "image-build-failed");
      assert.match(error.message, complaint);
      return true;
    });
    assert.deepEqual(readdirSync(outside), ["secret"]);
    assert.equal(statSync(join(outside, "secret")).mode & 0o7777, 0o600);
    assert.ok(!existsSync(join(scratch, "evil")) && !existsSync("/tmp/evil"));
  });
}

test("a file of the host to which a package's link leads keeps its mode", async () => {
  const tree = await unpack(debOf([link("link", outside), link("loop", ".")]));
  assert.equal(statSync(join(outside, "secret")).mode & 0o7777, 0o600);
  assert.equal(readlinkSync(join(tree, "link")), outside);
});

test("packages that are cut short, empty or packed in another way are refused", async () => {
  const xz = packedBy("xz");
  const data = xz.subarray(xz.indexOf("data.tar.xz") + 60);
  const unknown = { "data.tar.bz2": "x" };
  for (const members of [
    { "data.tar.xz": data.subarray(0, data.length - 40) },
    unknown,
    {},
    { "data.tar.xz": "nonsense" },
    { "data.tar": "" },
  ])
    await assert.rejects(unpack(debWith({ "debian-binary": "2.0\n", ...members })), { code: "image-build-failed" });
  for (const bytes of [Buffer.alloc(0), xz.subarray(0, xz.length - 40), Buffer.from("!<arch>\nx")])
    await assert.rejects(unpack(bytes), { code: "image-build-failed" });
});

/** The archive of the next test, compressed by `xz -9`. */
const openByXz =
  "/Td6WFoAAATm1rRGAgAhARwAAAAQz1jM4w//AIxdADCAM1AYaImDAjL4CqxK6yeRyZPGz2dM7PKuQnTDR68lsfFqOrsdUNskajlgEDrKpkm2DwsJNzWjnl7ryVZk/xmFW0vT4aFac+eRexHvngcFNORuqNFksEI3KpLYPkW78XCi9CGCqAwvbBXNdQxajGOXfEz/EhX2WPAFftg+WdVpD4+0+9xncPWtZ4gAALeFTu84tqOkAAGoAYCgDAC5yu6TscRn+wIAAAAABFla";

test("an archive that lacks only its closing block is refused, whatever its compression", async () => {
  const tar = tarWith([{ name: "a", content: "x".repeat(200_000) }]);
  const open = tar.subarray(0, tar.length - 1_024);
  const packed = { "data.tar": open, "data.tar.gz": gzipSync(open), "data.tar.xz": Buffer.from(openByXz, "base64") };
  for (const [name, data] of Object.entries(packed))
    await assert.rejects(unpack(debWith({ "debian-binary": "2.0\n", [name]: data })), /ends without the block of zeroes/, name);
});

const seed = seedOf();
test(`a package with changed bytes is refused or unpacked, and never more than that (seed ${seed})`, { timeout: 300_000 }, async () => {
  const random = new Random(seed);
  const tar = tarWith([
    folder("./"),
    folder("./usr/"),
    { name: "./usr/a", content: "x".repeat(700) },
    link("./usr/link", outside),
    hardLink("./usr/twin", "usr/a"),
  ]);
  const packed = { "data.tar": tar, "data.tar.gz": gzipSync(tar), "data.tar.zst": zstdCompressSync(tar) };
  const plain = Object.entries(packed).map(([name, data]) => debWith({ "debian-binary": "2.0\n", [name]: data }));
  const sound = [packedBy("xz"), ...plain];
  let refused = 0;
  for (let run = 0; run < 400; run++) {
    const error: unknown = await unpack(random.damaged(random.pick(sound))).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error === undefined) continue;
    assert.ok(error instanceof MayflyError && error.code === "image-build-failed", `run ${run}: ${(error as Error).message}`);
    refused++;
  }
  assert.ok(refused > 50, `only ${refused} were refused`);
  assert.deepEqual(readdirSync(outside), ["secret"]);
  assert.equal(readFileSync(join(outside, "secret"), "utf8"), "secret");
});
