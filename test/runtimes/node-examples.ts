/** The examples in Node that have files and packages beside their code. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { bundleApp } from "../../src/bundle/bundle-app.ts";
import { copyApp, exampleFile, type Platform, type Scope } from "../platform.ts";

/** Far above what a call takes on a busy host. */
const patient = { timeoutMs: 300_000 };

/** A copy of an example, as it is after `npm ci`. */
export async function copyWithPackages(scope: Scope, example: string): Promise<string> {
  const folder = copyApp(scope, example, {});
  const words = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--prefer-offline"];
  // Not in this thread, in which the platform serves other tests.
  await promisify(execFile)("npm", words, { cwd: folder, timeout: 300_000 });
  return folder;
}

export function describeNodeExamples(scope: Scope, platform: () => Platform, driver: string): void {
  test("the museum's pages are made from templates of its folder", async () => {
    await platform().deploy("examples/templates", patient);
    const page = (path: string) => platform().call(`/museum/page${path}`);
    assert.match(await (await page("")).text(), /<title>The museum<\/title>[^]*Welcome/);
    const picture = await page("/picture?title=Water+Lilies&painter=%3CMonet%3E");
    assert.equal(picture.headers.get("content-type"), "text/html; charset=utf-8");
    assert.match(await picture.text(), /<main><figure>\s*<figcaption>Water Lilies, by &#60;Monet&#62;</);
    assert.deepEqual([(await page("/frame")).status, (await page("/sculpture")).status], [404, 404]);
  });

  test("better-sqlite3, as npm installs it, keeps books in a file", async () => {
    const folder = await copyWithPackages(scope, "examples/sqlite");
    const { manifest, bundles } = await bundleApp(folder);
    // Where nothing is isolated, /tmp is this host's.
    const env = driver === "process" ? { DATABASE: join(folder, "books.db") } : {};
    await platform().client.deploy({ ...manifest, ...patient, env }, bundles);
    const shelve = (book: object) => platform().call("/books/shelf", { method: "POST", body: JSON.stringify(book) });
    const books = [
      { title: "Emma", author: "Jane Austen" },
      { title: "Ulysses", author: "James Joyce" },
    ];
    for (const book of books) assert.equal((await shelve(book)).status, 201);
    assert.deepEqual(await (await platform().call("/books/shelf")).json(), books);
    assert.deepEqual(await (await platform().call("/books/shelf?author=Jane+Austen")).json(), [books[0]]);
    assert.equal((await shelve({ title: "Beowulf" })).status, 400);
  });

  test("what `next build` leaves is served: pages, static files, and packages that packages have", async () => {
    await platform().deploy("examples/next", patient);
    const get = async (path: string) => {
      const response = await platform().call(`/gallery/web${path}`);
      return [response.status, response.headers.get("content-type"), await response.text()];
    };
    assert.deepEqual(await get(""), [200, "text/html", "<h1>The gallery</h1>"]);
    assert.deepEqual(await get("/pictures/lilies"), [200, "text/html", "<h1>A picture: lilies</h1>"]);
    const [status, type, css] = await get("/_next/static/css/gallery.css");
    assert.deepEqual([status, type, css], [200, "text/css", exampleFile("next/.next/standalone/.next/static/css/gallery.css").toString()]);
    assert.deepEqual(await get("/%3Cnowhere%3E").then(([code]) => code), 404);
    await platform().logged("gallery", /^ready on /);
  });
}
