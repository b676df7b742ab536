/** What the routes about the server's host return. */
import { z } from "@hono/zod-openapi";
import { DISK_PARTS } from "../../control/disk-use.ts";

const milliseconds = z.int().openapi({ description: "Milliseconds since the epoch." });
const bytes = z.number();
const known = z.string().nullable().openapi({ description: "null: an older Mayfly made the template, and did not say." });

export const hostDetailsSchema = z
  .object({
    kernel: z.string(),
    processor: z.string(),
    cpus: z.int(),
    load: z.number().openapi({ description: "How many processes wanted a CPU on average of the last minute." }),
    memoryBytes: bytes,
    freeMemoryBytes: bytes,
    driver: z.object({
      name: z.string(),
      detail: z.string().openapi({ description: "What it runs with, and why it was chosen." }),
      damage: z.string().nullable(),
    }),
    images: z
      .array(
        z.object({
          id: z.string(),
          names: z.array(z.string()),
          modules: z.array(z.string()),
          kernel: z.string(),
          bytes,
          builtAt: milliseconds,
        }),
      )
      .openapi({ description: "The newest first." }),
    templates: z
      .array(
        z.object({
          image: z.string(),
          memoryMb: z.number().openapi({ description: "Of the machines that start from it." }),
          runtime: known,
          kernel: known,
          vcpus: z.int().nullable(),
          accelerator: known,
          bytes: bytes.openapi({ description: "What it takes on the disk: empty pages are not stored." }),
          madeAt: milliseconds,
          usedAt: milliseconds.openapi({ description: "When a server loaded it last." }),
        }),
      )
      .openapi({ description: "The one that was used last comes first." }),
    limits: z.object({
      descriptors: z.int().openapi({ description: "Files and connections that the server may have open." }),
      gatewayConnections: z.int(),
      apiConnections: z.int(),
      outsideConnections: z.int(),
      maxMachines: z.int(),
      maxMemoryMb: z.number(),
      maxVcpus: z.number(),
    }),
  })
  .openapi("HostDetails");

const folderSchema = z.object({
  folder: z.string(),
  totalBytes: bytes.openapi({ description: "Of the file system that the folder is on." }),
  freeBytes: bytes,
});

export const diskReportSchema = z
  .object({
    state: folderSchema,
    cache: folderSchema,
    parts: z
      .array(
        z.object({
          part: z.enum(DISK_PARTS as [string, ...string[]]),
          bytes,
          files: z.int(),
          isMore: z.boolean().openapi({ description: "Whether there are more files than were looked at: then it takes at least so much." }),
        }),
      )
      .openapi({ description: "The largest first; empty while the first measurement is under way." }),
    measuredAt: milliseconds.nullable(),
    isMeasuring: z.boolean().openapi({ description: "Whether a measurement is under way, in the background." }),
  })
  .openapi("DiskReport");

export const doctorQuerySchema = z.strictObject({
  again: z.enum(["true", "false"]).default("false").openapi({ description: "Whether it looks again, if it has looked before." }),
});

export const doctorReportSchema = z
  .object({
    at: milliseconds,
    findings: z.array(
      z.object({
        part: z.string(),
        ok: z.boolean(),
        detail: z.string(),
        cure: z.string().optional().openapi({ description: "What to do; also where all is well, but could be better." }),
      }),
    ),
  })
  .openapi("DoctorReport");
