import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { PathRoutes } from "./path-routes.ts";

const found = (routes: PathRoutes, request: string) => {
  const [method = "", path = ""] = request.split(" ");
  const { function: name, key, parameters } = routes.match(method, path) ?? {};
  return name === undefined ? undefined : [name, key, parameters].filter((each) => each !== "").join(" | ");
};

test("the closest route takes a request: a literal before a parameter, that before the rest, a method before ANY, and $default last", () => {
  const routes = new PathRoutes({
    "GET /users/me": "me",
    "GET /users/{id}": "one",
    "ANY /users/{id}": "any",
    "GET /users/{id}/files/{path+}": "files",
    "POST /users": "add",
    "ANY /{proxy+}": "rest",
    "GET /": "home",
    $default: "fallback",
  });
  const cases = {
    "GET /users/me": "me | GET /users/me",
    "GET /users/7": "one | GET /users/{id} | id=7",
    "GET /users/7/": "one | GET /users/{id} | id=7",
    "DELETE /users/me": "any | ANY /users/{id} | id=me",
    "GET /users/a+b&c=1/files/x/%2F/": "files | GET /users/{id}/files/{path+} | id=a%2Bb%26c=1&path=x/%2F/",
    "GET /users/7/files": "rest | ANY /{proxy+} | proxy=users/7/files",
    "GET /users/7/files/": "rest | ANY /{proxy+} | proxy=users/7/files/",
    "POST /users": "add | POST /users",
    "GET /users": "rest | ANY /{proxy+} | proxy=users",
    "GET /users//x": "rest | ANY /{proxy+} | proxy=users//x",
    "GET /": "home | GET /",
    "POST /": "fallback | $default",
  };
  for (const [request, expected] of Object.entries(cases)) assert.equal(found(routes, request), expected, request);
});

test("a path that fits no route leads nowhere, and names of every object's properties are parts like any other", () => {
  const routes = new PathRoutes({ "GET /constructor/{__proto__}": "a", "GET /x": "b" });
  assert.equal(found(routes, "GET /constructor/1"), "a | GET /constructor/{__proto__} | __proto__=1");
  for (const request of ["GET /toString", "GET /__proto__", "POST /x", "GET /x/y", "GET /%78", "toString /x", "GET /", "GET //x"])
    assert.equal(found(routes, request), undefined, request);
});

test("what a look-up finds is what a comparison with each route finds", () => {
  const part = fc.constantFrom("a", "b", "{p}", "{q+}");
  const path = fc.array(part, { maxLength: 4 }).map((parts) => {
    const end = parts.findIndex((each) => each === "{q+}");
    const kept = end < 0 ? parts : parts.slice(0, end + 1);
    return `/${kept.map((each, at) => (each === "{p}" ? `{p${at}}` : each)).join("/")}`;
  });
  const routes = fc.uniqueArray(path, { maxLength: 8 });
  const asked = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 5 });
  fc.assert(
    fc.property(routes, asked, (paths, parts) => {
      const table = new PathRoutes(Object.fromEntries(paths.map((each) => [`GET ${each}`, each])));
      const fitting = paths.filter((each) => fits(each, parts)).toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1));
      assert.equal(table.match("GET", `/${parts.join("/")}`)?.function, fitting[0]);
    }),
  );
});

function fits(path: string, parts: string[]): boolean {
  const own = path === "/" ? [] : path.slice(1).split("/");
  const rest = own.at(-1) === "{q+}";
  if (rest ? parts.length < own.length : parts.length !== own.length) return false;
  return own.every((each, at) => each.startsWith("{") || each === parts[at]);
}

/** Literals before parameters, and these before the rest, at the first difference. */
function rank(path: string): string {
  const ranks = path.slice(1).split("/");
  return ranks.map((each) => (each === "{q+}" ? "2" : each.startsWith("{") ? "1" : "0")).join("");
}
