/**
 * The dashboard as files: a page, and a script and a style that esbuild makes of `src/dashboard/` when somebody first asks for one. Why then: decisions/dashboard-bundled-when-asked-for.md
 */
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { OutputFile } from "esbuild";
import { build } from "../../base/esbuild/esbuild.ts";

type Bytes = Uint8Array<ArrayBuffer>;

export interface DashboardFile {
  /** Its media type. */
  type: string;
  etag: string;
  plain: Bytes;
  gzipped: Bytes;
  /** Whether another version would have another name. */
  isForever: boolean;
}

export interface DashboardFiles {
  page(): Promise<DashboardFile>;
  /** Undefined if there is none of this name. */
  asset(name: string): Promise<DashboardFile | undefined>;
}

/** A page may load what this server has under its own name, and nothing else; no text becomes code or markup. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

export const dashboardHeaders = {
  "content-security-policy": policy,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

const source = (path: string) => new URL(`../../dashboard/${path}`, import.meta.url).pathname;

export function createDashboardFiles(): DashboardFiles {
  let made: Promise<{ page: DashboardFile; assets: Map<string, DashboardFile> }> | undefined;
  const files = () => {
    // What failed is tried again at the next request.
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
  return {
    page: async () => (await files()).page,
    asset: async (name) => (await files()).assets.get(name),
  };
}

async function make() {
  const { outputFiles } = await build({
    entryPoints: { dashboard: source("browser/main.tsx") },
    absWorkingDir: source("../.."),
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    target: ["chrome111", "firefox114", "safari16.4"],
    jsx: "automatic",
    jsxImportSource: "preact",
    outdir: "/dashboard",
    entryNames: "[name]-[hash]",
    loader: { ".svg": "dataurl" },
    define: { "process.env.NODE_ENV": '"production"' },
    legalComments: "none",
    logLevel: "silent",
    // The settings of the type check are not those of the bundle.
    tsconfigRaw: {},
  });
  const assets = new Map(await Promise.all(outputFiles.map(async (file) => [nameOf(file), await asset(file)] as const)));
  return { page: await fileOf("text/html; charset=utf-8", Buffer.from(pageWith([...assets.keys()])), false), assets };
}

function asset({ path, contents }: OutputFile): Promise<DashboardFile> {
  return fileOf(path.endsWith(".css") ? "text/css; charset=utf-8" : "text/javascript; charset=utf-8", Buffer.from(contents), true);
}

function nameOf({ path }: OutputFile): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

async function fileOf(type: string, bytes: Buffer, isForever: boolean): Promise<DashboardFile> {
  const etag = `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 20)}"`;
  return { type, etag, plain: new Uint8Array(bytes), gzipped: new Uint8Array(await promisify(gzip)(bytes, { level: 9 })), isForever };
}

function pageWith(names: string[]): string {
  const script = names.find((name) => name.endsWith(".js")) ?? "";
  const style = names.find((name) => name.endsWith(".css")) ?? "";
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>Mayfly</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/dashboard/${style}">
    <script type="module" src="/dashboard/${script}"></script>
  </head>
  <body>
    <div id="app"></div>
    <noscript>The dashboard is a program in JavaScript. The command line shows the same: mayfly --help</noscript>
  </body>
</html>
`;
}
