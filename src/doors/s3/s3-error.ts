/** The errors of S3's protocol, with AWS's names and words. */
import { MayflyError } from "../../base/errors/error.ts";
import { isVersionId } from "../../services/objects/version-id.ts";

/** By name: the HTTP status, and the words if they are always the same. */
const known = {
  AccessControlListNotSupported: [400, "The bucket does not allow ACLs"],
  AccessDenied: [403, "Access Denied"],
  AccessForbidden: [
    403,
    "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.",
  ],
  AuthorizationHeaderMalformed: [400, "The authorization header is malformed."],
  AuthorizationQueryParametersError: [400, "The authorization query parameters are malformed."],
  BadDigest: [400, "The Content-MD5 you specified did not match what we received."],
  BadRequest: [400, "An error occurred when parsing the HTTP request."],
  BucketAlreadyExists: [
    409,
    "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.",
  ],
  BucketAlreadyOwnedByYou: [409, "Your previous request to create the named bucket succeeded and you already own it."],
  BucketNotEmpty: [409, "The bucket you tried to delete is not empty. You must delete all versions in the bucket."],
  ConditionalRequestConflict: [409, "The conditional request cannot succeed due to a conflicting operation against this resource."],
  EntityTooLarge: [400, "Your proposed upload exceeds the maximum allowed size"],
  EntityTooSmall: [400, "Your proposed upload is smaller than the minimum allowed size"],
  IllegalLocationConstraintException: [
    400,
    "The location constraint is incompatible for the region specific endpoint this request was sent to.",
  ],
  IllegalVersioningConfigurationException: [400, "The Versioning element must be specified"],
  IncompleteBody: [400, "The request body terminated unexpectedly"],
  InternalError: [500, "We encountered an internal error. Please try again."],
  InvalidAccessKeyId: [403, "The AWS Access Key Id you provided does not exist in our records."],
  InvalidArgument: [400, "Invalid Argument"],
  InvalidBucketOwnerAWSAccountID: [400, "The value of the expected bucket owner parameter must be an AWS Account ID"],
  InvalidBucketAclWithObjectOwnership: [400, "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"],
  InvalidBucketName: [400, "The specified bucket is not valid."],
  InvalidBucketState: [409, "The request is not valid for the current state of the bucket."],
  InvalidEncryptionAlgorithmError: [400, "The Encryption request you specified is not valid. Supported value: AES256."],
  InvalidDigest: [400, "The Content-MD5 you specified was invalid."],
  InvalidLocationConstraint: [400, "The specified location-constraint is not valid"],
  InvalidPart: [
    400,
    "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
  ],
  InvalidPartNumber: [416, "The requested partnumber is not satisfiable"],
  InvalidPartOrder: [400, "The list of parts was not in ascending order. Parts must be ordered by part number."],
  InvalidPolicyDocument: [400, "Invalid Policy: Invalid JSON."],
  InvalidRange: [416, "The requested range is not satisfiable"],
  InvalidRequest: [400, "Invalid Request"],
  InvalidStorageClass: [400, "The storage class you specified is not valid"],
  InvalidTag: [400, "The TagKey you have provided is invalid"],
  KeyTooLongError: [400, "Your key is too long"],
  MalformedACLError: [400, "The XML you provided was not well-formed or did not validate against our published schema"],
  MalformedPOSTRequest: [400, "The body of your POST request is not well-formed multipart/form-data."],
  MalformedPolicy: [400, "Policies must be valid JSON and the first byte must be '{'"],
  MalformedTrailerError: [400, "The request contained trailing data that was not well-formed or did not conform to our published schema."],
  MalformedXML: [400, "The XML you provided was not well-formed or did not validate against our published schema"],
  MaxPostPreDataLengthExceededError: [400, "Your POST request fields preceding the upload file were too large."],
  MetadataTooLarge: [400, "Your metadata headers exceed the maximum allowed metadata size"],
  MethodNotAllowed: [405, "The specified method is not allowed against this resource."],
  MissingContentLength: [411, "You must provide the Content-Length HTTP header."],
  MissingSecurityHeader: [400, "Your request was missing a required header"],
  NoSuchBucket: [404, "The specified bucket does not exist"],
  NoSuchBucketPolicy: [404, "The bucket policy does not exist"],
  NoSuchCORSConfiguration: [404, "The CORS configuration does not exist"],
  NoSuchConfiguration: [404, "The specified configuration does not exist."],
  NoSuchKey: [404, "The specified key does not exist."],
  NoSuchLifecycleConfiguration: [404, "The lifecycle configuration does not exist"],
  NoSuchObjectLockConfiguration: [404, "The specified object does not have a ObjectLock configuration"],
  NoSuchPublicAccessBlockConfiguration: [404, "The public access block configuration was not found"],
  NoSuchTagSet: [404, "The TagSet does not exist"],
  NoSuchUpload: [
    404,
    "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
  ],
  NoSuchWebsiteConfiguration: [404, "The specified bucket does not have a website configuration"],
  NoSuchVersion: [404, "The specified version does not exist."],
  NotImplemented: [501, "A header you provided implies functionality that is not implemented"],
  ObjectLockConfigurationNotFoundError: [404, "Object Lock configuration does not exist for this bucket"],
  OwnershipControlsNotFoundError: [404, "The bucket ownership controls were not found"],
  PreconditionFailed: [412, "At least one of the pre-conditions you specified did not hold"],
  QuotaExceeded: [403, "The quota of the account is exceeded."],
  ReplicationConfigurationNotFoundError: [404, "The replication configuration was not found"],
  RequestTimeTooSkewed: [403, "The difference between the request time and the current time is too large."],
  ServerSideEncryptionConfigurationNotFoundError: [404, "The server side encryption configuration was not found"],
  SignatureDoesNotMatch: [
    403,
    "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
  ],
  SlowDown: [503, "Please reduce your request rate."],
  UnresolvableGrantByEmailAddress: [400, "The email address you provided does not match any account on record."],
  UnexpectedContent: [400, "This request does not support content"],
  XAmzContentSHA256Mismatch: [400, "The provided 'x-amz-content-sha256' header does not match what was computed."],
} as const satisfies Record<string, readonly [status: number, message: string]>;

export type S3ErrorName = keyof typeof known;

/** Further elements of the error's document. */
type Details = Readonly<Record<string, string | number>>;

export class S3Error extends Error {
  readonly status: number;
  readonly details: Details;
  /** Sent with it. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    name: S3ErrorName,
    details: Details = {},
    message: string = known[name][1],
    headers: Readonly<Record<string, string>> = {},
    status: number = known[name][0],
  ) {
    super(message);
    this.name = name;
    this.status = status;
    this.details = details;
    this.headers = headers;
  }
}

/** The error for a text that no version ever had as its id. */
export function invalidVersion(text: string): S3Error {
  return new S3Error("InvalidArgument", { ArgumentName: "versionId", ArgumentValue: text.slice(0, 100) }, "Invalid version id specified");
}

/** What a request was about, for the details of its error. */
export interface About {
  bucket: string;
  key: string;
  versionId: string | undefined;
}

/** What is not the caller's fault is told in general words only. */
export function asS3Error(error: unknown, { bucket, key, versionId }: About): S3Error {
  if (error instanceof S3Error) return error;
  if (!(error instanceof MayflyError)) return new S3Error("InternalError");
  const { details } = error;
  switch (error.code) {
    case "no-such-bucket":
      return new S3Error("NoSuchBucket", { BucketName: details["name"] ?? bucket });
    case "bucket-not-empty":
      return new S3Error("BucketNotEmpty", { BucketName: bucket });
    case "no-such-object":
      if (versionId !== undefined)
        return isVersionId(versionId) ? new S3Error("NoSuchVersion", { Key: key, VersionId: versionId }) : invalidVersion(versionId);
      return new S3Error("NoSuchKey", { Key: details["key"] ?? key });
    case "object-key-needed":
      return new S3Error(
        "InvalidRequest",
        {},
        "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.",
      );
    case "object-key-wrong":
      // AWS has status 403; S3's public test suite wants this one.
      return new S3Error(
        "AccessDenied",
        {},
        "Requests specifying Server Side Encryption with Customer provided keys must provide the correct secret key.",
        {},
        400,
      );
    case "object-condition":
      return new S3Error("PreconditionFailed", { Condition: details["condition"] ?? "" });
    case "object-changed":
      return new S3Error("ConditionalRequestConflict", { Condition: details["condition"] ?? "", Key: key });
    case "object-protected":
      return new S3Error("AccessDenied", {}, "Access Denied because object protected by object lock.");
    case "object-storage-full":
      return new S3Error("QuotaExceeded", {}, error.message);
    case "no-such-upload":
      return new S3Error("NoSuchUpload", { UploadId: details["id"] ?? "" });
    case "part-differs":
      return new S3Error("InvalidPart", {
        UploadId: details["upload"] ?? "",
        PartNumber: details["number"] ?? "",
        ETag: details["etag"] ?? "",
      });
    case "part-too-small":
      return new S3Error("EntityTooSmall", {
        ProposedSize: details["size"] ?? "",
        MinSizeAllowed: details["least"] ?? "",
        PartNumber: details["number"] ?? "",
        ETag: details["etag"] ?? "",
      });
    case "checksum-differs":
      if (details["what"] === "size")
        return new S3Error(
          "InvalidRequest",
          {},
          `The provided 'x-amz-mp-object-size' header value ${details["given"]} does not match what was computed: ${details["found"]}`,
        );
      return new S3Error(
        "BadDigest",
        {},
        `The ${String(details["what"]).toLowerCase()} you specified did not match the calculated checksum.`,
      );
    case "body-too-large":
      return new S3Error("EntityTooLarge", { MaxSizeAllowed: details["limit"] ?? "" });
    case "store-busy":
      return new S3Error("SlowDown");
    default:
      return new S3Error("InternalError", {}, error.entry.side === "caller" ? error.message : undefined);
  }
}
