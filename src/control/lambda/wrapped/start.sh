#!/bin/sh
# Starts a Node.js runtime by the function's own wrapper, as AWS Lambda does. Is put among the function's files.
here=$LAMBDA_TASK_ROOT/.mayfly-runtime
wrapper=$AWS_LAMBDA_EXEC_WRAPPER
# With the driver process, the folders of AWS's machines have other names.
if [ ! -e "$wrapper" ]; then
  case $wrapper in
    /var/task/*) wrapper=$LAMBDA_TASK_ROOT/${wrapper#/var/task/} ;;
    /opt/*) wrapper=$LAMBDA_TASK_ROOT/.mayfly-layers/${wrapper#/opt/} ;;
  esac
fi
if [ ! -x "$wrapper" ]; then
  echo "AWS_LAMBDA_EXEC_WRAPPER is $AWS_LAMBDA_EXEC_WRAPPER, which is no file that may be executed" >&2
  exit 127
fi
set -- "$MAYFLY_NODE" "$here/runtime.ts"
# Machines have no bash. Their sh runs most of what is written for it.
IFS= read -r first <"$wrapper"
case $first in
  '#!'*bash*) command -v bash >/dev/null 2>&1 || exec /bin/sh "$wrapper" "$@" ;;
esac
exec "$wrapper" "$@"
