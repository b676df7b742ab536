/** What developers wait for: the time from saving a file to the first answer of the new code, beside what others offer for it. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../src/base/testing/listening.ts";
import type { BenchOptions } from "../options.ts";
import { type Row, type Section, ms } from "../report.ts";
import { type Server, startServer } from "../server.ts";
import { median } from "../statistics.ts";

const modules = join(import.meta.dirname, "../node_modules");
const launcher = join(import.meta.dirname, "../../mayfly");
const SAVES_PER_ROUND = 4;
/** Between an answer and the next save: nobody saves as fast as that, and what renews itself in the background has had time. */
const PAUSE_MS = 1_500;
const WITHIN_MS = 30_000;
const SILENT_MS = 3_000;

interface Contestant {
  name: string;
  /** Milliseconds that are asked of ours. */
  most?: number;
  /** Whether the others run the same language, with files as few. */
  isCompared?: boolean;
  /** The file that is saved. */
  file: string;
  /** Its text, with what it answers. */
  source: (answer: string) => string;
  /** The other files of the folder. */
  files: Record<string, string>;
  command: (dir: string, port: number) => string[];
  env?: NodeJS.ProcessEnv;
  /** Of the function, at the server's port. */
  path: string;
}

const fetchStyle = (answer: string) => `export default { fetch: () => new Response(${JSON.stringify(answer)}) };\n`;

const peers: Contestant[] = [
  {
    name: "wrangler dev",
    file: "hello.js",
    source: fetchStyle,
    files: { "wrangler.toml": `name = "hello"\nmain = "hello.js"\ncompatibility_date = "2026-07-01"\n` },
    command: (_dir, port) => [
      process.execPath,
      join(modules, "wrangler/bin/wrangler.js"),
      "dev",
      "--port",
      String(port),
      "--ip",
      "127.0.0.1",
    ],
    env: { WRANGLER_SEND_METRICS: "false", CI: "1" },
    path: "/",
  },
  {
    name: "functions-framework with nodemon",
    file: "index.js",
    source: (answer) => `exports.hello = (request, response) => response.send(${JSON.stringify(answer)});\n`,
    files: { "package.json": `{ "main": "index.js" }\n` },
    command: (dir, port) => {
      const framework = join(modules, "@google-cloud/functions-framework/build/src/main.js");
      const run = `${process.execPath} ${framework} --target hello --port ${port}`;
      return [process.execPath, join(modules, "nodemon/bin/nodemon.js"), "--watch", dir, "--exec", run];
    },
    path: "/",
  },
  {
    name: "serverless-offline, reloading handlers",
    file: "handler.js",
    source: (answer) => `exports.hello = async () => ({ statusCode: 200, body: ${JSON.stringify(answer)} });\n`,
    files: {
      "serverless.yml": `service: hello\nframeworkVersion: "3"\nconfigValidationMode: off\nprovider:\n  name: aws\n  runtime: nodejs20.x\nplugins:\n  - serverless-offline\nfunctions:\n  hello:\n    handler: handler.hello\n    events:\n      - httpApi: "GET /hello"\n`,
    },
    command: (_dir, port) => [
      process.execPath,
      join(modules, "serverless/bin/serverless.js"),
      "offline",
      "--reloadHandler",
      "--httpPort",
      String(port),
      "--lambdaPort",
      String(port + 1),
      "--host",
      "127.0.0.1",
    ],
    env: { SLS_TELEMETRY_DISABLED: "1" },
    path: "/hello",
  },
];

type Ours = Required<Pick<Contestant, "file" | "source" | "files" | "most">> & { language: string };

const typescript: Ours = {
  language: "TypeScript",
  most: 150,
  file: "hello.ts",
  source: fetchStyle,
  files: { "mayfly.json": JSON.stringify({ name: "hello", functions: { hello: { entry: "hello.ts" } } }) },
};

const languages: Ours[] = [
  typescript,
  {
    language: "Python",
    most: 1_000,
    file: "hello.py",
    source: (answer) =>
      `def handler(environ, start_response):\n    start_response("200 OK", [("content-type", "text/plain")])\n    return [${JSON.stringify(answer)}.encode()]\n`,
    files: { "mayfly.json": JSON.stringify({ name: "hello", runtime: "python", functions: { hello: { entry: "hello.py" } } }) },
  },
  {
    language: "Java",
    most: 1_000,
    file: "Hello.java",
    source: (answer) =>
      `import java.util.Map;\n\npublic class Hello {\n  public Map<String, Object> hello(Map<String, Object> event) {\n    return Map.of("statusCode", 200, "body", ${JSON.stringify(answer)});\n  }\n}\n`,
    files: {
      "mayfly.json": JSON.stringify({
        name: "hello",
        runtime: "java",
        functions: { hello: { entry: "Hello.java", handler: "Hello::hello" } },
      }),
    },
  },
  {
    ...typescript,
    most: 1_000,
    language: "TypeScript with 700 files of 8 KB beside it",
    files: {
      "mayfly.json": JSON.stringify({ name: "hello", functions: { hello: { entry: "hello.ts" } }, files: ["data/**"] }),
      ...Object.fromEntries(Array.from({ length: 700 }, (_, at) => [`data/${at}.txt`, `${at}\n`.repeat(2_000)])),
    },
  },
];

const ours = (driver: string, { language, most, file, source, files }: Ours): Contestant => ({
  name: `mayfly dev, ${driver}, ${language}`,
  most,
  isCompared: language === typescript.language,
  file,
  source,
  files,
  command: (dir, port) => [launcher, "dev", dir, "--driver", driver, "--listen", `127.0.0.1:${port}`],
  path: "/hello/hello",
});

export async function dev({ drivers, rounds }: BenchOptions): Promise<Section[]> {
  const contestants = [...drivers.flatMap((driver) => languages.map((each) => ours(driver, each))), ...peers];
  const times = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++)
    for (const contestant of contestants) {
      const all = await measure(contestant);
      times.set(contestant.name, [...(times.get(contestant.name) ?? []), ...all]);
    }
  const least = Math.min(...peers.map(({ name }) => median(times.get(name)!)));
  return [
    {
      title: "From saving a file to the new answer",
      how: `The file is written, then the function is called until it answers with the new text, each call after the one before; ${rounds * SAVES_PER_ROUND} saves, as many seconds apart as one looks at the result.`,
      rows: contestants.map((contestant) => rowOf(contestant, times.get(contestant.name)!, least)),
    },
  ];
}

function rowOf({ name, most, isCompared }: Contestant, all: number[], least: number): Row {
  const measured = `median ${ms(median(all))}, most ${ms(Math.max(...all))}`;
  if (most === undefined) return { what: name, measured };
  const isFast = median(all) <= most;
  return isCompared === true
    ? { what: name, measured, target: `≤ ${ms(most)}, and less than the others' ${ms(least)}`, reached: isFast && median(all) < least }
    : { what: name, measured, target: `≤ ${ms(most)}`, reached: isFast };
}

/** Milliseconds of each save. */
async function measure(contestant: Contestant): Promise<number[]> {
  const root = mkdtempSync(join(tmpdir(), "mayfly-bench-dev-"));
  const dir = join(root, "app");
  mkdirSync(dir);
  let server: Server | undefined;
  try {
    for (const [name, text] of Object.entries(contestant.files)) {
      mkdirSync(dirname(join(dir, name)), { recursive: true });
      writeFileSync(join(dir, name), text);
    }
    const save = (answer: string) => writeFileSync(join(dir, contestant.file), contestant.source(answer));
    save("before");
    if (contestant.most === undefined) symlinkSync(modules, join(dir, "node_modules"));
    const port = await freePort();
    const env = { ...contestant.env, MAYFLY_STATE_DIR: join(root, "state") };
    server = await startServer(contestant.command(dir, port), { port, cwd: dir, env, path: contestant.path, withinMs: 120_000 });
    await answers(server.url, "before");
    const all: number[] = [];
    for (let at = 0; at < SAVES_PER_ROUND; at++) {
      await sleep(PAUSE_MS);
      const began = performance.now();
      save(`answer ${at}`);
      await answers(server.url, `answer ${at}`);
      all.push(performance.now() - began);
    }
    return all;
  } finally {
    await server?.stop();
    rmSync(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

/** Calls until the answer is this one. A server that starts again refuses connections meanwhile. */
async function answers(url: string, wanted: string): Promise<void> {
  for (const end = performance.now() + WITHIN_MS; performance.now() < end;) {
    // A server that is just being ended may take a connection and never answer.
    const text = await fetch(url, { signal: AbortSignal.timeout(SILENT_MS) })
      .then((response) => response.text())
      .catch(() => undefined);
    if (text === wanted) return;
    if (text === undefined) await sleep(5);
  }
  throw new Error(`${url} did not answer ${JSON.stringify(wanted)} within ${WITHIN_MS / 1_000} s`);
}
