/** The recorded tests that are not replayed, with the reason of each. */
const replication = "Mayfly has no replication, and refuses it";
const before = "recorded before AWS changed what it answers; newer recordings, which are replayed, say otherwise";
const unknown = "what was sent is not in the recording, and cannot be told from it";

export const leftOut: Readonly<Record<string, string>> = {
  test_s3_default_bucket_encryption:
    "on AWS every bucket encrypts since 2023; here one does that is told to, and another one does not say that it did",
  test_s3_copy_object_in_place_with_encryption: "Mayfly has no key management service, and refuses to encrypt by one",
  test_delete_object_if_match_size_non_express:
    "AWS has this condition of a removal in directory buckets only; Mayfly has one kind of buckets, and has the condition in it",
  test_delete_object_if_match_all_non_express: "as the one before",
  test_public_access_block_exc: "no answers were recorded",
  test_s3_batch_delete_objects_using_requests_with_acl: "no answers were recorded",
  test_replication_config: replication,
  test_replication_config_without_filter: replication,
  test_s3_intelligent_tier_config: "Mayfly has no intelligent tiering, and refuses it",
  test_s3_put_inventory_report_exceptions: "Mayfly has no inventories, and refuses them",
  test_s3_request_payer_exceptions: "Mayfly has nobody else pay for requests, and refuses it",
  test_s3_transition_default_minimum_object_size: "Mayfly has no transitions to other storage classes, and refuses them",
  test_s3_copy_object_src_not_exists: before,
  test_list_parts_empty_part_number_marker: before,
  test_multipart_with_unicode_character_location: unknown,
  test_multipart_parts_checksum_exceptions_full_object: unknown,
  test_user_metadata_rfc2047_encoded: unknown,
  test_user_metadata_rfc2047_bad_b64_encoded: unknown,
  test_s3_checksum_with_content_encoding: unknown,
};

/** Of those of notices. */
export const noticesLeftOut: Readonly<Record<string, string>> = {
  test_restore_object: "Mayfly moves nothing to archives, from which it could be restored",
};
