/** What commands about guest images print. Sizes are in bytes. */
import { z } from "@hono/zod-openapi";
import { runtimes } from "../../base/kind/machine-kind.ts";
import { formats } from "../../images/export/formats.ts";
import { moduleTestSchema } from "../../images/modules/module.ts";

const id = z.string().openapi({ description: "The image's id: SHA-256, in hex." });
const dir = z.string().openapi({ description: "Where it is in the cache." });
const builtAt = z.string().openapi({ description: "ISO 8601." });
const names = z.array(z.string());

const description = {
  id,
  kernelVersion: z.string(),
  nodeVersion: z.string().nullable().openapi({ description: "null: the image has no Node." }),
  run: z
    .object({ env: z.record(z.string(), z.string()), cwd: z.string(), init: z.array(z.array(z.string())), command: z.array(z.string()) })
    .nullable()
    .openapi({ description: "null: the image starts Mayfly's agent." }),
  modules: z.array(
    z.object({
      name: z.string(),
      description: z.string(),
      version: z.string().nullable(),
      requires: z.array(z.string()),
      tests: z.array(moduleTestSchema),
      files: z.int(),
      bytes: z.number(),
    }),
  ),
  packages: z.array(
    z.object({
      from: z.enum(["debian", "npm"]),
      name: z.string(),
      version: z.string(),
      digest: z.string(),
      module: z.string().openapi({ description: "That needs the package; `initrd` for the kernel and the programs that start it." }),
      bytes: z.number().openapi({ description: "In the module's part of the root; 0: not counted." }),
    }),
  ),
  size: z.object({ kernel: z.number(), initrd: z.number(), root: z.number() }),
  sha256: z.object({ kernel: z.string(), initrd: z.string(), root: z.string() }),
  builtAt,
};

const osvDescription = {
  id,
  runtime: z.enum(runtimes),
  nodeVersion: z.string().openapi({ description: "`none`: the image has no Node." }),
  from: z.string().openapi({ description: "The id of the Linux image whose root was used." }),
  size: z.object({ kernel: z.number(), root: z.number() }),
  sha256: z.object({ kernel: z.string(), root: z.string() }),
  builtAt,
};

const moved = z.object({ all: z.number(), moved: z.number() });
const transferred = z.object({
  id,
  name: z.string(),
  chunks: moved,
  bytes: moved.openapi({ description: "`moved`: the compressed bytes that were transferred." }),
});

const change = z
  .object({ what: z.string(), from: z.string().optional(), to: z.string().optional() })
  .openapi({ description: "`from` is missing for an addition, `to` for a removal." });

export const imageOutputs = {
  "image build": z.union([
    z.object({ ...description, name: z.string().nullable(), dir }),
    z.object({ ...osvDescription, dir }).openapi({ description: "With --kernel osv." }),
  ]),
  "image list": z.object({ images: z.array(z.object({ ...description, names })), osvImages: z.array(z.object(osvDescription)) }),
  "image inspect": z.object({
    ...description,
    dir,
    names,
    largest: z.array(z.object({ path: z.string(), bytes: z.number() })).openapi({ description: "The largest files, the largest first." }),
  }),
  "image diff": z.object({
    from: z.string(),
    to: z.string(),
    parts: z.array(change).openapi({ description: "kernel, initrd, run, and modules with their versions." }),
    packages: z.array(change),
    files: z.array(change).openapi({ description: "With their sizes." }),
  }),
  "image check": z.object({
    image: z.string(),
    ok: z.boolean(),
    tookMs: z.number(),
    tests: z.array(
      z.object({ module: z.string(), test: z.string(), ok: z.boolean(), what: z.string().openapi({ description: "What went wrong." }) }),
    ),
  }),
  "image export": z.object({
    path: z.string(),
    format: z.enum(formats),
    bytes: z.number().openapi({ description: "The disk's size, as its guest sees it." }),
    fileBytes: z.number(),
  }),
  "image push": transferred,
  "image pull": transferred,
  "image clean": z.object({ steps: z.int(), bytes: z.number() }),
  "image prune": z.object({
    removed: z.array(z.object({ id: z.string(), bytes: z.number() })),
    kept: z.array(z.string()),
    bytes: z.number(),
    dryRun: z.boolean(),
  }),
};
