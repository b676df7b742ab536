/** Functions whose configuration names a wrapper, a program that starts the runtime: what they need among their files. */
import { readFileSync } from "node:fs";
import { MayflyError } from "../../../base/errors/error.ts";
import type { ZipEntry } from "../../../store/lambda/read-zip.ts";
import type { FunctionSettings } from "../../../store/lambda/records.ts";

const FOLDER = ".mayfly-runtime";
/** The program that starts the wrapper. */
export const WRAPPED_ENTRY = `${FOLDER}/start`;

const files = [
  { path: `${FOLDER}/runtime.ts`, from: "runtime.ts", executable: false },
  { path: WRAPPED_ENTRY, from: "start.sh", executable: true },
];

/**
 * Whether a program of the function's own starts its runtime. As at AWS, that of programs is never started so. Throws "bad-request" for runtimes that
 * cannot be started so here.
 */
export function isWrapped({ Runtime, Environment }: FunctionSettings): boolean {
  const wrapper = Environment?.Variables["AWS_LAMBDA_EXEC_WRAPPER"] ?? "";
  if (wrapper === "" || Runtime.startsWith("provided")) return false;
  if (Runtime.startsWith("nodejs")) return true;
  throw new MayflyError("bad-request", {
    what: `AWS_LAMBDA_EXEC_WRAPPER names a wrapper, which this server starts for nodejs alone, and not for ${Runtime}; please remove the variable`,
  });
}

/** In the order of their paths. */
export function runtimeFiles(): ZipEntry[] {
  return files.map(({ path, from, executable }) => {
    const content = readFileSync(new URL(from, import.meta.url));
    return {
      path,
      bytes: content.length,
      executable,
      async *read() {
        yield content;
      },
    };
  });
}
