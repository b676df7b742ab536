package com.amazonaws.services.lambda.runtime;

/**
 * A handler whose input and output are values, read from and written as JSON.
 *
 * @param <I> the input: a bean, a record, a Map, a List, a String, …
 * @param <O> the output
 */
public interface RequestHandler<I, O> {
  O handleRequest(I input, Context context);
}
