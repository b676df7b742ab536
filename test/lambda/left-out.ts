/** Recorded tests that are not replayed, each with the reason. */

const otherRuntime = "its runtime does not exist here";
const otherService = "it needs another service of AWS, which does not exist here yet";
const otherHost = "it looks at files, users or limits of AWS's own machines";
const otherVersion = "there is one version of each language here";
const needsLogs = "it reads CloudWatch Logs, which do not exist here";
const noDestination = "results of functions go to functions and queues here, and not to event buses";
const nothingRecorded = "its recording is empty";
const olderAnswers = "it was recorded before AWS's answers had all that they have in the other recordings";

export const leftOut: Readonly<Record<string, string>> = {
  "TestLambdaEventSourceMappings::test_create_event_filter_criteria_validation": otherService,
  "TestLambdaEventSourceMappings::test_create_event_source_self_managed": otherService,
  "TestLambdaEventSourceMappings::test_event_source_mapping_lifecycle": otherService,
  "TestSQSEventSourceMapping::test_sqs_event_filter[plain-string-filter]": nothingRecorded,
  "TestSQSEventSourceMapping::test_sqs_event_filter[plain-string-matching]": nothingRecorded,
  "TestSQSEventSourceMapping::test_sqs_event_source_mapping_batching_behaviour[100]": nothingRecorded,
  "TestLambdaDestinationEventbridge::test_invoke_lambda_eventbridge": noDestination,
  "TestLambdaFunction::test_lambda_code_location_s3": otherService,
  "TestLambdaTag::test_create_tag_on_esm_create": otherService,
  "TestLambdaFunction::test_lambda_code_location_s3_errors": otherService,
  "TestLambdaSizeLimits::test_large_lambda": otherService,
  "TestLambdaBaseFeatures::test_assume_role[1]": otherService,
  "TestLambdaBaseFeatures::test_assume_role[2]": otherService,
  "TestLambdaBehavior::test_runtime_introspection_x86": otherHost,
  "TestLambdaBehavior::test_runtime_ulimits": otherHost,
  "TestLambdaConcurrency::test_lambda_provisioned_concurrency_moves_with_alias": olderAnswers,
  "TestCloudwatchLogs::test_multi_line_prints": needsLogs,
  "TestLambdaCallingLocalstack::test_manual_endpoint_injection[dotnet10]": otherRuntime,
  "TestLambdaCallingLocalstack::test_manual_endpoint_injection[dotnet8]": otherRuntime,
  "TestLambdaCallingLocalstack::test_manual_endpoint_injection[ruby3.2]": otherRuntime,
  "TestLambdaRuntimesCommon::test_echo_invoke[dotnet10]": otherRuntime,
  "TestLambdaRuntimesCommon::test_echo_invoke[dotnet8]": otherRuntime,
  "TestLambdaRuntimesCommon::test_echo_invoke[ruby3.2]": otherRuntime,
  "TestLambdaRuntimesCommon::test_echo_invoke[ruby3.3]": otherRuntime,
  "TestLambdaRuntimesCommon::test_echo_invoke[ruby3.4]": otherRuntime,
  "TestLambdaRuntimesCommon::test_introspection_invoke[dotnet6]": otherRuntime,
  "TestLambdaRuntimesCommon::test_introspection_invoke[dotnet8]": otherRuntime,
  "TestLambdaRuntimesCommon::test_runtime_wrapper_invoke[dotnet8]": otherRuntime,
  "TestLambdaRuntimesCommon::test_runtime_wrapper_invoke[ruby3.2]": otherRuntime,
  "TestLambdaRuntimesCommon::test_runtime_wrapper_invoke[ruby3.3]": otherRuntime,
  "TestLambdaRuntimesCommon::test_runtime_wrapper_invoke[ruby3.4]": otherRuntime,
  "TestLambdaRuntimesCommon::test_uncaught_exception_invoke[dotnet10]": otherRuntime,
  "TestLambdaRuntimesCommon::test_uncaught_exception_invoke[dotnet6]": otherRuntime,
  "TestLambdaRuntimesCommon::test_uncaught_exception_invoke[dotnet8]": otherRuntime,
  "TestLambdaRuntimesCommon::test_uncaught_exception_invoke[ruby3.2]": otherRuntime,
  "TestLambdaRuntimesCommon::test_uncaught_exception_invoke[ruby3.4]": otherRuntime,
  "TestPythonRuntimes::test_python_runtime_correct_versions[python3.11]": otherVersion,
  "TestPythonRuntimes::test_python_runtime_correct_versions[python3.13]": otherVersion,
  "TestPythonRuntimes::test_python_runtime_correct_versions[python3.14]": otherVersion,
  "TestPythonRuntimes::test_python_runtime_correct_versions[python3.8]": otherVersion,
  "TestLambdaSnapStart::test_snapstart_lifecycle[dotnet8]": otherRuntime,
  "TestLambdaSnapStart::test_snapstart_update_function_configuration[dotnet10]": otherRuntime,
  "TestLambdaSnapStart::test_snapstart_update_function_configuration[dotnet8]": otherRuntime,
};

const notInMachines =
  "functions have no credentials of AWS's and no X-Ray daemon here, and not all languages speak to their agent by HTTP; they have variables of Mayfly's, and the driver process, with which this runs, has folders of its own";

const notInEnvironment = [
  "AWS_ACCESS_KEY_ID",
  "AWS_ENDPOINT_URL_SQS",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "AWS_XRAY_DAEMON_ADDRESS",
  "_AWS_XRAY_DAEMON_ADDRESS",
  "_AWS_XRAY_DAEMON_PORT",
  "AWS_LAMBDA_RUNTIME_API",
  "PATH",
  "HOME",
  "TMPDIR",
  "MAYFLY_APP",
  "MAYFLY_VERSION",
  "MAYFLY_PROGRAM",
  "_LAMBDA_TELEMETRY_LOG_FD",
  "AWS_ACCESS_KEY",
  "AWS_SECRET_KEY",
  "NODE_EXTRA_CA_CERTS",
];
const introspected = [
  "java11",
  "java17",
  "java21",
  "java25",
  "nodejs18.x",
  "nodejs20.x",
  "nodejs24.x",
  "provided.al2023",
  "provided.al2",
  "python3.11",
  "python3.12",
  "python3.13",
  "python3.14",
  "python3.8",
  "python3.9",
];

const sourced = [
  ...[
    "and",
    "exists-filter",
    "filter0-item_matching0-item_not_matching0",
    "filter2-item_matching2-item_not_matching2",
    "filter4-item_matching4-this is a test string",
    "filter5-item_matching5-item_not_matching5",
    "filter6-item_matching6-item_not_matching6",
    "numeric-prefix",
    "numeric-smaller",
    "prefix",
    "single",
    "valid-json-filter",
  ].map((parameter) => `filter[${parameter}]`),
  "source_mapping_batch_size[15]",
  "source_mapping_batch_size[10000]",
  "source_mapping_batching_reserved_concurrency",
  "source_mapping_update",
];

/** Keys of recorded answers that are not compared, each test's with the reason. */
export const uncompared: Readonly<Record<string, { keys: readonly string[]; why: string }>> = {
  ...Object.fromEntries(
    sourced.map((test) => [
      `TestSQSEventSourceMapping::test_sqs_event_${test}`,
      { keys: ["md5OfMessageAttributes"], why: "some of AWS's records of messages without attributes have null there, and others nothing" },
    ]),
  ),
  ...Object.fromEntries(
    ["default_retries", "retries"].map((test) => [
      `TestLambdaDestinationSqs::test_${test === "retries" ? test : `lambda_destination_${test}`}`,
      { keys: ["stackTrace"], why: "its function's code is another one" },
    ]),
  ),
  ...Object.fromEntries(
    introspected.map((runtime) => [
      `TestLambdaRuntimesCommon::test_introspection_invoke[${runtime}]`,
      { keys: runtime === "java11" ? [...notInEnvironment, "_X_AMZN_TRACE_ID"] : notInEnvironment, why: notInMachines },
    ]),
  ),
  "TestLambdaBehavior::test_lambda_init_environment": {
    keys: notInEnvironment,
    why: notInMachines,
  },
  "TestLambdaFeatures::test_lambda_environment": { keys: ["SnapStart", "RuntimeVersionConfig", "LoggingConfig"], why: olderAnswers },
  "TestLambdaVersions::test_publish_with_wrong_revisionid": {
    keys: ["LoggingConfig", "RuntimeVersionConfig", "SnapStart", "State", "StateReason", "StateReasonCode", "LastUpdateStatus"],
    why: olderAnswers,
  },
  "TestLambdaPermissions::test_lambda_permission_revisions": {
    keys: ["LoggingConfig", "RuntimeVersionConfig", "SnapStart"],
    why: olderAnswers,
  },
  "TestLambdaErrors::test_lambda_runtime_error": {
    keys: ["stackTrace"],
    why: "its first lines are those of Python's own files, which are elsewhere here",
  },
  "TestLambdaURL::test_lambda_url_echo_http_fixture_default": {
    keys: ["x-amzn-tls-cipher-suite", "x-amzn-tls-version"],
    why: "the server of these tests has no certificate",
  },
  "TestRequestIdHandling::test_request_id_async_invoke_with_retry": { keys: ["end_messages"], why: needsLogs },
  "TestLambdaFeatures::test_invocation_type_event_error": { keys: ["log_events", "LoggingConfig"], why: needsLogs },
  "TestLambdaBehavior::test_lambda_invoke_timed_out_environment_reuse": {
    keys: ["errorType", "errorMessage", "invoke-result-file-read-after-timeout"],
    why: "its document of a timeout is older than that of the other recordings; and a machine whose function ran out of time is not used again here",
  },
  "TestRequestIdHandling::test_request_id_invoke_url": { keys: ["end_log_entries"], why: needsLogs },
};
