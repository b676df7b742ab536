package shop;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.util.List;

/** Its types are told by the class that inherits from it. */
abstract class Generic<T> implements RequestHandler<List<T>, T> {
  @Override
  public T handleRequest(List<T> input, Context context) {
    return input.get(input.size() - 1);
  }
}

class Last extends Generic<Orders.Line> {}
