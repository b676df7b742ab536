/** The calls of the recorded tests of buckets in regions and of hosts' names, by their names without parameters. */
import type { Input } from "../sqs/clients.ts";
import { documentOf } from "./client.ts";
import type { Replay, Scripts } from "./replay.ts";

const located = (LocationConstraint: string) => ({ CreateBucketConfiguration: { LocationConstraint } });

/** Whose objects and list everybody may read. */
async function open(it: Replay, Bucket: string): Promise<void> {
  await it.call("DeletePublicAccessBlock", { Bucket });
  const Resource = [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`];
  const Statement = [{ Effect: "Allow", Principal: "*", Action: ["s3:GetObject", "s3:ListBucket"], Resource }];
  await it.call("PutBucketPolicy", { Bucket, Policy: JSON.stringify({ Version: "2012-10-17", Statement }) });
}

/** Sends a request with nobody's signature, to the bucket's own host if asked. */
function ask(it: Replay, Bucket: string, path: string, isHost: boolean) {
  const { endpoint } = it.signing;
  if (!isHost) return it.signing.send("GET", `${endpoint}/${Bucket}${path}`);
  return it.signing.send("GET", `${endpoint}${path === "" ? "/" : path}`, { host: `${Bucket}.localhost:${new URL(endpoint).port}` });
}

async function headersOfHead(it: Replay, name: string, Bucket: string): Promise<void> {
  const url = it.signing.url({ method: "HEAD", bucket: Bucket, key: "" });
  const { headers } = await it.signing.send("HEAD", url);
  it.match(name, it.recordedOf(name, headers));
}

export const regionScripts: Scripts = {
  async test_bucket_availability(it) {
    await it.refused("bucket-lifecycle", "GetBucketLifecycleConfiguration", { Bucket: it.name() });
    // Mayfly has no replication.
    it.leave("bucket-replication");
  },
  async test_bucket_constraint_aws_global(it) {
    const { client } = it;
    const input = { Bucket: it.name(), ...located("aws-global") };
    await it.refusedBy(client.with({ region: it.parameter }), "aws-global-constraint", "CreateBucket", input);
  },
  async test_bucket_name_with_dots(it) {
    const Bucket = `${it.name()}.with.dots`;
    await it.call("CreateBucket", { Bucket });
    await it.put(Bucket, "my-content", "something");
    await it.ask("list-objects", "ListObjects", { Bucket });
    await open(it, Bucket);
    it.match("request-vhost-url-content", documentOf((await ask(it, Bucket, "", true)).text));
    it.match("request-path-url-content", documentOf((await ask(it, Bucket, "", false)).text));
  },
  async test_bucket_operation_between_regions(it) {
    const Bucket = it.name();
    const west = it.client.with({ region: "us-west-2" });
    await west.call("CreateBucket", { Bucket, ...located("us-west-2") });
    const CORSRules = [{ AllowedMethods: ["GET"], AllowedOrigins: ["*"] }];
    await it.askBy(west, "put-cors-config-region-1", "PutBucketCors", { Bucket, CORSConfiguration: { CORSRules } });
    await it.ask("get-cors-config-region-2", "GetBucketCors", { Bucket });
    // Mayfly has no websites.
    for (const name of ["put-website-config-region-1", "get-website-config-region-2"]) it.leave(name);
  },
  async test_create_bucket_aws_global(it) {
    const Bucket = it.name();
    await it.ask("create-bucket-global", "CreateBucket", { Bucket });
    await it.ask("head-bucket-global", "HeadBucket", { Bucket });
    // The SDK for JavaScript leaves out what is null for that for Python.
    it.match("get-location-1", { LocationConstraint: null, ...(await it.call("GetBucketLocation", { Bucket })) });
    await it.ask("list-buckets", "ListBuckets", { Prefix: Bucket });
    // AWS's SDK signs for another region than it is told; the tests of the door have this one.
    it.leave("xml-error-create-bucket");
  },
  async test_create_bucket_head_bucket(it) {
    const Bucket = it.name();
    await it.ask("create_bucket", "CreateBucket", { Bucket });
    await it.ask("head_bucket", "HeadBucket", { Bucket });
    await headersOfHead(it, "head_bucket_filtered_header", Bucket);
    const other = { Bucket: it.name() };
    const made = await it.call("CreateBucket", { ...other, ...located("us-west-1") });
    // These tests call the server by its number, before which no bucket's name can stand.
    it.match("create_bucket_location_constraint", { ...made, Location: `http://${other.Bucket}.s3.example/` });
    await it.ask("head_bucket_2", "HeadBucket", other);
    await headersOfHead(it, "head_bucket_2_filtered_header", other.Bucket);
    await it.refused("head_bucket_not_exist", "HeadBucket", { Bucket: it.name() });
  },
  async test_create_bucket_with_eu_location_constraint(it) {
    const Bucket = it.name();
    await it.client.with({ region: "eu-west-1" }).call("CreateBucket", { Bucket, ...located("EU") });
    await it.ask("get-bucket-location", "GetBucketLocation", { Bucket });
    await it.ask("list-bucket-response", "ListBuckets", { Prefix: Bucket });
  },
  async test_create_bucket_with_eu_location_constraint_raises(it) {
    const input = { Bucket: it.name(), ...located("EU") };
    await it.refusedBy(it.client.with({ region: "us-east-2" }), "eu-location-constraint-error", "CreateBucket", input);
  },
  async test_create_bucket_with_existing_name(it) {
    const Bucket = it.name();
    const first = it.client.with({ region: "us-west-1" });
    await first.call("CreateBucket", { Bucket, ...located("us-west-1") });
    const again = (region: string): Input => ({ Bucket, ...located(region) });
    await it.refusedBy(first, "create-bucket-us-west-1", "CreateBucket", again("us-west-1"));
    const second = it.client.with({ region: "us-east-2" });
    await it.refusedBy(second, "create-bucket-us-east-2", "CreateBucket", again("us-east-2"));
  },
  async test_create_bucket_with_invalid_location_constraint(it) {
    await it.refused("us-east-1-location-constraint-foo-error", "CreateBucket", { Bucket: it.name(), ...located("foo") });
  },
  async test_region_header_exists_outside_us_east_1(it) {
    const Bucket = it.name();
    const client = it.client.with({ region: "eu-central-1" });
    await client.call("CreateBucket", { Bucket, ...located("eu-central-1") });
    await it.askBy(client, "head_bucket", "HeadBucket", { Bucket });
    await it.askBy(client, "list_objects_v2", "ListObjectsV2", { Bucket });
  },
  async test_get_object_content_length_with_virtual_host(it) {
    const Bucket = await it.create();
    await open(it, Bucket);
    await it.put(Bucket, "temp.txt", "123");
    const name = "get-obj-content-len-headers";
    it.match(name, it.recordedOf(name, (await ask(it, Bucket, "/temp.txt", it.parameter === "True")).headers));
  },
  async test_get_object_with_anon_credentials(it) {
    const Bucket = await it.create();
    await open(it, Bucket);
    await it.put(Bucket, "key", "body data");
    const nobody = it.client.with({ signer: { sign: async (request) => request } });
    await it.askBy(nobody, "get_object", "GetObject", { Bucket, Key: "key", ChecksumMode: "ENABLED" });
  },
  async test_s3_batch_delete_public_objects_using_requests(it) {
    const Bucket = await it.create({ ObjectOwnership: "ObjectWriter" });
    await it.call("DeletePublicAccessBlock", { Bucket });
    await it.call("PutBucketAcl", { Bucket, ACL: "public-read-write" });
    const nobody = it.client.with({ signer: { sign: async (request) => request } });
    const Objects = [1, 2].map((at) => ({ Key: `key-created-by-anonymous-${at}` }));
    for (const { Key } of Objects) await nobody.call("PutObject", { Bucket, Key, Body: "content", ACL: "public-read-write" });
    it.match("multi-delete-with-requests", await nobody.document("DeleteObjects", { Bucket, Delete: { Objects } }));
    await it.ask("list-remaining-objects", "ListObjects", { Bucket });
  },
};
