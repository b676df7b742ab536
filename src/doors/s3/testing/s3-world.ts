/** S3's door over a real object store, on a port of its own, with clients of AWS. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { S3Client } from "@aws-sdk/client-s3";
import { afterwards } from "../../../base/testing/afterwards.ts";
import { Shares } from "../../../clients/shares.ts";
import { WrongCredentials } from "../../../clients/wrong-credentials.ts";
import { systemClock } from "../../../base/clock/clock.ts";
import { openContentFiles } from "../../../services/objects/content/content-files.ts";
import { objectsOver } from "../../../services/objects/objects-over.ts";
import type { Notice } from "../../../services/objects/object.ts";
import type { Objects } from "../../../services/objects/objects.ts";
import { engine, type ObjectOperations } from "../../../services/objects/store/engine.ts";
import { serverKey } from "../../../services/objects/testing/describe-objects.ts";
import { removeGarbage } from "../../../services/objects/upkeep.ts";
import { InlineCommit } from "../../../store/group-commit/testing/inline-commit.ts";
import type { Principal } from "../../../store/principals/principal.ts";
import type { AuditedCall } from "../../lambda/door.ts";
import { createS3Door } from "../door.ts";

interface Hooks {
  after(cleanUp: () => void | Promise<void>): void;
}

export interface S3World {
  url: string;
  objects: Objects;
  failures: unknown[];
  client: S3Client;
  /** Of another tenant. */
  other: S3Client;
  /** Of the first tenant's, with a role that reads nothing. */
  invoker: S3Client;
  /** What is to be told of changes. */
  notices(): Promise<Notice[]>;
  audited: AuditedCall[];
}

export const secret = "secret";

export async function openS3(hooks: Hooks): Promise<S3World> {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-s3-"));
  afterwards(hooks, () => rmSync(folder, { recursive: true }));
  const index = new InlineCommit<ObjectOperations>(engine);
  afterwards(hooks, () => index.close());
  const files = openContentFiles(folder, () => Date.now());
  const limits = { bytes: 1e12, objects: 1e6, buckets: 100 };
  const written = () => void removeGarbage(index, files).catch(() => {});
  const objects = objectsOver({ index, files, limitsOf: () => limits, serverKey: () => serverKey, now: () => Date.now(), written });
  const failures: unknown[] = [];
  const audited: AuditedCall[] = [];
  const principals = new Map(["ten_a", "ten_b"].map((tenant) => [tenant.toUpperCase(), principalOf(tenant)]));
  principals.set("INVOKER", { ...principalOf("ten_a"), id: "pri_invoker", name: "invoker", role: "invoker" });
  const door = createS3Door({
    objects,
    principals: {
      ofAccessKey(id) {
        const principal = principals.get(id);
        return principal === undefined ? null : { principal, secret, used() {} };
      },
    },
    targets: {
      problemOf: async (arn) => (arn.endsWith(":known") ? undefined : [`${arn}, null`, `Not authorized to invoke function [${arn}]`]),
      greet: async () => {},
    },
    hosts: ["localhost"],
    isTls: false,
    places: new Shares(100),
    audit: (call) => audited.push(call),
    wrong: new WrongCredentials(systemClock),
    clock: systemClock,
    onError: (error) => failures.push(error),
  });
  // oxlint-disable-next-line mayfly/guarded-listeners -- the door throws nothing
  const server = createServer((request, response) => door.handle(request, response, "127.0.0.1"));
  for (const event of ["checkContinue", "checkExpectation"]) {
    // oxlint-disable-next-line mayfly/guarded-listeners -- as listen() hands them over
    server.on(event, (request: IncomingMessage, response: ServerResponse) => door.handle(request, response, "127.0.0.1"));
  }
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  afterwards(hooks, () => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clientOf = (accessKeyId: string) => {
    const client = new S3Client({
      endpoint: url,
      region: "us-east-1",
      forcePathStyle: true,
      credentials: { accessKeyId, secretAccessKey: secret },
      maxAttempts: 1,
    });
    afterwards(hooks, () => client.destroy());
    return client;
  };
  return {
    url,
    objects,
    failures,
    audited,
    client: clientOf("TEN_A"),
    other: clientOf("TEN_B"),
    invoker: clientOf("INVOKER"),
    notices: () => index.run("notices", { after: 0, most: 100 }),
  };
}

function principalOf(tenant: string): Principal {
  return { id: `pri_${tenant}`, name: tenant, role: "tenant-admin", tenant, apps: null };
}
