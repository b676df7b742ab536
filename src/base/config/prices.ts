/**
 * What usage costs, and what the same invocations would cost on a platform that bills wall time. The defaults are prices published for
 * us-east-1. AWS Fargate's for Linux/x86 serve as our own prices, because Fargate, like Mayfly, bills CPU and memory separately and
 * requests not at all ($0.04048 per vCPU and hour, $0.004445 per GB and hour: https://aws.amazon.com/fargate/pricing/). AWS Lambda's for
 * x86 serve for comparison ($0.0000166667 per GB and second of each invocation, $0.20 per million requests:
 * https://aws.amazon.com/lambda/pricing/), and those of DynamoDB on demand for what services keep ($0.125 per million reads, $0.625 per million writes, $0.25 per GB and
 * month: https://aws.amazon.com/dynamodb/pricing/on-demand/). S3's serve for objects ($0.0004 per thousand reads, $0.005 per thousand writes, $0.023 per GB and month:
 * https://aws.amazon.com/s3/pricing/; what leaves the host costs nothing unless the settings say so, as its network is the operator's own), and SQS's for queues ($0.40 per
 * million requests: https://aws.amazon.com/sqs/pricing/). The settings `prices` replace them.
 */
export interface Prices {
  /** Only displayed. */
  currency: string;
  /** Per second of CPU time. */
  vcpuSecond: number;
  /** Per GB (2^30 bytes) of memory held for a second. */
  gbSecond: number;
  /** Per invocation. */
  request: number;
  /** Per read of a service that keeps something, such as a key-value store. */
  read: number;
  /** Per write. */
  write: number;
  /** Per GB (2^30 bytes) that it keeps for a month of 730 hours. */
  storedGbMonth: number;
  /** Per read, and write, of a bucket. */
  objectRead: number;
  objectWrite: number;
  /** Per GB (2^30 bytes) that buckets keep for a month of 730 hours. */
  objectGbMonth: number;
  /** Per GB (2^30 bytes) of objects that leaves the host. */
  objectOutGb: number;
  /** Per message that is sent, received or deleted. */
  queueRequest: number;
  /** For comparison: per GB of the app's memory size and second of an invocation's wall time. */
  wallGbSecond: number;
  /** For comparison: per invocation. */
  wallRequest: number;
}

export const defaultPrices: Prices = {
  currency: "USD",
  vcpuSecond: 0.04048 / 3_600,
  gbSecond: 0.004445 / 3_600,
  request: 0,
  read: 0.000000125,
  write: 0.000000625,
  storedGbMonth: 0.25,
  objectRead: 0.0000004,
  objectWrite: 0.000005,
  objectGbMonth: 0.023,
  objectOutGb: 0,
  queueRequest: 0.0000004,
  wallGbSecond: 0.0000166667,
  wallRequest: 0.0000002,
};
