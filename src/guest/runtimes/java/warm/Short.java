package warm;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;

/** The simplest handler, which replies at once. */
public final class Short implements RequestHandler<Object, String> {
  @Override
  public String handleRequest(Object input, Context context) {
    return "warm";
  }
}
