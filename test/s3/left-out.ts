/** The recorded tests that are not replayed, with the reason of each. */
export const leftOut: Readonly<Record<string, string>> = {
  test_s3_default_bucket_encryption:
    "Mayfly does not encrypt objects, and refuses requests about it instead of showing a setting that does nothing",
  test_s3_default_bucket_encryption_exc: "as the one before",
  test_delete_object_if_match_size_non_express:
    "AWS has this condition of a removal in directory buckets only; Mayfly has one kind of buckets, and has the condition in it",
  test_delete_object_if_match_all_non_express: "as the one before",
  test_public_access_block_exc: "no answers were recorded",
};
