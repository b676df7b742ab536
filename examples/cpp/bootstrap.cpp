/*
 * A function in C++, with the standard library alone: it asks AWS Lambda's Runtime API for its invocations. A program that is built on
 * aws-lambda-cpp is deployed the same way.
 *
 *   g++ -std=c++17 -O2 -o examples/cpp/bootstrap examples/cpp/bootstrap.cpp
 *   mayfly deploy examples/cpp
 *   curl localhost:8080/roman/numeral/1984
 */
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>
#include <utility>

/** One request to the Runtime API; returns its answer, head and body. */
static std::string call(const std::string &method, const std::string &path, const std::string &body = "") {
  const std::string host = std::getenv("AWS_LAMBDA_RUNTIME_API");
  const auto colon = host.find(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(std::stoi(host.substr(colon + 1)));
  inet_pton(AF_INET, host.substr(0, colon).c_str(), &to.sin_addr);
  const int channel = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(channel, reinterpret_cast<sockaddr *>(&to), sizeof to) != 0) throw std::runtime_error("the Runtime API is not there");
  const std::string request = method + " /2018-06-01/runtime/invocation/" + path + " HTTP/1.1\r\nHost: " + host +
                              "\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  for (size_t sent = 0; sent < request.size();) {
    const ssize_t more = write(channel, request.data() + sent, request.size() - sent);
    if (more <= 0) throw std::runtime_error("the Runtime API does not listen");
    sent += more;
  }
  std::string answer;
  char buffer[4096];
  for (ssize_t got; (got = read(channel, buffer, sizeof buffer)) > 0;) answer.append(buffer, got);
  close(channel);
  return answer;
}

/** What stands between `before` and the character `end`. */
static std::string field(const std::string &text, const std::string &before, char end) {
  const auto from = text.find(before);
  if (from == std::string::npos) throw std::runtime_error("there is no " + before);
  const auto start = from + before.size();
  return text.substr(start, text.find(end, start) - start);
}

static std::string roman(int number) {
  static const std::pair<int, const char *> signs[] = {{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"}, {50, "L"},
                                                       {40, "XL"},  {10, "X"},   {9, "IX"},  {5, "V"},    {4, "IV"},  {1, "I"}};
  std::string numeral;
  for (const auto &[value, sign] : signs)
    for (; number >= value; number -= value) numeral += sign;
  return numeral;
}

int main() {
  for (;;) {
    const std::string next = call("GET", "next");
    const std::string id = field(next, "Lambda-Runtime-Aws-Request-Id: ", '\r');
    try {
      const int number = std::stoi(field(next, "\"rawPath\":\"/", '"'));
      if (number < 1 || number > 3999) throw std::out_of_range("numerals go from 1 to 3999");
      std::cout << "numeral of " << number << std::endl;
      call("POST", id + "/response", R"({"statusCode":200,"body":")" + roman(number) + R"(\n"})");
    } catch (const std::logic_error &error) {
      call("POST", id + "/error", std::string(R"({"errorType":"BadNumber","errorMessage":")") + error.what() + "\"}");
    }
  }
}
