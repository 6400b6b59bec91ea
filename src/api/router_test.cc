#include "api/router.h"

#include <future>
#include <set>

#include <gtest/gtest.h>

#include "api/test_entropy.h"
#include "base/json_parser.h"
#include "store/memory_store.h"

namespace ante {
namespace {

struct Asked {
  std::string body{};
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string peer = "192.0.2.7";
  bool local = false;
};

class RouterTest : public testing::Test {
 protected:
  void SetUp() override {
    EngineOptions options;
    options.secret = {1, 2, 3};
    options.entropy = seeded(5);
    auto opened = Engine::open(store_, clock_, metrics_, options, [](Error) { FAIL(); });
    ASSERT_TRUE(opened) << opened.error().message;
    engine_ = std::move(*opened);
    secret_ = engine_->add_key(KeyKind::kSecret, {}, {"test", ""})->text;
    public_ = engine_->add_key(KeyKind::kPublishable, {"https://shop.example"}, {"test", ""})->text;
    ASSERT_TRUE(engine_->put_slot(
        "home", R"({"limit":2,"brief":{"waived":{"by":"t","reason":"t"}}})", {"test", ""}, 0));
    RouterOptions router_options;
    router_options.simulated = &clock_;
    router_options.network_rate = {1, 50};
    router_ = std::make_unique<Router>(*engine_, router_options);
    router_->set_ready(true);
  }

  HttpResponse ask(std::string_view method, std::string_view target, const std::string& key,
                   Asked asked = {}) {
    HttpRequest request;
    request.method = method;
    request.target = target;
    request.path = target.substr(0, target.find('?'));
    if (target.find('?') != target.npos) request.query = target.substr(target.find('?') + 1);
    request.body = asked.body;
    request.peer = asked.peer;
    request.local = asked.local;
    const std::string bearer = "Bearer " + key;
    if (!key.empty()) request.headers.emplace_back("Authorization", bearer);
    request.headers.emplace_back("Host", "ante.example");
    for (const auto& [name, value] : asked.headers) request.headers.emplace_back(name, value);
    std::promise<HttpResponse> promise;
    auto answered = promise.get_future();
    router_->handle(request, [&](HttpResponse r) { promise.set_value(std::move(r)); });
    return answered.get();
  }

  static std::string header_of(const HttpResponse& response, std::string_view name) {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return {};
  }

  MemoryStore store_;
  SimulatedClock clock_{1'700'000'000'000};
  Metrics metrics_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Router> router_;
  std::string secret_, public_;
};

TEST_F(RouterTest, CallersOfTheLocalSocketAreToldWhereItListens) {
  RouterOptions options;
  options.listen = "127.0.0.1:8123";
  router_ = std::make_unique<Router>(*engine_, options);
  router_->set_ready(true);
  const auto type = [&](bool local) {
    return ask("GET", "/v1/slots/none", secret_, {.local = local}).body.substr(0, 60);
  };
  EXPECT_TRUE(type(true).starts_with(R"({"type":"http://127.0.0.1:8123/problems/)")) << type(true);
  EXPECT_TRUE(type(false).starts_with(R"({"type":"http://ante.example/problems/)")) << type(false);
}

TEST_F(RouterTest, NoRouteStandsTwice) {
  std::set<std::pair<std::string_view, std::string_view>> seen;
  for (const Route& route : all_routes()) {
    EXPECT_TRUE(seen.emplace(route.method, route.pattern).second) << route.pattern;
    EXPECT_FALSE(route.summary.empty());
  }
}

TEST_F(RouterTest, EveryRouteIsClosedToLesserRoles) {
  int networks = 0;  // one a route: a wrong key costs its network
  for (const Route& route : all_routes()) {
    std::string target(route.pattern);
    while (target.find('{') != target.npos) {
      target.replace(target.find('{'), target.find('}') - target.find('{') + 1, "x");
    }
    Asked asked{.peer = "198.51." + std::to_string(networks++) + ".1"};
    if (route.role >= Role::kPublishable) {
      EXPECT_EQ(ask(route.method, target, "", asked).status, 401) << target;
    }
    if (route.role >= Role::kSecret) {
      EXPECT_EQ(ask(route.method, target, public_, asked).status, 403) << target;
    }
    if (route.role == Role::kLocal) {
      EXPECT_EQ(ask(route.method, target, secret_, asked).status, 403) << target;
    }
  }
}

TEST_F(RouterTest, TakesTheKeyFromEveryCarrier) {
  const std::string body = R"({"slot":"home","anonymousId":"a"})";
  const auto with = [&](const char* name, const std::string& value) {
    return ask("POST", "/v1/decide", "", {.body = body, .headers = {{name, value}}}).status;
  };
  EXPECT_EQ(with("Authorization", "Bearer " + public_), 200);
  EXPECT_EQ(with("X-API-Key", public_), 200);
  EXPECT_EQ(with("X-Write-Key", public_ + ":***"), 200);
  EXPECT_EQ(ask("GET", "/v1/decide?slot=home&writeKey=" + public_, "").status, 200);
  EXPECT_EQ(ask("POST", "/v1/t", "",
                {.body = R"({"event":"e","anonymousId":"a","writeKey":")" + public_ + "\"}"})
                .status,
            200);
  EXPECT_EQ(with("Authorization", "Bearer nonsense"), 401);
  EXPECT_EQ(with("Authorization", public_), 401);
}

// Whoever guesses tokens changes nothing, and it shows; a token that is sent again counts once.
TEST_F(RouterTest, TenThousandForgeriesEarnNothing) {
  ASSERT_EQ(ask("PUT", "/v1/items/a", secret_, {.body = R"({"title":"A"})"}).status, 201);
  const HttpResponse decided =
      ask("POST", "/v1/decide", public_, {.body = R"({"slot":"home","anonymousId":"ann"})"});
  JsonParser parser(100'000);
  const auto answer = parser.parse(decided.body);
  ASSERT_TRUE(answer) << decided.body;
  const std::string id((*answer)["decisionId"].get_string().value());
  const std::string token((*answer)["items"].at(0)["token"].get_string().value());
  const auto reward = [&](const std::string& of, int n) {
    return ask("POST", "/v1/decisions/" + id + "/reward", secret_,
               {.body = R"({"messageId":"m)" + std::to_string(n) + R"(","token":")" + of + "\"}"})
        .status;
  };
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  int refused = 0;
  for (int n = 0; n < 10'000; ++n) {
    std::string forged = token;
    const std::size_t at = static_cast<std::size_t>(n) % token.size();
    const char letter = kLetters[static_cast<std::size_t>(n) / token.size() % kLetters.size()];
    if (n % 7 == 0)
      forged.resize(at);
    else if (forged[at] != letter)
      forged[at] = letter;
    else
      forged[at] = '-';
    const int status = reward(forged, n);
    ASSERT_TRUE(status == 403 || status == 400) << status << " " << forged;  // 400: it is empty
    refused += status == 403 ? 1 : 0;
  }
  ASSERT_TRUE(engine_->journal().flush());
  EXPECT_EQ(engine_->joiner().status().rewards, 0u);
  std::string metrics = metrics_.text();
  EXPECT_NE(metrics.find("ante_tokens_refused_total " + std::to_string(refused)),
            std::string::npos);
  for (int n = 0; n < 3; ++n) EXPECT_EQ(reward(token, 20'000 + n), 204);
  ASSERT_TRUE(engine_->journal().flush());
  EXPECT_EQ(engine_->joiner().status().rewards, 1u);
}

TEST_F(RouterTest, ComparesOriginsExactly) {
  const std::string body = R"({"slot":"home","anonymousId":"a"})";
  const auto from = [&](const char* origin) {
    return ask("POST", "/v1/decide", public_, {.body = body, .headers = {{"Origin", origin}}});
  };
  EXPECT_EQ(header_of(from("https://shop.example"), "Access-Control-Allow-Origin"),
            "https://shop.example");
  EXPECT_EQ(from("https://shop.example.evil").status, 403);
  EXPECT_EQ(from("http://shop.example").status, 403);
  EXPECT_EQ(from("https://ante.example").status, 200);  // our own pages
  const HttpResponse preflight = ask(
      "OPTIONS", "/v1/track", "",
      {.headers = {{"Origin", "https://shop.example"}, {"Access-Control-Request-Method", "POST"}}});
  EXPECT_EQ(preflight.status, 204);
  EXPECT_NE(header_of(preflight, "Access-Control-Allow-Headers").find("authorization"),
            std::string::npos);
}

TEST_F(RouterTest, LimitsANetworkAndSaysHowLong) {
  HttpResponse last;
  int refused = 0;
  for (int i = 0; i < 80; ++i) {
    last = ask(
        "POST", "/v1/decide", public_,
        {.body = R"({"slot":"home","anonymousId":"a"})", .peer = "203.0.113." + std::to_string(i)});
    if (last.status == 429) ++refused;
  }
  EXPECT_GT(refused, 20);
  EXPECT_NE(header_of(last, "Retry-After"), "");
  EXPECT_EQ(ask("GET", "/v1/slots", secret_, {.peer = "203.0.113.1"}).status, 200);
}

TEST_F(RouterTest, TheRequestIdIsTheCallersOrOurs) {
  EXPECT_EQ(
      header_of(ask("GET", "/livez", "", {.headers = {{"X-Request-Id", "abc-1"}}}), "X-Request-Id"),
      "abc-1");
  EXPECT_TRUE(
      header_of(ask("GET", "/livez", "", {.headers = {{"X-Request-Id", "a\"b"}}}), "X-Request-Id")
          .starts_with("req_"));
}

TEST_F(RouterTest, OnlyASecretKeyMovesTheClock) {
  const TimeMs before = clock_.now_ms();
  const auto at = [](const char* time) { return Asked{.headers = {{"Ante-Now", time}}}; };
  EXPECT_EQ(ask("GET", "/v1/decide?slot=home", public_, at("2030-01-01T00:00:00Z")).status, 403);
  EXPECT_EQ(clock_.now_ms(), before);
  EXPECT_EQ(ask("GET", "/v1/slots", secret_, at("soon")).status, 400);
  EXPECT_EQ(ask("GET", "/v1/slots", secret_, at("-5")).status, 400);
  EXPECT_EQ(ask("GET", "/v1/slots", secret_, at("2030-01-01T00:00:00Z")).status, 200);
  EXPECT_EQ(clock_.now_ms(), 1'893'456'000'000);
  EXPECT_EQ(ask("GET", "/v1/slots", secret_, at("2020-01-01T00:00:00Z")).status, 200);
  EXPECT_EQ(clock_.now_ms(), 1'893'456'000'000);
}

TEST_F(RouterTest, LargeBodiesAreOnlyForSecretKeys) {
  HttpRequest head;
  head.method = "POST";
  head.target = head.path = "/v1/items:import";
  EXPECT_EQ(router_->body_bytes_max(head), kBodyBytesMax);
  const std::string pub = "Bearer " + public_, sec = "Bearer " + secret_;
  head.headers = {{"Authorization", pub}};
  EXPECT_EQ(router_->body_bytes_max(head), kBodyBytesMax);
  head.headers = {{"Authorization", sec}};
  EXPECT_EQ(router_->body_bytes_max(head), kImportBodyBytesMax);
  head.path = "/v1/batch";
  EXPECT_EQ(router_->body_bytes_max(head), kBatchBytesMax);
}

TEST_F(RouterTest, ASlotChangesOnlyFromTheVersionThatWasRead) {
  const std::string body = R"({"limit":4})";
  EXPECT_EQ(
      ask("PUT", "/v1/slots/home", secret_, {.body = body, .headers = {{"If-Match", "\"9\""}}})
          .status,
      412);
  const HttpResponse put =
      ask("PUT", "/v1/slots/home", secret_, {.body = body, .headers = {{"If-Match", "\"1\""}}});
  EXPECT_EQ(put.status, 200);
  EXPECT_EQ(header_of(put, "ETag"), "\"2\"");
  EXPECT_EQ(ask("DELETE", "/v1/slots/home", secret_).status, 204);
  EXPECT_EQ(ask("GET", "/v1/slots/home", secret_).status, 404);
  EXPECT_EQ(ask("PUT", "/v1/slots/home", secret_, {.body = body}).status, 201);
  EXPECT_EQ(header_of(ask("GET", "/v1/slots/home", secret_), "ETag"), "\"4\"");
}

TEST_F(RouterTest, ATokenOfAnotherDecisionIsRefused) {
  ASSERT_EQ(ask("PUT", "/v1/items/a", secret_, {.body = R"({"title":"A"})"}).status, 201);
  const auto decide = [&] {
    return ask("POST", "/v1/decide", public_, {.body = R"({"slot":"home","anonymousId":"me"})"})
        .body;
  };
  JsonParser parser(1u << 20);
  const auto read = [&parser](const std::string& body) {
    std::string_view id, token;
    const auto answer = parser.parse(body);
    EXPECT_TRUE(answer);
    EXPECT_FALSE((*answer)["decisionId"].get(id));
    EXPECT_FALSE((*answer)["items"].at(0)["token"].get(token)) << body;
    return std::pair(std::string(id), std::string(token));
  };
  const auto [first, first_token] = read(decide());
  const auto [second, second_token] = read(decide());
  const auto reward = [&](const std::string& id, const std::string& token) {
    return ask("POST", "/v1/decisions/" + id + "/reward", public_,
               {.body = R"({"token":")" + token + "\"}"});
  };
  EXPECT_EQ(reward(first, second_token).status, 403);
  EXPECT_EQ(reward(first, first_token).status, 204);
  const HttpResponse again = reward(first, first_token);
  EXPECT_EQ(again.status, 204);
  EXPECT_EQ(header_of(again, "Ante-Duplicate"), "true");
  EXPECT_EQ(header_of(reward(second, second_token), "Ante-Duplicate"), "");
}

}  // namespace
}  // namespace ante
