import type { TravellingFile } from "../files/travelling-file.ts";
import type { GuestPython } from "./guest-python.ts";

/** Prints the first error of each file as JSON. */
const program = `
import json, sys
faults = []
for path, place in json.load(sys.stdin):
    try:
        with open(place, "rb") as file:
            compile(file.read(), path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        faults.append([path, getattr(error, "msg", None) or str(error), line])
json.dump(faults, sys.stdout)
`;

/** Clauses such as `invalid syntax (main.py:3)`, for files that the machines' Python cannot compile. */
export async function syntaxFaults(python: GuestPython, root: string, files: TravellingFile[]): Promise<string[]> {
  const input = JSON.stringify(files.map(({ path, from }) => [path, from]));
  const { code, stdout, stderr } = await python.run(["-W", "ignore", "-c", program], { cwd: root, input });
  if (code !== 0) throw new Error(`the check of the syntax failed: ${stderr}`);
  const faults = JSON.parse(stdout) as [string, string, number | null][];
  return faults.map(([path, message, line]) => `${message} (${path}${line === null ? "" : `:${line}`})`);
}
