/** AWS's SDK as code for AWS uses it: without an endpoint, a region or credentials of its own. */
import {
  DeleteMessageCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";

const sqs = new SQSClient({});

export async function handler(event: { queryStringParameters?: Record<string, string> }): Promise<object> {
  const { QueueName = "jobs", body = "from the SDK" } = event.queryStringParameters ?? {};
  try {
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName }));
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: body }));
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 5 }));
    for (const { ReceiptHandle } of Messages) await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    const { QueueUrls } = await sqs.send(new ListQueuesCommand({}));
    return { statusCode: 200, body: JSON.stringify({ got: Messages.map(({ Body }) => Body), QueueUrls }) };
  } catch (error) {
    return { statusCode: 200, body: JSON.stringify({ failed: (error as Error).name }) };
  }
}
