import assert from "node:assert/strict";
import { test } from "node:test";
import { mirrorFrom, publicMirror } from "./mirror.ts";

test("the host's own Debian mirrors are used", () => {
  const targets = "https://mirror.example/debian/ main\nhttps://mirror.example/debian-security/ main\n";
  assert.deepEqual(mirrorFrom(targets), { main: "https://mirror.example/debian", security: "https://mirror.example/debian-security" });
});

test("a dated snapshot is a mirror", () => {
  const uri = "http://snapshot.debian.org/archive/debian/20250520T000000Z";
  assert.equal(mirrorFrom(`${uri}/ main`).main, uri);
});

test("repositories of others are not taken for Debian's", () => {
  const targets =
    "https://download.docker.com/linux/debian/ stable\nhttps://deb.nodesource.com/node_20.x/ main\nhttp://archive.ubuntu.com/ubuntu/ main\n";
  assert.deepEqual(mirrorFrom(targets), publicMirror);
});

test("without sources of its own the host uses Debian's public mirror", () => {
  assert.deepEqual(mirrorFrom(""), publicMirror);
});
