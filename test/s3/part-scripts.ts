/** The calls of the recorded tests of uploads in parts and of their checksums, by their names without parameters. */
import type { Input } from "../sqs/clients.ts";
import type { Replay, Scripts } from "./replay.ts";

const all = ["Checksum", "ETag", "ObjectParts"];
const wrong = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

async function upload(it: Replay, name: string, Key: string, more: Input): Promise<Input> {
  const about = { Bucket: await it.create(), Key };
  const { UploadId } = await it.ask(name, "CreateMultipartUpload", { ...about, ...more });
  return { ...about, UploadId };
}

const completing = (about: Input, Parts: Input[], more: Input = {}) => ({ ...about, ...more, MultipartUpload: { Parts } });

async function reads(it: Replay, { Bucket, Key }: Input): Promise<void> {
  const about = { Bucket, Key, ChecksumMode: "ENABLED" };
  // The recorded body had been read already.
  it.match("get-object-with-checksum", { ...(await it.call("GetObject", about)), Body: "" });
  await it.ask("head-object-with-checksum", "HeadObject", about);
  await it.ask("get-object-attrs", "GetObjectAttributes", { Bucket, Key, ObjectAttributes: all });
}

export const partScripts: Scripts = {
  async test_complete_multipart_parts_order(it) {
    const Bucket = await it.create();
    const parts = async (Key: string, step: number): Promise<[Input, Input[]]> => {
      const { UploadId } = await it.call("CreateMultipartUpload", { Bucket, Key });
      const about = { Bucket, Key, UploadId };
      const found: Input[] = [];
      for (const PartNumber of [1, 1 + step, 1 + 2 * step]) {
        const { ETag } = await it.call("UploadPart", { ...about, PartNumber, Body: "a".repeat(5_242_881) });
        found.push({ ETag, PartNumber });
      }
      return [about, found];
    };
    const [about, found] = await parts("test-order-parts", 1);
    const negative = { ...about, PartNumber: -1, Body: "" };
    await it.refused("upload-part-negative-part-number", "UploadPart", negative);
    await it.refused("complete-multipart-unordered", "CompleteMultipartUpload", completing(about, found.toReversed()));
    await it.ask("complete-multipart-ordered", "CompleteMultipartUpload", completing(about, found));
    const [other, its] = await parts("key-sequence-with-step-2", 2);
    await it.ask("complete-multipart-with-step-2", "CompleteMultipartUpload", completing(other, its));
  },
  async test_multipart_overwrite_key(it) {
    const about: Input = { Bucket: await it.create(), Key: "test.file" };
    await it.ask("put-object", "PutObject", { ...about, Body: "test content 123" });
    about["UploadId"] = (await it.call("CreateMultipartUpload", about))["UploadId"];
    const { ETag } = await it.call("UploadPart", { ...about, PartNumber: 1, Body: "test content 123" });
    await it.ask("multipart-upload", "CompleteMultipartUpload", completing(about, [{ ETag, PartNumber: 1 }]));
  },
  async test_upload_file_multipart(it) {
    const about: Input = { Bucket: await it.create(), Key: "test" };
    const kind = { ChecksumAlgorithm: "CRC32" };
    const { UploadId } = await it.call("CreateMultipartUpload", { ...about, ...kind });
    const part = { ...about, ...kind, UploadId, PartNumber: 1, Body: "1".repeat(6144) };
    const { ETag, ChecksumCRC32 } = await it.call("UploadPart", part);
    await it.call("CompleteMultipartUpload", completing({ ...about, UploadId }, [{ ETag, ChecksumCRC32, PartNumber: 1 }]));
    it.match("get_object", { ...(await it.call("GetObject", { ...about, ChecksumMode: "ENABLED" })), Body: "" });
  },
  async test_complete_multipart_parts_checksum_default(it) {
    const about = await upload(it, "create-mpu-no-checksum", "test-multipart-checksum", {});
    await it.ask("list-multiparts", "ListMultipartUploads", { Bucket: about["Bucket"] });
    const part = { ...about, PartNumber: 1, Body: "aaa", ChecksumAlgorithm: "CRC32C" };
    const { ETag, ChecksumCRC32C } = await it.ask("upload-part-different-checksum-than-default", "UploadPart", part);
    await it.ask("list-parts", "ListParts", about);
    const bare = { ETag, PartNumber: 1 };
    const refused = (name: string, found: Input, more: Input = {}) =>
      it.refused(name, "CompleteMultipartUpload", completing(about, [found], more));
    await refused("complete-multipart-parts-checksum", { ...bare, ChecksumCRC32C });
    await refused("complete-multipart-wrong-parts-checksum", { ...bare, ChecksumSHA256: wrong });
    await refused("complete-multipart-composite-type", bare, { ChecksumType: "COMPOSITE" });
    await refused("complete-multipart-full-object-type", bare, { ChecksumType: "FULL_OBJECT" });
    await it.ask("complete-multipart-checksum", "CompleteMultipartUpload", completing(about, [bare]));
    await reads(it, about);
    const { Bucket, Key } = about;
    const copy = { Bucket, Key: "copy", CopySource: `${String(Bucket)}/${String(Key)}` };
    await it.ask("copy-obj-checksum", "CopyObject", copy);
    await it.ask("get-copy-object-attrs", "GetObjectAttributes", { Bucket, Key: "copy", ObjectAttributes: all });
  },
  async test_complete_multipart_parts_checksum_full_object_default(it) {
    const kind = { ChecksumAlgorithm: "CRC64NVME" };
    const about = await upload(it, "create-mpu-checksum-crc64", "test-multipart-checksum", kind);
    const { ETag } = await it.ask("upload-part", "UploadPart", { ...about, ...kind, PartNumber: 1, Body: "aaa" });
    await it.ask("complete-multipart-checksum", "CompleteMultipartUpload", completing(about, [{ ETag, PartNumber: 1 }]));
    await reads(it, about);
  },
  async test_multipart_parts_checksum_exceptions_composite(it) {
    const key = { Bucket: await it.create(), Key: "test-multipart-checksum-exc" };
    const create = (name: string, more: Input) => it.ask(name, "CreateMultipartUpload", { ...key, ...more });
    const typed = { ...key, ChecksumType: "COMPOSITE" };
    await it.refused("create-mpu-no-checksum-algo-with-type", "CreateMultipartUpload", typed);
    await it.refused("create-mpu-wrong-checksum-algo", "CreateMultipartUpload", { ...key, ChecksumAlgorithm: "TEST" });
    const first = await create("create-mpu-composite-checksum", { ChecksumAlgorithm: "CRC32", ChecksumType: "COMPOSITE" });
    await it.ask("list-multiparts", "ListMultipartUploads", { Bucket: key.Bucket });
    const about: Input = { ...key, UploadId: first["UploadId"] };
    const part = { PartNumber: 1, Body: "abc" };
    const bare = { PartNumber: 1 };
    const { ETag } = await it.ask("upload-part-no-checksum-ok", "UploadPart", { ...about, ...part });
    const other = completing(about, [{ ETag, ...bare }], { ChecksumType: "FULL_OBJECT" });
    await it.refused("complete-part-with-bad-checksum-type", "CompleteMultipartUpload", other);
    // Of another algorithm than the upload's.
    const summed = completing(about, [{ ETag, ...bare, ChecksumSHA256: wrong }]);
    await it.refused("complete-part-with-checksum", "CompleteMultipartUpload", summed);
    const second = await create("create-mpu-with-checksum", { ChecksumAlgorithm: "SHA256" });
    about["UploadId"] = second["UploadId"];
    await it.refused("upload-part-different-checksum-exc", "UploadPart", { ...about, ...part, ChecksumAlgorithm: "CRC32" });
  },
};
