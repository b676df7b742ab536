import assert from "node:assert/strict";
import { test } from "node:test";
import { problemOf, problemOfBound } from "./bound.ts";

const bound = ["10.1.0.0/16:5432", "10.2.0.0/16:*", "db.internal:5432", "[fd00:1::]/32:*"];
const named = ["*.internal:443", "*.lan:*"];

test("entries within the operator's list, and public addresses, are as good as their names and addresses", () => {
  for (const entry of [
    "10.1.2.3:5432",
    "10.1.128.0/17:5432",
    "10.1.0.0/16:5432",
    "10.2.0.1:80",
    "10.2.0.0/24:*",
    "db.internal:5432",
    "DB.internal.:5432",
    "any.name:443",
    "[fd00:1::5]:1",
    "[fd00:1:2::]/48:*",
    "8.8.8.8:53",
    "[2606:4700::1111]:*",
  ])
    assert.equal(problemOf(entry, bound), undefined, entry);
});

test("entries beyond it are refused, and told what the list has", () => {
  for (const entry of [
    "10.1.2.3:5433",
    "10.1.0.0/16:*",
    "10.0.0.0/8:5432",
    "10.3.0.1:5432",
    "0.0.0.0/0:*",
    "127.0.0.1:*",
    "[fd00::]/16:*",
    "[::ffff:10.3.0.1]:5432",
    "8.0.0.0/5:*",
  ])
    assert.match(problemOf(entry, bound) ?? "", /beyond this server's egress\.allow, which has 10\.1\.0\.0\/16:5432, /, entry);
  for (const entry of ["db.internal:5432", "10.1.2.3:5432", "localhost:80"])
    assert.match(
      problemOf(entry, []) ?? "",
      /which has no entries: the server's operator sets it, and public addresses need no entry/,
      entry,
    );
});

test("a wildcard of the operator's covers names and wildcards below it, on its port", () => {
  for (const entry of ["api.internal:443", "a.b.Internal.:443", "*.internal:443", "*.b.internal:443", "x.lan:1", "*.lan:*"])
    assert.equal(problemOf(entry, named), undefined, entry);
  for (const entry of ["internal:443", "api.internal:80", "*.internal:*", "xinternal:443", "internal.example:443", "10.0.0.1:443", "lan:1"])
    assert.match(problemOf(entry, named) ?? "", /beyond this server's egress\.allow/, entry);
  // One name does not stand for those below it.
  assert.match(problemOf("*.db.internal:5432", bound.slice(2, 3)) ?? "", /beyond/);
  assert.equal(problemOf("*.example.com:443", ["10.0.0.0/8:443"]), undefined);
});

test("an invalid entry is refused with examples of valid ones", () => {
  for (const entry of [
    "nonsense",
    "10.0.0.1",
    "10.0.0.0/33:1",
    "host:0",
    "host:65536",
    "host/8:1",
    "[::1:2",
    "[host]:1",
    "",
    ":1",
    "a b:1",
    "[::1]/129:1",
    "10.0.0:1",
    "*:443",
    "*.:443",
    "*.*.x:443",
    "a.*.x:443",
    "*x:443",
    "*.10.0.0.1:443",
    "300.1.1.1:1",
    "a..b:1",
    `${"x".repeat(300)}:1`,
  ]) {
    assert.match(problemOf(entry, bound) ?? "", /entries look like/, entry);
    assert.match(problemOfBound(entry) ?? "", /entries look like/, entry);
  }
});

test("no entry opens a cloud's metadata", () => {
  for (const entry of ["169.254.169.254:80", "169.254.0.0/16:*", "[fd00:ec2::254]:80", "168.63.129.16:*", "100.100.100.200:80"]) {
    assert.match(problemOf(entry, ["0.0.0.0/0:*", "[::]/0:*"]) ?? "", /no app may reach/, entry);
    assert.match(problemOfBound(entry) ?? "", /no app may reach/, entry);
  }
  assert.equal(problemOfBound("0.0.0.0/0:*"), undefined);
});
