/** Where a package's symbolic links may lead a build. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { moduleSchema, type ModuleSource } from "../modules/module.ts";
import { settleModes } from "../settle-modes.ts";
import { readKernelWith } from "../standalone/kernel-modules.ts";
import { piecesOf } from "./content.ts";

const scratch = mkdtempSync(join(tmpdir(), "mayfly-content-"));
after(() => rmSync(scratch, { recursive: true }));
const outside = join(scratch, "outside");
mkdirSync(outside);
writeFileSync(join(outside, "secret.crt"), "secret", { mode: 0o600 });
const dir = join(scratch, "package");
mkdirSync(join(dir, "usr/ca"), { recursive: true });
writeFileSync(join(dir, "usr/ca/real.crt"), "inside");
symlinkSync("/usr/ca/real.crt", join(dir, "usr/ca/absolute.crt"));
symlinkSync(outside, join(dir, "usr/linked"));
symlinkSync(join(outside, "secret.crt"), join(dir, "usr/stolen.crt"));

function pieces(files: ModuleSource["files"]) {
  const module = moduleSchema.parse({ name: "m", sources: ["pkg"], files });
  return piecesOf(
    { ...module, dir: scratch, asked: "m", builtIn: false },
    { pkg: { name: "pkg", version: "1", sha256: "0".repeat(64), dir } },
  );
}

test("a link in a package leads to what is in the package, as it will in the image", async () => {
  const [joined] = await pieces([{ join: "debian:pkg/usr/ca/*.crt", to: "/all" }]);
  assert.ok(joined?.kind === "file" && "data" in joined.source);
  assert.equal(Buffer.from(joined.source.data).toString(), "inside\ninside\n");
});

test("no file of the host gets into an image by a package's link", async () => {
  await assert.rejects(pieces([{ join: "debian:pkg/usr/stolen.crt", to: "/all" }]), /there is no file/);
  await assert.rejects(pieces([{ from: "debian:pkg/usr/linked/secret.crt", to: "/x" }]), /there is no file/);
  const [link] = await pieces([{ from: "debian:pkg/usr/stolen.crt", to: "/x" }]);
  assert.equal(link?.kind, "symlink");
  const whole = await pieces([{ from: "debian:pkg/usr", to: "/usr" }]);
  assert.deepEqual(
    whole.map(({ to, kind }) => [to, kind]),
    [
      ["/usr/ca/absolute.crt", "symlink"],
      ["/usr/ca/real.crt", "file"],
      ["/usr/linked", "symlink"],
      ["/usr/stolen.crt", "symlink"],
    ],
  );
});

test("a kernel that is a link to the host, or whose modules need themselves, is refused", async () => {
  const kernel = join(scratch, "kernel");
  mkdirSync(join(kernel, "boot"), { recursive: true });
  mkdirSync(join(kernel, "lib/modules/6/kernel"), { recursive: true });
  writeFileSync(join(kernel, "lib/modules/6/modules.builtin"), "");
  for (const [name, needs] of ["ab", "ba"]) writeFileSync(join(kernel, `lib/modules/6/kernel/${name}.ko`), `\0depends=${needs}\0`);
  symlinkSync(join(outside, "secret.crt"), join(kernel, "boot/vmlinuz-6"));
  await assert.rejects(readKernelWith(kernel, ["a"]), /needs itself/);
  await assert.rejects(readKernelWith(kernel, []), /there is no \/boot\/vmlinuz-6/);
});

test("files of the host that a tree's links lead to keep their modes", async () => {
  await settleModes(dir);
  assert.equal(statSync(join(outside, "secret.crt")).mode & 0o777, 0o600);
});
