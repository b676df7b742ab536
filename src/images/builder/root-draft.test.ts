import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import * as fc from "fast-check";
import { resolveInside } from "./inside.ts";
import { RootDraft } from "./root-draft.ts";

const scratch = mkdtempSync(join(tmpdir(), "mayfly-root-"));
after(() => rmSync(scratch, { recursive: true }));
let count = 0;
const newDraft = () => RootDraft.open(join(scratch, `draft-${count++}`));

interface Piece {
  path: string;
  text: string;
}

/** Only a few paths, so that pieces collide: as files, and one as the folder of another. */
const piece = fc.record({ path: fc.constantFrom("/a", "/b", "/a/c", "/a/c/d", "/b/e"), text: fc.constantFrom("x", "y") });

/** Whether two different files claim one path, or a file lies where another needs a folder. */
function contradict(pieces: Piece[]): boolean {
  return pieces.some((one) => pieces.some(({ path, text }) => (path === one.path && text !== one.text) || path.startsWith(`${one.path}/`)));
}

test("pieces of two owners are laid, or refused if they contradict each other, whatever their order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 6 }), fc.array(piece, { maxLength: 6 }), async (first, second) => {
      const draft = await newDraft();
      const all = [...first.map((one) => ({ ...one, owner: "first" })), ...second.map((one) => ({ ...one, owner: "second" }))];
      const laid = (async () => {
        for (const { path, text, owner } of all) await draft.file(path, owner, { data: Buffer.from(text) }, false);
      })();
      if (contradict(all)) return assert.rejects(laid, /it has another \/[abcde/]+ than/);
      await laid;
      for (const { path, text } of all) assert.equal(readFileSync(join(draft.dir, path), "utf8"), text);
      const files = new Set(all.map(({ path }) => path)).size;
      assert.equal(
        Object.values(draft.contents).reduce((sum, one) => sum + one.files, 0),
        files,
      );
    }),
    { numRuns: 60 },
  );
});

test("a file of the cache is linked and stays as it is; one that could be written is copied", async () => {
  const [sealed, open] = [join(scratch, "sealed"), join(scratch, "open")];
  writeFileSync(sealed, "sealed", { mode: 0o444 });
  writeFileSync(open, "open", { mode: 0o644 });
  const draft = await newDraft();
  await draft.file("/sealed", "one", { link: sealed }, false);
  await draft.file("/open", "one", { link: open }, false);
  assert.equal(statSync(join(draft.dir, "sealed")).ino, statSync(sealed).ino);
  assert.notEqual(statSync(join(draft.dir, "open")).ino, statSync(open).ino);
  assert.equal(statSync(join(draft.dir, "open")).mode & 0o777, 0o444);
  assert.equal(statSync(open).mode & 0o777, 0o644);
});

test("links that lead to the same place are the same", async () => {
  const draft = await newDraft();
  await draft.symlink("/lib64/ld.so", "../lib/ld.so", "one");
  await draft.symlink("/lib64/ld.so", "/lib/ld.so", "two");
  await assert.rejects(
    draft.symlink("/lib64/ld.so", "/usr/lib/ld.so", "three"),
    /module three cannot be used: it has another \/lib64\/ld\.so than one/,
  );
});

test("symbolic links are followed inside of a root, and never out of it", async () => {
  const draft = await newDraft();
  await draft.file("/usr/lib/x.so.1.2", "one", { data: Buffer.from("x") }, false);
  await draft.symlink("/usr/lib/x.so", "x.so.1.2", "one");
  await draft.symlink("/lib", "/usr/lib", "one");
  await draft.symlink("/up", "../../../usr", "one");
  symlinkSync("loop", join(draft.dir, "loop"));
  const lead = (path: string) => resolveInside(draft.dir, path);
  assert.equal(await lead("/lib/x.so"), "/usr/lib/x.so.1.2");
  assert.equal(await lead("/up/lib/x.so"), "/usr/lib/x.so.1.2");
  assert.equal(await lead("/lib/y.so"), undefined);
  assert.equal(await lead("/loop"), undefined);
  assert.equal(await lead("/lib/x.so/more"), undefined);
});
