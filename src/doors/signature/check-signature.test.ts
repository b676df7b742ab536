import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { describe, test } from "node:test";
import { SignatureV4 } from "@smithy/signature-v4";
import { signatureCheck, type SignedHead } from "./check-signature.ts";
import { Sha256 } from "./sha256.ts";
import { SignatureRefusal } from "./signature-refusal.ts";
import { type DeriveKey, deriveKey } from "./signing-keys.ts";

const now = Date.UTC(2026, 0, 31, 12, 0, 0);
const secret = "a secret that is long enough";
const used: number[] = [];
const keys = {
  ofAccessKey: (id: string) => (id === "AKIDHERE" ? { principal: "ada", secret, used: (at: number) => used.push(at) } : null),
};
const body = Buffer.from('{"FunctionName":"hello"}');

describe("a signature in the header Authorization", () => {
  test("is accepted as AWS's documentation has it in its example", async () => {
    const check = signatureCheck({
      keys: { ofAccessKey: () => ({ principal: "example", secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", used() {} }) },
      service: "iam",
      clock: { wall: () => Date.UTC(2015, 7, 30, 12, 36, 0) },
    });
    const head = {
      method: "GET",
      url: "/?Action=ListUsers&Version=2010-05-08",
      headers: {
        "content-type": "application/x-www-form-urlencoded; charset=utf-8",
        host: "iam.amazonaws.com",
        "x-amz-date": "20150830T123600Z",
        authorization:
          "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
      },
    };
    assert.deepEqual(check(head).check(Buffer.alloc(0)), { principal: "example", accessKeyId: "AKIDEXAMPLE", region: "us-east-1" });
  });

  test("is accepted for names with colons and blanks, parameters in any order, and headers that are signed besides", async () => {
    const urls = [
      "/2015-03-31/functions/arn%3Aaws%3Alambda%3A%2A/code",
      "/2017-03-31/tags/x?tagKeys=b&tagKeys=a%20c&tagKeys=%2B",
      "/2015-03-31/functions/?MaxItems=1&Marker=a%3D%3D",
    ];
    for (const url of urls) {
      const head = await signed({ url, headers: { "x-amz-log-type": "Tail", "user-agent": "ours/1" } });
      assert.equal(caller(head).principal, "ada", url);
    }
  });

  test("is accepted without a hash of the body, and with one that leaves the body open", async () => {
    const open = await signed({ headers: { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" } });
    assert.equal(caller(open, Buffer.from("anything")).region, "eu-central-1");
    assert.equal(caller(await signed({})).region, "eu-central-1");
  });

  test("is refused if anything that it covers was changed", async () => {
    const head = await signed({});
    const others: SignedHead[] = [
      { ...head, method: "PUT" },
      { ...head, url: "/2015-03-31/functions/other" },
      { ...head, url: `${head.url}?Qualifier=1` },
      { ...head, headers: { ...head.headers, host: "elsewhere" } },
    ];
    for (const other of others)
      await refused(async () => caller(other), "InvalidSignatureException", /does not match the signature you provided/);
    await refused(async () => caller(head, Buffer.from("{}")), "InvalidSignatureException", /does not match/);
    const hashed = await signed({ headers: { "x-amz-content-sha256": createHash("sha256").update(body).digest("hex") } });
    await refused(async () => caller(hashed, Buffer.from("{}")), "InvalidSignatureException", /does not match/);
  });

  test("is taken with the parts of its signature in any order, and refused if one is there only as a part of another name", async () => {
    const head = await signed({});
    const parts = head.headers.authorization.slice("AWS4-HMAC-SHA256 ".length).split(", ");
    const having = (all: string[]) => ({ ...head, headers: { ...head.headers, authorization: `AWS4-HMAC-SHA256 ${all.join(",")}` } });
    for (const order of [parts, parts.toReversed(), [parts[2]!, parts[0]!, parts[1]!]])
      assert.equal(caller(having(order)).principal, "ada");
    // The second time, what comes before the signature is known.
    for (let time = 0; time < 2; time++) {
      assert.equal(caller(head).principal, "ada");
      await refused(
        async () => caller(having([parts[0]!, parts[1]!, `X${parts[2]!}`])),
        "IncompleteSignatureException",
        /requires 'Signature' parameter/,
      );
      await refused(async () => caller(having([parts[0]!, parts[1]!, "Signature="])), "IncompleteSignatureException", /'Signature'/);
    }
  });

  test("is refused with a secret or a key that is not ours, in the words of AWS", async () => {
    await refused(async () => caller(await signed({ secretAccessKey: "another" })), "InvalidSignatureException", /does not match/);
    await refused(
      async () => caller(await signed({ accessKeyId: "AKIDNOBODY" })),
      "UnrecognizedClientException",
      /security token included in the request is invalid/,
    );
  });

  test("is refused more than five minutes from its date, on either side", async () => {
    const at = (ms: number) => signed({ at: now + ms });
    for (const ms of [-299_000, 299_000]) assert.equal(caller(await at(ms)).principal, "ada");
    await refused(
      async () => caller(await at(-301_000)),
      "InvalidSignatureException",
      /^Signature expired: 20260131T115459Z is now earlier than 20260131T115500Z \(20260131T120000Z - 5 min\.\)$/,
    );
    await refused(
      async () => caller(await at(301_000)),
      "InvalidSignatureException",
      /^Signature not yet current: 20260131T120501Z is still later than 20260131T120500Z \(20260131T120000Z \+ 5 min\.\)$/,
    );
  });

  test("is refused for another service, without the host, and if a part of it is missing", async () => {
    await refused(async () => caller(await signed({ service: "s3" })), "InvalidSignatureException", /scoped to correct service: 'lambda'/);
    await refused(
      async () => caller({ method: "GET", url: "/", headers: { host: "h" } }),
      "MissingAuthenticationTokenException",
      /Missing Authentication Token/,
    );
    const { headers, ...head } = await signed({});
    const without = (text: RegExp) => ({ ...head, headers: { ...headers, authorization: headers.authorization.replace(text, "") } });
    await refused(async () => caller(without(/Signature=\w+/)), "IncompleteSignatureException", /requires 'Signature' parameter/);
    await refused(async () => caller(without(/host;/)), "InvalidSignatureException", /'Host' or ':authority' must be a 'SignedHeader'/);
    await refused(async () => caller(without(/\/aws4_request/)), "IncompleteSignatureException", /5 slash-delimited elements/);
    await refused(
      async () => caller({ ...head, headers: { ...headers, "x-amz-date": "yesterday" } }),
      "InvalidSignatureException",
      /ISO-8601/,
    );
  });

  test("is refused if a header that means something is not signed, and accepted beside headers that mean nothing", async () => {
    const head = await signed({});
    const besides = (more: Record<string, string>) => ({ ...head, headers: { ...head.headers, ...more } });
    for (const name of ["x-amz-invocation-type", "x-amz-client-context", "x-amz-tenant-id"])
      await refused(
        async () => caller(besides({ [name]: "any" })),
        "InvalidSignatureException",
        new RegExp(`'${name}' must be a 'SignedHeader'`),
      );
    assert.equal(caller(besides({ "x-amzn-trace-id": "Root=1", "x-amz-cf-id": "any", "user-agent": "any" })).principal, "ada");
    const hash = createHash("sha256").update(body).digest("hex");
    assert.equal(caller(besides({ "x-amz-content-sha256": hash })).principal, "ada");
  });

  test("is refused for a path that to signatures is the same as another one", async () => {
    for (const url of ["/2015-03-31/functions/x/../hello", "/2015-03-31//functions/hello", "/2015-03-31/functions/./hello"]) {
      const head = await signed({});
      await refused(async () => caller({ ...head, url }), "InvalidSignatureException", /^The path has empty parts or dots/);
    }
  });

  test("is compared also where it names headers that every object has, or that are lists", async () => {
    const head = await signed({});
    for (const name of ["constructor", "__proto__", "toString", "set-cookie"]) {
      const authorization = head.headers.authorization.replace("SignedHeaders=", `SignedHeaders=${name};`);
      const headers = { ...head.headers, "set-cookie": ["a=1"] as never, authorization };
      await refused(async () => caller({ ...head, headers }), "InvalidSignatureException", /does not match/);
    }
  });

  test("is for a region that ARNs can name", async () => {
    const head = await signed({});
    for (const region of ["us-east-1:999999999999", "us east", "é", "x".repeat(65)]) {
      const authorization = head.headers.authorization.replace("/eu-central-1/", `/${region}/`);
      await refused(
        async () => caller({ ...head, headers: { ...head.headers, authorization } }),
        "InvalidSignatureException",
        /valid region/,
      );
    }
  });

  test("takes as much work to be refused whoever's key it names, and a key counts as used only where it is right", async () => {
    let derived = 0;
    const derive: DeriveKey = (...of) => ((derived += 1), deriveKey(...of));
    const check = signatureCheck({ keys, service: "lambda", clock: { wall: () => now }, derive });
    const workOf = async (signing: Signing) => {
      const before = derived;
      const head = await signed(signing);
      try {
        check(head).check(body);
        return `right ${derived - before}`;
      } catch (error) {
        assert.ok(error instanceof SignatureRefusal);
        return `${error.fault} ${derived - before}`;
      }
    };
    const [known, unknown] = ["InvalidSignatureException 1", "UnrecognizedClientException 1"];
    used.length = 0;
    assert.equal(await workOf({ secretAccessKey: "wrong" }), known);
    assert.equal(await workOf({ accessKeyId: "AKIDNONE" }), unknown);
    assert.deepEqual(used, []);
    assert.deepEqual([await workOf({}), await workOf({})], ["right 1", "right 0"], "what was right is kept");
    assert.deepEqual(used, [now, now]);
    assert.equal(await workOf({ secretAccessKey: "wrong" }), known, "a key that is kept does not make a refusal quicker");
    assert.equal(await workOf({ accessKeyId: "AKIDNONE" }), unknown);
    assert.deepEqual([await workOf({}), used.length], ["right 0", 3]);
  });

  test("has the whole day in its scope", async () => {
    const head = await signed({});
    const authorization = head.headers.authorization.replace("/20260131/", "/2026/");
    await refused(
      async () => caller({ ...head, headers: { ...head.headers, authorization } }),
      "InvalidSignatureException",
      /does not match YYYYMMDD/,
    );
  });

  test("and that of rubbish is refused, whatever it is", async () => {
    for (const authorization of [
      "",
      "Bearer x",
      "AWS4-HMAC-SHA256",
      "AWS4-HMAC-SHA256 =,=,;",
      "AWS4-HMAC-SHA256 Credential=a/b/c/d/e",
      "\u0000",
    ]) {
      const head = { method: "GET", url: "/%", headers: { host: "h", "x-amz-date": "20260131T120000Z", authorization } };
      await assert.rejects(async () => caller(head), SignatureRefusal, authorization);
    }
  });
});

describe("a signature in a URL", () => {
  test("is accepted until it expires, and only for that URL", async () => {
    const head = await presigned({ expiresIn: 900 });
    assert.equal(caller(head, Buffer.alloc(0)).principal, "ada");
    assert.equal(caller(head, Buffer.alloc(0), now + 899_000).principal, "ada");
    await refused(async () => caller(head, Buffer.alloc(0), now + 901_000), "InvalidSignatureException", /^Signature expired/);
    await refused(async () => caller(head, Buffer.alloc(0), now - 301_000), "InvalidSignatureException", /^Signature not yet current/);
    await refused(
      async () => caller({ ...head, url: head.url.replace("hello", "other") }, Buffer.alloc(0)),
      "InvalidSignatureException",
      /does not match/,
    );
    await refused(
      async () => caller({ ...head, url: head.url.replace("Expires=900", "Expires=999") }, Buffer.alloc(0)),
      "InvalidSignatureException",
      /does not match/,
    );
    await refused(
      async () => caller({ ...head, url: head.url.replace("Expires=900", "Expires=1000000") }),
      "InvalidSignatureException",
      /must be between 1 and 604800/,
    );
    await refused(
      async () => caller({ ...head, url: head.url.replace(/X-Amz-Date=[^&]*&/, "") }),
      "IncompleteSignatureException",
      /must include 'X-Amz-Date'/,
    );
  });

  test("covers the session token of temporary credentials", async () => {
    const head = await presigned({ expiresIn: 60, sessionToken: "a token/with+signs" });
    assert.equal(caller(head, Buffer.alloc(0)).principal, "ada");
    await refused(
      async () => caller({ ...head, url: head.url.replace("token", "other") }, Buffer.alloc(0)),
      "InvalidSignatureException",
      /does not match/,
    );
  });
});

interface Signing {
  url?: string;
  headers?: Record<string, string>;
  at?: number;
  service?: string;
  accessKeyId?: string;
  secretAccessKey?: string;
}

/** A request that is signed without the library that checks it. */
async function signed({
  url = "/2015-03-31/functions/hello",
  headers = {},
  at = now,
  service = "lambda",
  accessKeyId = "AKIDHERE",
  secretAccessKey = secret,
}: Signing) {
  const date = `${new Date(at).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
  const day = date.slice(0, 8);
  const all: Record<string, string> = { host: "127.0.0.1:7070", "x-amz-date": date, ...headers };
  const names = Object.keys(all).toSorted();
  const [path, query = ""] = url.split("?") as [string, string?];
  const encoded = path
    .split("/")
    .map((part) => encodeURIComponent(part))
    .join("/");
  const sorted = query
    .split("&")
    .filter((part) => part !== "")
    .toSorted()
    .join("&");
  const payload = all["x-amz-content-sha256"] ?? createHash("sha256").update(body).digest("hex");
  const canonical = ["POST", encoded, sorted, ...names.map((name) => `${name}:${all[name]}`), "", names.join(";"), payload].join("\n");
  const scope = `${day}/eu-central-1/${service}/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", date, scope, createHash("sha256").update(canonical).digest("hex")].join("\n");
  const key = [day, "eu-central-1", service, "aws4_request"].reduce<string | Buffer>(
    (from, part) => createHmac("sha256", from).update(part).digest(),
    `AWS4${secretAccessKey}`,
  );
  const signature = createHmac("sha256", key).update(text).digest("hex");
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`;
  return { method: "POST", url, headers: { ...all, authorization } satisfies Record<string, string> };
}

async function presigned({ expiresIn, sessionToken }: { expiresIn: number; sessionToken?: string }): Promise<SignedHead> {
  const credentials = { accessKeyId: "AKIDHERE", secretAccessKey: secret, ...(sessionToken !== undefined && { sessionToken }) };
  const signer = new SignatureV4({ service: "lambda", region: "eu-central-1", credentials, sha256: Sha256, applyChecksum: false });
  const path = "/2015-03-31/functions/hello/invocations";
  const request = {
    method: "POST",
    protocol: "http:",
    hostname: "127.0.0.1",
    path,
    headers: { host: "127.0.0.1:7070" },
    query: { Qualifier: "1" },
  };
  const { query } = await signer.presign(request, { signingDate: new Date(now), expiresIn });
  const pairs = Object.entries(query ?? {}).map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`);
  return { method: "POST", url: `${path}?${pairs.join("&")}`, headers: { host: "127.0.0.1:7070" } };
}

function caller(head: SignedHead, bytes: Uint8Array = body, at = now) {
  return signatureCheck({ keys, service: "lambda", clock: { wall: () => at } })(head).check(bytes);
}

async function refused(call: () => Promise<unknown>, fault: SignatureRefusal["fault"], text: RegExp): Promise<void> {
  await assert.rejects(
    async () => call(),
    (error) => {
      assert.ok(error instanceof SignatureRefusal, String(error));
      assert.equal(error.fault, fault);
      assert.match(error.message, text);
      return true;
    },
  );
}
