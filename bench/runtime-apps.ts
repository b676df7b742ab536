/** The same small apps in each runtime's language, as folders that can be deployed. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile } from "../src/guest/runtimes/testing/compile.ts";
import { appsFolder } from "./platform.ts";

export interface RuntimeApp {
  runtime: "node" | "python" | "java" | "provided" | "server";
  folder: string;
  /** The function that says hello. */
  hello: string;
}

/** Compiles what has to be compiled. @param use may use the folders until it ends */
export async function withRuntimeApps<Result>(use: (apps: RuntimeApp[]) => Promise<Result>): Promise<Result> {
  const made = mkdtempSync(join(tmpdir(), "mayfly-bench-apps-"));
  try {
    const provided = join(made, "provided");
    const example = join(import.meta.dirname, "../examples/provided");
    cpSync(example, provided, { recursive: true });
    writeFileSync(join(provided, "bootstrap"), await compile(join(example, "bootstrap.c")));
    // The same program as the reference.
    const server = join(made, "server");
    cpSync(join(appsFolder, "server"), server, { recursive: true });
    cpSync(join(import.meta.dirname, "references/bare.mjs"), join(server, "bare.mjs"));
    return await use([
      { runtime: "node", folder: join(appsFolder, "hello"), hello: "hello" },
      { runtime: "python", folder: join(appsFolder, "python"), hello: "hello" },
      { runtime: "java", folder: join(appsFolder, "java"), hello: "hello" },
      { runtime: "provided", folder: provided, hello: "greet" },
      { runtime: "server", folder: server, hello: "hello" },
    ]);
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}
