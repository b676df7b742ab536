/** The programs with which Mayfly is compared, each started as its own documentation says. */
import { join } from "node:path";
import { type Server, startServer } from "./server.ts";
import { loadConfig } from "../src/base/config/load.ts";
import { freePort } from "../src/base/testing/listening.ts";
import { imageSuite } from "../src/images/debian/program-root.ts";
import { pythonCommand } from "../src/guest/testing/python-agent.ts";
import { fetchJava } from "../src/images/java/java-runtime.ts";

const here = import.meta.dirname;
const modules = join(here, "node_modules");
const node = process.execPath;

export const referenceNames = [
  "bare node:http",
  "one bare hop",
  "functions-framework",
  "faas-js-runtime",
  "workerd",
  "serverless-offline",
] as const;
export type ReferenceName = (typeof referenceNames)[number];

const starters: Record<ReferenceName, (port: number) => Promise<Server>> = {
  "bare node:http": (port) => script("bare.mjs", port),
  "one bare hop": startHop,
  "functions-framework": (port) =>
    startServer(
      [
        node,
        join(modules, "@google-cloud/functions-framework/build/src/main.js"),
        "--target",
        "hello",
        "--source",
        join(here, "references/functions-framework.cjs"),
        "--port",
        String(port),
      ],
      { port, env: { NODE_ENV: "production" } },
    ),
  "faas-js-runtime": (port) => script("faas-js-runtime.mjs", port),
  workerd: (port) =>
    startServer(
      [
        join(modules, "workerd/bin/workerd"),
        "serve",
        join(here, "references/workerd/config.capnp"),
        "--socket-addr",
        `http=127.0.0.1:${port}`,
      ],
      { port },
    ),
  "serverless-offline": (port) => startServerlessOffline(port),
};

export async function startReference(name: ReferenceName): Promise<Server> {
  return starters[name](await freePort());
}

/** The bare server that answers after `waitMs`: the upper bound for a function that waits. */
export async function startBareWaiting(waitMs: number): Promise<Server> {
  const port = await freePort();
  return startServer([node, join(here, "references/bare.mjs")], { port, env: { PORT: String(port), WAIT_MS: String(waitMs) } });
}

export const runtimeReferenceNames = ["bare node:http", "Flask, gunicorn", "the JDK's HttpServer"] as const;
export type RuntimeReferenceName = (typeof runtimeReferenceNames)[number];

/** What people run in place of Mayfly's other runtimes, each as one process, from Debian's packages: this host need have neither Python nor Java. */
export async function startRuntimeReference(name: RuntimeReferenceName): Promise<Server> {
  const port = await freePort();
  if (name === "bare node:http") return script("bare.mjs", port);
  if (name === "the JDK's HttpServer") {
    const { command } = await fetchJava(loadConfig({}).cacheDir);
    // Without the option each reply waits 40 ms for the caller's acknowledgement of the one before.
    return startServer([...command, "-Dsun.net.httpserver.nodelay=true", join(here, "references/HelloServer.java")], {
      port,
      env: { PORT: String(port) },
    });
  }
  const python = await pythonCommand({ suite: imageSuite, packages: ["gunicorn", "python3-flask"] });
  const gunicorn = [
    "-m",
    "gunicorn",
    "--workers",
    "1",
    "--bind",
    `127.0.0.1:${port}`,
    "--chdir",
    join(here, "references"),
    "flask_app:app",
  ];
  return startServer([...python, ...gunicorn], { port, env: { PYTHONDONTWRITEBYTECODE: "1" } });
}

function script(file: string, port: number, env: NodeJS.ProcessEnv = {}): Promise<Server> {
  return startServer([node, join(here, "references", file)], { port, env: { PORT: String(port), ...env } });
}

async function startHop(port: number): Promise<Server> {
  const upstreamPort = await freePort();
  const upstream = await script("bare.mjs", upstreamPort);
  const hop = await script("hop.mjs", port, { UPSTREAM: String(upstreamPort) });
  return {
    ...hop,
    async stop() {
      await hop.stop();
      await upstream.stop();
    },
  };
}

/** Its own Invoke of the same function. */
export async function startServerlessInvoke(): Promise<Server> {
  const [port, lambdaPort] = [await freePort(), await freePort()];
  const server = await startServerlessOffline(port, lambdaPort);
  return { ...server, url: `http://127.0.0.1:${lambdaPort}/2015-03-31/functions/hello-dev-hello/invocations` };
}

async function startServerlessOffline(port: number, givenPort?: number): Promise<Server> {
  const lambdaPort = givenPort ?? (await freePort());
  const command = [
    node,
    join(modules, "serverless/bin/serverless.js"),
    "offline",
    "--httpPort",
    String(port),
    "--lambdaPort",
    String(lambdaPort),
  ];
  return startServer([...command, "--noPrependStageInUrl", "--host", "127.0.0.1"], {
    port,
    path: "/hello",
    cwd: join(here, "references/serverless"),
    env: { SLS_TELEMETRY_DISABLED: "1" },
  });
}
