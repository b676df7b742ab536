/** The schema of image.json and of a store's description of an image; neither is trusted. */
import { z } from "zod";

const sha256Text = z.string().regex(/^[0-9a-f]{64}$/, "must be a sha256 in hex");
const size = z.int().min(0);
const command = z.array(z.string()).min(1);

/** Unknown keys are dropped. @param text the schema of texts that are shown to people */
export function descriptionSchema(text: z.ZodString) {
  const test = z.object({ name: text, command, prints: z.string().optional() });
  const moduleRecord = z.object({
    name: text,
    description: text,
    version: text.nullable(),
    requires: z.array(text),
    tests: z.array(test),
    files: size,
    bytes: size,
  });
  const packageRecord = z.object({ from: z.enum(["debian", "npm"]), name: text, version: text, digest: text, module: text, bytes: size });
  return z.object({
    id: sha256Text,
    kernelVersion: text,
    nodeVersion: text.nullable(),
    run: z
      .strictObject({
        env: z.record(z.string(), z.string()),
        cwd: z.string(),
        init: z.array(z.array(z.string())),
        command: z.array(z.string()),
      })
      .nullable(),
    modules: z.array(moduleRecord),
    packages: z.array(packageRecord),
    size: z.strictObject({ kernel: size, initrd: size, root: size }),
    sha256: z.strictObject({ kernel: sha256Text, initrd: sha256Text, root: sha256Text }),
    builtAt: z.iso.datetime(),
  });
}
