import assert from "node:assert/strict";
import { test } from "node:test";
import { mirrorFrom, publicMirror } from "./mirror.ts";
import { parseUris } from "./private-apt.ts";

test("the host's own Debian mirrors are used", () => {
  const targets = "https://mirror.example/debian/ main\nhttps://mirror.example/debian-security/ main\n";
  assert.deepEqual(mirrorFrom(targets), { main: "https://mirror.example/debian", security: "https://mirror.example/debian-security" });
});

test("a dated snapshot is a mirror", () => {
  const uri = "http://snapshot.debian.org/archive/debian/20250520T000000Z";
  assert.equal(mirrorFrom(`${uri}/ main`).main, uri);
});

test("repositories of other vendors are not taken for Debian's", () => {
  const targets =
    "https://download.docker.com/linux/debian/ stable\nhttps://deb.nodesource.com/node_20.x/ main\nhttp://archive.ubuntu.com/ubuntu/ main\n";
  assert.deepEqual(mirrorFrom(targets), publicMirror);
});

test("without sources of its own the host uses Debian's public mirror", () => {
  assert.deepEqual(mirrorFrom(""), publicMirror);
});

test("packages whose names or versions could lead to another folder are refused", () => {
  const hash = "a".repeat(64);
  const line = (file: string) => `'http://deb.debian.org/${file}' ${file} 12 SHA256:${hash}\n`;
  assert.deepEqual(parseUris(line("libc++1_1%3a14.0-1+deb12u1~x_amd64.deb")), [
    { name: "libc++1", version: "1:14.0-1+deb12u1~x", sha256: hash },
  ]);
  for (const file of [
    "../../x_1_amd64.deb",
    "x_..%2f..%2fy_amd64.deb",
    "x_../../y_amd64.deb",
    "X_1_amd64.deb",
    "x_%_amd64.deb",
    "._1_amd64.deb",
  ])
    assert.throws(() => parseUris(line(file)), { code: "image-build-failed" }, file);
});
