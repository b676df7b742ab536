/**
 * What use costs. The defaults are AWS Fargate's published prices for Linux/x86 in us-east-1, which bill memory and CPU apart
 * as we do (https://aws.amazon.com/fargate/pricing/): $0.04048 per vCPU and hour, $0.004445 per GB and hour. For comparison, Lambda bills
 * $0.0000166667 per GB and second of every invocation's wall time (https://aws.amazon.com/lambda/pricing/).
 */
export interface Prices {
  currency: string;
  /** Per second of CPU time. */
  vcpuSecond: number;
  /** Per GB (2^30 bytes) of memory held for a second. */
  gbSecond: number;
}

export const defaultPrices: Prices = { currency: "USD", vcpuSecond: 0.04048 / 3_600, gbSecond: 0.004445 / 3_600 };
