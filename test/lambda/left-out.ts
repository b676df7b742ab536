/** Recorded tests that are not replayed, each with the reason. */

const otherRuntime = "its runtime does not exist here";
const otherService = "it needs another service of AWS, which does not exist here yet";
const olderAnswers = "it was recorded before AWS's answers had all that they have in the other recordings";

export const leftOut: Readonly<Record<string, string>> = {
  "TestLambdaEventSourceMappings::test_create_event_filter_criteria_validation": otherService,
  "TestLambdaEventSourceMappings::test_create_event_source_self_managed": otherService,
  "TestLambdaEventSourceMappings::test_event_source_mapping_lifecycle": otherService,
  "TestLambdaFunction::test_lambda_code_location_s3": otherService,
  "TestLambdaTag::test_create_tag_on_esm_create": otherService,
  "TestLambdaFunction::test_lambda_code_location_s3_errors": otherService,
  "TestLambdaSizeLimits::test_large_lambda": otherService,
  "TestLambdaPermissions::test_lambda_permission_revisions": olderAnswers,
  "TestLambdaVersions::test_publish_with_wrong_revisionid": olderAnswers,
  "TestLambdaSnapStart::test_snapstart_lifecycle[dotnet8]": otherRuntime,
  "TestLambdaSnapStart::test_snapstart_update_function_configuration[dotnet10]": otherRuntime,
  "TestLambdaSnapStart::test_snapstart_update_function_configuration[dotnet8]": otherRuntime,
};
