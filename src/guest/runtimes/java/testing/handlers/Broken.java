package shop;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;

/** Cannot be initialised. */
public class Broken implements RequestHandler<Object, Object> {
  private static final int length = lengthOf(null);

  private static int lengthOf(String text) {
    return text.length();
  }

  @Override
  public Object handleRequest(Object input, Context context) {
    return length;
  }
}
