// mayfly deploy examples/java
// curl "http://127.0.0.1:8080/orders/order?item=tea&count=2"
package shop;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.util.Map;

/** A handler whose event and reply are plain objects: they are filled from JSON, and become JSON. */
public class Orders implements RequestHandler<Orders.Event, Orders.Reply> {
  public static class Event {
    private Map<String, String> queryStringParameters = Map.of();

    public void setQueryStringParameters(Map<String, String> parameters) {
      queryStringParameters = parameters;
    }
  }

  public record Reply(String item, int count, String request) {}

  @Override
  public Reply handleRequest(Event event, Context context) {
    String item = event.queryStringParameters.getOrDefault("item", "nothing");
    System.out.println("an order of " + item);
    int count = Integer.parseInt(event.queryStringParameters.getOrDefault("count", "1"));
    return new Reply(item, count, context.getAwsRequestId());
  }
}
